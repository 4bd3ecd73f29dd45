using Baton.Wire;

namespace Baton.Voice.Calls;

/// <summary>Arrivals of many calls as one stream: its longest silence, and every longer one with its time. Sans-IO.</summary>
internal sealed class ArrivalStream
{
    /// <summary>Shorter ones are not kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromMilliseconds(5);

    private readonly GapMeter _meter = new();

    /// <summary>When each began, and how long it was.</summary>
    public List<(Instant Start, TimeSpan Length)> Gaps { get; } = [];

    public void Arrive(Instant now)
    {
        TimeSpan gap = _meter.Arrive(now);
        if (gap >= Kept) Gaps.Add((now - gap, gap));
    }

    /// <summary>The longest since it was asked last; one that is still open counts as far as it goes.</summary>
    public TimeSpan Take(Instant now)
    {
        TimeSpan longest = _meter.Longest > _meter.Open(now) ? _meter.Longest : _meter.Open(now);
        _meter.Mark();
        return longest;
    }
}
