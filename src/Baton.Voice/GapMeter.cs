using Baton.Wire;

namespace Baton.Voice;

/// <summary>The longest time between two arrivals since the last mark: what an outage is. Sans-IO.</summary>
public sealed class GapMeter
{
    private Instant? _last;

    /// <summary>The longest gap that has ended since the last mark.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>When that gap began: the arrival before it.</summary>
    public Instant LongestAt { get; private set; }

    public Instant? LastArrival => _last;

    /// <summary>Returns the time since the arrival before; zero for the first.</summary>
    public TimeSpan Arrive(Instant now)
    {
        Instant before = _last ?? now;
        _last = now;
        TimeSpan gap = now - before;
        if (gap > Longest)
        {
            Longest = gap;
            LongestAt = before;
        }

        return gap;
    }

    /// <summary>The gap that has not ended yet.</summary>
    public TimeSpan Open(Instant now) => _last is { } last ? now - last : TimeSpan.Zero;

    /// <summary>Starts anew. A gap that is open counts, in full, when it ends.</summary>
    public void Mark()
    {
        Longest = TimeSpan.Zero;
        LongestAt = default;
    }
}
