using Baton.Wire;

namespace Baton.Voice.Probes;

/// <summary>One arrival gap worth remembering.</summary>
internal readonly record struct ArrivalGap(Instant Start, TimeSpan Length);

/// <summary>What became of one direction's stream. Sans-IO; the caller serialises.</summary>
internal sealed class ProbeCounters
{
    private static readonly TimeSpan GapWorthKeeping = TimeSpan.FromMilliseconds(3);
    private const int MostGaps = 10_000;

    private readonly NumberSet _seen = new();
    private readonly GapMeter _arrivals = new();
    private readonly GapMeter _departures = new();
    private readonly LatencyHistogram _latency = new();
    private readonly List<ArrivalGap> _gaps = [];
    private long _markedLost;

    /// <summary>Numbers 1 to this one have left.</summary>
    public long Sent { get; private set; }

    /// <summary>Unique packets.</summary>
    public long Received => _seen.Count;

    public long Duplicates { get; private set; }

    public long Reordered { get; private set; }

    /// <summary>Numbers missing below the highest that came: those still under way are not lost.</summary>
    public long Lost => (long)_seen.Highest - _seen.Count;

    public GapMeter Arrivals => _arrivals;

    public GapMeter Departures => _departures;

    public LatencyHistogram Latency => _latency;

    public IReadOnlyList<ArrivalGap> Gaps => _gaps;

    public long LostSinceMark => Lost - _markedLost;

    /// <summary>The number of the packet that leaves now; the first is 1.</summary>
    public ulong Send(Instant now)
    {
        _departures.Arrive(now);
        return (ulong)++Sent;
    }

    /// <summary>False when it came before: delivered twice.</summary>
    public bool Receive(ulong counter, Instant sent, Instant now)
    {
        bool inOrder = counter > _seen.Highest;
        if (!_seen.Add(counter))
        {
            Duplicates++;
            return false;
        }

        if (!inOrder)
            Reordered++;
        _latency.Record(now - sent);
        Instant before = _arrivals.LastArrival ?? now;
        TimeSpan gap = _arrivals.Arrive(now);
        if (gap >= GapWorthKeeping && _gaps.Count < MostGaps)
            _gaps.Add(new ArrivalGap(before, gap));
        return true;
    }

    public void Mark()
    {
        _markedLost = Lost;
        _arrivals.Mark();
        _departures.Mark();
        _latency.Clear();
    }
}
