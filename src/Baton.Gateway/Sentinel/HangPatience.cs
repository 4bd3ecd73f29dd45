using Baton.Wire;

namespace Baton.Gateway.Sentinel;

/// <summary>How long a data path may make no progress before it counts as hung. No clock of its own.</summary>
/// <remarks>
/// A machine with too much to do lets a gateway stand still for longer than usual, and a takeover then costs more than the pause that it ends; worse, the successor
/// stands on the same kind of machine, has just got work, and is suspected next. So pauses that ended by themselves teach patience, which is forgotten again; and a
/// member whose term has just begun gets more of it. A real freeze lasts longer than any of this, and teaches nothing.
/// Never more than 2.4 times the usual (60 ms): a host that freezes shall cost its peers 100 ms at most, detection, takeover and steering together, also when members
/// freeze one after the other, each with a term just begun. So nobody who makes pauses can buy more than that either.
/// <code>
///   patience  usual .... 1.5 x the pause that was ........ half of the excess, a quarter, ... usual
///                        ^ it ended within 4 x usual       each 3 s
/// </code>
/// </remarks>
/// <param name="usual">On a machine that keeps up.</param>
internal sealed class HangPatience(TimeSpan usual)
{
    private static readonly TimeSpan HalfLife = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan FreshTerm = TimeSpan.FromSeconds(1);

    /// <summary>A pause beyond it is a freeze.</summary>
    private readonly TimeSpan _longestPause = usual * 4;
    private readonly TimeSpan _most = usual * 2.4;
    private readonly TimeSpan _fresh = usual * 2;
    private TimeSpan _excess;
    private Instant _since;
    private ulong _term;
    private Instant _termSince = new(long.MinValue / 2);

    public TimeSpan At(Instant now)
    {
        TimeSpan patience = usual + (_excess * Math.Pow(0.5, (now - _since) / HalfLife));
        return now - _termSince < FreshTerm && patience < _fresh ? _fresh : patience;
    }

    /// <summary>Progress came after so long without.</summary>
    public void Paused(TimeSpan lasted, Instant now)
    {
        if (lasted < usual || lasted > _longestPause)
            return;
        TimeSpan wanted = lasted * 1.5 < _most ? lasted * 1.5 : _most;
        if (wanted > At(now))
            (_excess, _since) = (wanted - usual, now);
    }

    /// <summary>The highest term that the gateway has worked in, each time one looks.</summary>
    public void Term(ulong term, Instant now)
    {
        if (term != _term)
            (_term, _termSince) = (term, now);
    }
}
