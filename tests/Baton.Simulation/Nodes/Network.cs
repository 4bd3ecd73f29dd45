using Baton.Simulation.Time;

namespace Baton.Simulation.Nodes;

/// <summary>Every directed pair of nodes: how slow, how lossy, cut or not. Nodes: members 0 to 2, the handler, and the outside (router and peers).</summary>
internal sealed class Network(World world)
{
    public const int Members = 3;
    public const int Handler = 3;
    public const int Outside = 4;
    public const int Nodes = 5;

    private readonly int[] _cut = new int[Nodes * Nodes];
    private readonly SimRandom _random = world.Random;

    /// <summary>How bad the datagram paths are now; a fault raises them for a while.</summary>
    public double Loss { get; set; }

    public double Duplication { get; set; }

    /// <summary>Probability that a datagram is late, and how late at most.</summary>
    public double Late { get; set; }

    public long LatestBy { get; set; } = Ms(5);

    /// <summary>Each member's path to the peers keeps the order; paths of different members differ still.</summary>
    public bool OrderedOut { get; set; }

    private readonly long[] _lastOut = new long[Nodes];

    public static long Ms(double milliseconds) => (long)(milliseconds * 1e6);

    public bool IsCut(int from, int to) => _cut[(from * Nodes) + to] > 0;

    public void Cut(int from, int to) => _cut[(from * Nodes) + to]++;

    public void Mend(int from, int to)
    {
        ref int cuts = ref _cut[(from * Nodes) + to];
        cuts = Math.Max(0, cuts - 1);
    }

    public void MendAll()
    {
        Array.Clear(_cut);
        (Loss, Duplication, Late) = (0, 0, 0);
    }

    /// <summary>A datagram: it may be lost, come twice, come late and out of order.</summary>
    public void Send(int from, int to, Action arrive)
    {
        if (IsCut(from, to) || (Loss > 0 && _random.Chance(Loss)))
            return;
        long at = world.Now + Delay();
        if (OrderedOut && to == Outside)
            _lastOut[from] = at = Math.Max(at, _lastOut[from] + 1);
        world.At(at, () =>
        {
            if (!IsCut(from, to))
                arrive();
        });
        if (Duplication > 0 && _random.Chance(Duplication))
            world.At(world.Now + Delay(), arrive);
    }

    public long Delay()
    {
        long delay = _random.Between(Ms(0.1), Ms(1.5));
        if (Late > 0 && _random.Chance(Late))
            delay += _random.Between(Ms(0.5), LatestBy);
        return delay;
    }
}
