namespace Baton.Gateway.DataPath;

/// <summary>SAs that are here and whose peer was once elsewhere than their record says. Who leaves is forgotten at once: it never grows beyond what is here.</summary>
internal sealed class MovedOnce
{
    private readonly List<OutboundEntry> _entries = [];

    public int Count => _entries.Count;

    public OutboundEntry this[int at] => _entries[at];

    public void Add(OutboundEntry entry)
    {
        if (entry.MovedAt >= 0)
            return;
        entry.MovedAt = _entries.Count;
        _entries.Add(entry);
    }

    /// <summary>Nothing where it is not in here. The last takes its place.</summary>
    public void Remove(OutboundEntry entry)
    {
        if (entry.MovedAt < 0)
            return;
        OutboundEntry last = _entries[^1];
        _entries[entry.MovedAt] = last;
        last.MovedAt = entry.MovedAt;
        _entries.RemoveAt(_entries.Count - 1);
        entry.MovedAt = -1;
    }
}
