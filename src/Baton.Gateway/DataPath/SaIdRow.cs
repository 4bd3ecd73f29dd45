using Baton.Redundancy.Records;

namespace Baton.Gateway.DataPath;

/// <summary>The ids of all SAs in their order, so that a report goes on where the last page ended without looking at the others.</summary>
/// <remarks>In parts of at most <see cref="PartLength"/>: a change moves no more than one of them. Ids grow, so nearly every addition is at the end. One owner.</remarks>
internal sealed class SaIdRow
{
    internal const int PartLength = 512;

    /// <summary>None is empty.</summary>
    private readonly List<List<ulong>> _parts = [];

    public void Add(SaId id)
    {
        int part = PartOf(id.Value);
        if (part < 0)
        {
            if (_parts.Count == 0)
                _parts.Add([]);
            part = 0;
        }

        int at = _parts[part].BinarySearch(id.Value);
        if (at >= 0)
            return;
        if (_parts[part].Count == PartLength)
        {
            // At the end of all a new one begins; in between the half of a full one goes into it.
            bool isLast = part == _parts.Count - 1 && ~at == PartLength;
            int kept = isLast ? PartLength : PartLength / 2;
            _parts.Insert(part + 1, _parts[part].GetRange(kept, PartLength - kept));
            _parts[part].RemoveRange(kept, PartLength - kept);
            if (~at >= kept)
                (part, at) = (part + 1, ~(~at - kept));
        }

        _parts[part].Insert(~at, id.Value);
    }

    public void Remove(SaId id)
    {
        int part = PartOf(id.Value);
        if (part < 0 || _parts[part].BinarySearch(id.Value) is not (>= 0 and var at))
            return;
        _parts[part].RemoveAt(at);
        if (_parts[part].Count == 0)
            _parts.RemoveAt(part);
    }

    /// <summary>The lowest id above this one.</summary>
    public bool TryAfter(ulong id, out SaId next)
    {
        next = default;
        int part = Math.Max(PartOf(id), 0);
        if (part >= _parts.Count)
            return false;
        int at = _parts[part].BinarySearch(id);
        at = at < 0 ? ~at : at + 1;
        if (at == _parts[part].Count)
            (part, at) = (part + 1, 0);
        if (part == _parts.Count)
            return false;
        next = new SaId(_parts[part][at]);
        return true;
    }

    /// <summary>The last part that does not begin above it; -1: all do.</summary>
    private int PartOf(ulong id)
    {
        (int low, int high) = (0, _parts.Count);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_parts[middle][0] <= id)
                low = middle + 1;
            else
                high = middle;
        }

        return low - 1;
    }
}
