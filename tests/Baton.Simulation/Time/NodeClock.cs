using Baton.Wire;

namespace Baton.Simulation.Time;

/// <summary>The monotonic clock of one node: an origin of its own, drift, and jumps (a machine that slept, a hypervisor that lied).</summary>
internal sealed class NodeClock(World world, long origin, double rate)
{
    private long _since;
    private long _local = origin;

    public Instant Now => new(_local + (long)((world.Now - _since) * rate));

    public void Jump(long nanoseconds)
    {
        (_local, _since) = (Now.Nanoseconds + nanoseconds, world.Now);
    }

    /// <summary>The true instant at which this clock will show <paramref name="local"/>, if it does not jump before.</summary>
    public long WhenItShows(Instant local)
    {
        double ahead = (local.Nanoseconds - Now.Nanoseconds) / rate;
        return ahead <= 0 ? world.Now : world.Now + (long)ahead + 1;
    }
}
