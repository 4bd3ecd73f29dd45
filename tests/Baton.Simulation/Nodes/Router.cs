namespace Baton.Simulation.Nodes;

/// <summary>Steers to the member that announced the highest term. Sometimes a packet takes an older road.</summary>
internal sealed class Router(World world)
{
    private ulong _term;
    private int _to;
    private int _before;

    /// <summary>How often a packet goes to the member steered to before, or to any.</summary>
    public double Stale { get; set; }

    public void Steer(ulong term, int member)
    {
        if (term <= _term)
            return;
        if (member != _to)
            _before = _to;
        (_term, _to) = (term, member);
    }

    public SimMember Next()
    {
        int to = _to;
        if (Stale > 0 && world.Random.Chance(Stale))
            to = world.Random.Chance(0.7) ? _before : world.Random.Below(Network.Members);
        return world.Members[to];
    }
}
