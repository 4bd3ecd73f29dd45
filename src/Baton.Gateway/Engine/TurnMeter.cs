using Baton.Linux;
using Baton.Wire;

namespace Baton.Gateway.Engine;

/// <summary>What a turn of the engine's loop is made of, in its order.</summary>
internal enum TurnPart
{
    Posted,
    Sync,
    Heartbeats,
    Outer,
    Inner,
    Core,
    Records,
    Flush,
}

/// <summary>How long the turns of the engine's loop are, and which part of them: no turn may be long, however many SAs there are (P5).</summary>
/// <remarks>Written by the engine's thread, read by others: a figure may be a turn old. The time of a turn counts from when its wait ended.</remarks>
internal sealed class TurnMeter
{
    private static readonly TimeSpan[] s_bounds = [TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(20)];

    private readonly long[] _over = new long[s_bounds.Length];
    private readonly long[] _longestOf = new long[Enum.GetValues<TurnPart>().Length];

    /// <summary>Of this turn.</summary>
    private readonly long[] _took = new long[Enum.GetValues<TurnPart>().Length];
    private Instant _nextWord;
    private long _longest;
    private long _overByCollector;
    private Instant _begun;
    private Instant _last;
    private TimeSpan _paused;

    public void Begin(Instant now)
    {
        (_begun, _last) = (now, now);
        _paused = GC.GetTotalPauseDuration();
    }

    /// <summary>The part ended now.</summary>
    public void End(TurnPart part)
    {
        Instant now = MonotonicClock.Now;
        long took = now.Nanoseconds - _last.Nanoseconds;
        _took[(int)part] = took;
        if (took > _longestOf[(int)part])
            _longestOf[(int)part] = took;
        _last = now;
    }

    /// <summary>The turn ended with the part that was ended last.</summary>
    /// <returns>Of one that packets felt, and at most ten a second: what of it took how long, for the log. Null: nothing to say.</returns>
    public string? End()
    {
        long took = _last.Nanoseconds - _begun.Nanoseconds;
        if (took > _longest)
            _longest = took;
        for (int i = 0; i < s_bounds.Length && took > s_bounds[i].Ticks * 100; i++)
        {
            _over[i]++;

            // Half of it or more was spent waiting for the collector: it is not this thread's work that is long.
            if (i == 1 && (GC.GetTotalPauseDuration() - _paused).Ticks * 200 > took)
                _overByCollector++;
        }

        if (took < s_bounds[^1].Ticks * 100 || _last < _nextWord)
            return null;
        _nextWord = _last + TimeSpan.FromMilliseconds(100);
        int most = Array.IndexOf(_took, _took.Max());
        return string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"a turn took {took / 1e6:0.0} ms, {(TurnPart)most} {_took[most] / 1e6:0.0} of them, waiting for the collector {(GC.GetTotalPauseDuration() - _paused).TotalMilliseconds:0.0}");
    }

    /// <summary>For the status: names are API.</summary>
    public IEnumerable<(string Name, ulong Value)> Counters()
    {
        yield return ("engine.turn-longest-us", (ulong)Volatile.Read(ref _longest) / 1_000);
        for (int i = 0; i < s_bounds.Length; i++)
            yield return ($"engine.turns-over-{s_bounds[i].TotalMilliseconds:0}-ms", (ulong)Volatile.Read(ref _over[i]));
        yield return ("engine.turns-over-5-ms-by-collector", (ulong)Volatile.Read(ref _overByCollector));
        foreach (TurnPart part in Enum.GetValues<TurnPart>())
            yield return ($"engine.longest-us.{CounterName.Of(part.ToString())}", (ulong)Volatile.Read(ref _longestOf[(int)part]) / 1_000);
        yield return ("collector.pause-total-us", (ulong)GC.GetTotalPauseDuration().TotalMicroseconds);
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
            yield return ($"collector.gen{generation}", (ulong)GC.CollectionCount(generation));
    }
}
