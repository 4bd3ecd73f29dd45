using HdrHistogram;

namespace Baton.Latency;

/// <summary>One way that probes take, over all rounds: how long they were under way, and how long nothing came.</summary>
public sealed class Way(string name, string text)
{
    private const long Longest = 10_000_000_000;
    private const int Digits = 3;

    /// <summary>Of each round, for the spread.</summary>
    private readonly List<LongHistogram> _rounds = [];

    public string Name => name;

    /// <summary>For readers.</summary>
    public string Text => text;

    /// <summary>Nanoseconds one way.</summary>
    public LongHistogram Latency { get; } = Empty();

    /// <summary>Nanoseconds between one arrival and the next.</summary>
    public LongHistogram Gaps { get; } = Empty();

    public long Sent { get; private set; }

    public long Lost => Sent - Latency.TotalCount;

    public int Rounds => _rounds.Count;

    /// <param name="warm">Probes that left in the first so many nanoseconds do not count.</param>
    public void Add(IReadOnlyList<Arrival> arrivals, long sent, TimeSpan warm)
    {
        if (arrivals.Count == 0) return;
        long from = arrivals.Min(arrival => arrival.Left) + (warm.Ticks * 100);
        Arrival[] counted = [.. arrivals.Where(arrival => arrival.Left >= from)];
        LongHistogram round = Empty();
        for (int i = 0; i < counted.Length; i++)
        {
            round.RecordValue(Bounded(counted[i].Came - counted[i].Left));
            if (i > 0) Gaps.RecordValue(Bounded(counted[i].Came - counted[i - 1].Came));
        }

        _rounds.Add(round);
        Latency.Add(round);
        Sent += sent - (arrivals.Count - counted.Length);
    }

    /// <summary>Microseconds; of all rounds together.</summary>
    public double At(double percentile) => Latency.GetValueAtPercentile(percentile) / 1e3;

    public double GapAt(double percentile) => Gaps.GetValueAtPercentile(percentile) / 1e3;

    /// <summary>Microseconds, of each round.</summary>
    public IEnumerable<double> OfRounds(double percentile) => _rounds.Select(round => round.GetValueAtPercentile(percentile) / 1e3);

    private static LongHistogram Empty() => new(Longest, Digits);

    private static long Bounded(long nanoseconds) => Math.Clamp(nanoseconds, 0, Longest);
}
