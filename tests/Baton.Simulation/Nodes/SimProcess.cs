using Baton.Simulation.Time;

namespace Baton.Simulation.Nodes;

/// <summary>How an input reaches a process. Order is kept within a channel only: a process that wakes up may read its sockets in any order.</summary>
internal enum Channel
{
    Session,
    Members,
    Data,
    Timer,
}

/// <summary>A process that may crash, start again, stop in its tracks and go on later with all its beliefs.</summary>
internal abstract class SimProcess(World world, int node, NodeClock clock)
{
    private readonly Queue<Action>[] _inbox = [new(), new(), new(), new()];

    public World World => world;

    public int Node => node;

    public NodeClock Clock => clock;

    public bool Up { get; private set; }

    public bool Paused { get; private set; }

    /// <summary>Grows with each start and each crash: what was planned in another life does not happen.</summary>
    public int Life { get; private set; }

    protected void ComeUp()
    {
        Life++;
        (Up, Paused) = (true, false);
    }

    protected void GoDown()
    {
        Life++;
        (Up, Paused) = (false, false);
        foreach (Queue<Action> queue in _inbox)
            queue.Clear();
    }

    public virtual void Pause()
    {
        if (Up)
            Paused = true;
    }

    public virtual void Resume()
    {
        if (!Up || !Paused)
            return;
        Paused = false;
        int life = Life;
        while (!Paused && Life == life && TakeQueued() is { } act)
            act();
    }

    public void Deliver(Channel channel, Action act)
    {
        if (!Up)
            return;
        if (Paused)
            _inbox[(int)channel].Enqueue(act);
        else
            act();
    }

    /// <summary>After a while of true time, in this life.</summary>
    public void After(long delay, Channel channel, Action act)
    {
        int life = Life;
        world.At(world.Now + delay, () =>
        {
            if (Life == life)
                Deliver(channel, act);
        });
    }

    /// <summary>After a while of this node's own time.</summary>
    public void AfterLocal(long delay, Channel channel, Action act) =>
        After(Clock.WhenItShows(new(Clock.Now.Nanoseconds + delay)) - world.Now, channel, act);

    private Action? TakeQueued()
    {
        int waiting = 0;
        foreach (Queue<Action> queue in _inbox)
            waiting += queue.Count > 0 ? 1 : 0;
        if (waiting == 0)
            return null;
        int pick = world.Random.Below(waiting);
        foreach (Queue<Action> queue in _inbox)
        {
            if (queue.Count > 0 && pick-- == 0)
                return queue.Dequeue();
        }

        return null;
    }
}
