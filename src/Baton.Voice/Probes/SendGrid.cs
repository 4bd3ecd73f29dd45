using Baton.Wire;

namespace Baton.Voice.Probes;

/// <summary>Points in time at a steady rate. A late caller catches up to 100 ms, beyond that the points are let go. Sans-IO.</summary>
internal sealed class SendGrid
{
    private static readonly TimeSpan CatchUp = TimeSpan.FromMilliseconds(100);

    private TimeSpan _interval;

    public SendGrid(double perSecond, Instant now) => Restart(perSecond, now);

    public Instant Due { get; private set; }

    /// <summary>Zero stops the grid.</summary>
    public void Restart(double perSecond, Instant now)
    {
        _interval = perSecond > 0 ? TimeSpan.FromSeconds(1 / perSecond) : TimeSpan.Zero;
        Due = perSecond > 0 ? now : Instant.Never;
    }

    /// <summary>True once for each point that has passed.</summary>
    public bool TryTake(Instant now)
    {
        if (now < Due)
            return false;
        Due = Instant.Max(Due, now - CatchUp) + _interval;
        return true;
    }
}
