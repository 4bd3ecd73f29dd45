namespace Baton.Voice;

/// <summary>Every number ever seen, exactly: sorted, disjoint ranges that grow together.</summary>
/// <remarks>
/// Sequence numbers come nearly in order and jump by slices at a takeover, so a handful of ranges holds
/// millions of them: 128 bytes where a bitmap of each slice would take megabytes for each of ten thousand SAs.
/// <code>
///     [1 .. 5012]   [16777217 .. 16781400]   [33554433 .. 33554433]
/// </code>
/// The worst case (every second number missing) costs 16 bytes and a shift a number, and is still exact.
/// Not thread-safe.
/// </remarks>
public sealed class NumberSet
{
    private ulong[] _first = new ulong[4];
    private ulong[] _last = new ulong[4];
    private int _ranges;

    /// <summary>How many different numbers are in the set.</summary>
    public long Count { get; private set; }

    public int Ranges => _ranges;

    /// <summary>The highest number; 0 when empty.</summary>
    public ulong Highest => _ranges == 0 ? 0 : _last[_ranges - 1];

    /// <summary>False when it was there already.</summary>
    public bool Add(ulong number)
    {
        // Nearly always the next number of the last range.
        int at = _ranges - 1;
        if (at >= 0 && number <= _last[at])
            at = RangeAtOrBelow(number);
        if (at >= 0 && number <= _last[at])
            return false;

        Count++;
        bool joinsBelow = at >= 0 && _last[at] + 1 == number;
        bool joinsAbove = at + 1 < _ranges && number + 1 == _first[at + 1];
        if (joinsBelow && joinsAbove)
        {
            _last[at] = _last[at + 1];
            Remove(at + 1);
        }
        else if (joinsBelow)
        {
            _last[at] = number;
        }
        else if (joinsAbove)
        {
            _first[at + 1] = number;
        }
        else
        {
            Insert(at + 1, number);
        }

        return true;
    }

    public bool Contains(ulong number)
    {
        int at = RangeAtOrBelow(number);
        return at >= 0 && number <= _last[at];
    }

    /// <summary>The last range that starts at or below the number, or -1.</summary>
    private int RangeAtOrBelow(ulong number)
    {
        int low = 0;
        int high = _ranges;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_first[middle] <= number)
                low = middle + 1;
            else
                high = middle;
        }

        return low - 1;
    }

    private void Insert(int at, ulong number)
    {
        if (_ranges == _first.Length)
        {
            Array.Resize(ref _first, 2 * _ranges);
            Array.Resize(ref _last, 2 * _ranges);
        }

        Array.Copy(_first, at, _first, at + 1, _ranges - at);
        Array.Copy(_last, at, _last, at + 1, _ranges - at);
        _first[at] = number;
        _last[at] = number;
        _ranges++;
    }

    private void Remove(int at)
    {
        _ranges--;
        Array.Copy(_first, at + 1, _first, at, _ranges - at);
        Array.Copy(_last, at + 1, _last, at, _ranges - at);
    }
}
