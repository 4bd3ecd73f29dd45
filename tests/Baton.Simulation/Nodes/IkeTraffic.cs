using Baton.Redundancy.Records;
using Baton.Simulation.Time;

namespace Baton.Simulation.Nodes;

/// <summary>Who starts the exchanges: peers and timers, seen from outside. Some SAs come and go by commits, the others by plain registration.</summary>
/// <remarks>Chance of its own: a run's faults and packets are the same with and without it.</remarks>
internal sealed class IkeTraffic(World world)
{
    private const int Most = 3;
    private readonly SimRandom _random = new(world.Seed ^ 0x1CE_1CE);
    private readonly List<SimIke> _all = [];
    private readonly Dictionary<ulong, SaId> _counters = [];

    public IReadOnlyList<SimIke> All => _all;

    public SimIke Of(IkeId id) => _all[(int)(id.Value - 0x1CE_0000)];

    public SaId? CounterOf(SimIke ike) => _counters.TryGetValue(ike.IvTag, out SaId id) ? id : null;

    /// <summary>Does this SA come and go by commits?</summary>
    public static bool Owns(SimSa sa) => sa.Index / 2 % 2 == 1;

    public void Start()
    {
        for (int i = 0; i < Most; i++)
            _all.Add(new SimIke(i));
        world.At(Network.Ms(350), Next);
    }

    public void Learn(LedgerChange change)
    {
        foreach (SaRecord record in change.Upserts)
        {
            if (record.KeyTag >= 0x2_0000_0000)
                _counters[record.KeyTag] = record.Id;
        }
    }

    private void Next()
    {
        world.At(world.Now + _random.Between(Network.Ms(20), Network.Ms(150)), Next);
        if (_all.Count(ike => !ike.Gone) < Most)
            _all.Add(new SimIke(_all.Count));
        SimIke[] alive = [.. _all.Where(ike => !ike.Gone)];
        SimIke which = alive[_random.Below(alive.Length)];
        bool end = which.DurableVersion > 3 && _random.Chance(0.02) && world.Now < World.QuietFrom;
        bool spoil = which.DurableVersion > 0 && _random.Chance(0.02);

        // Each member that believes to be active does it: one is right.
        foreach (SimMember member in world.Members)
        {
            if (member.Up && !member.Paused && member.WorksIke)
            {
                (List<SaRecord> fresh, List<ulong> gone) = Wanted(which == alive[0]);
                member.Exchange(which, fresh, gone, end, spoil);
            }
        }
    }

    private (List<SaRecord> Fresh, List<ulong> Gone) Wanted(bool first)
    {
        var fresh = new List<SaRecord>();
        var gone = new List<ulong>();
        foreach (SimSa sa in world.Sas)
        {
            if (!first || !Owns(sa))
                continue;
            if (!sa.Registered)
                fresh.Add(sa.NewRecord(World.Lead));
            else if (sa.WantDelete && !sa.Deleted)
                gone.Add(sa.KeyTag);
        }

        return (fresh, gone);
    }
}
