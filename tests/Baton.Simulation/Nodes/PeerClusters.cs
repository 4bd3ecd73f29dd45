using Baton.Redundancy.Records;
using Baton.Simulation.Faults;
using Baton.Simulation.Observing;
using Baton.Simulation.Time;

namespace Baton.Simulation.Nodes;

/// <summary>
/// Peers that are clusters too: a new member of theirs starts above what we send and asks us to jump (RFC 6311 section 5.2), again until we have. Some ask for no need.
/// </summary>
/// <remarks>
/// Chance of its own: a run's faults are the same with and without it. Where nothing may be lost peers ask for no need only: one that took over refuses what lies below its
/// floor, whoever sends it.
/// </remarks>
internal sealed class PeerClusters(World world)
{
    /// <summary>Within a lease, just at one, beyond one, beyond a slice, far.</summary>
    private static readonly ulong[] Distances = [1, 20, World.Lead - 1, World.Lead, World.Lead + 1, 200, 3_000, 1 << 20];

    private readonly SimRandom _random = new(world.Seed ^ 0x6311);

    public void Start() => world.At(Network.Ms(3_000), Next);

    private void Next()
    {
        world.At(world.Now + _random.Between(Network.Ms(50), Network.Ms(800)), Next);
        SimSa sa = _random.Pick(world.Sas);
        ulong by = _random.Pick(Distances);
        bool forNoNeed = world.Profile == Profile.PlannedOnly || _random.Chance(0.3);
        if (sa.Direction != SaDirection.Outbound || sa.IsVoice || !sa.Registered || IsShut(sa))
            return;
        if (!forNoNeed && world.Now < World.QuietFrom)
        {
            world.Coverage.Count(Covered.PeersTakenOver);
            sa.PeerFloor = sa.PeerWindow.Top + by;
            sa.PeerWindow.RebaseAbove(sa.PeerFloor);
        }

        Ask(sa, by);
    }

    /// <summary>Its new member refuses still what comes.</summary>
    private static bool IsShut(SimSa sa) => sa.PeerWindow.Top <= sa.PeerFloor;

    private void Ask(SimSa sa, ulong by)
    {
        if (sa.WantDelete)
            return;
        world.Coverage.Count(Covered.AskedToJump);
        SimMember to = world.Router.Next();
        world.At(world.Now + _random.Between(Network.Ms(0.1), Network.Ms(3)), () => to.Deliver(Channel.Data, () => to.Jump(sa, by)));
        if (!IsShut(sa))
            return;
        world.At(world.Now + Network.Ms(500), () =>
        {
            if (IsShut(sa))
                Ask(sa, by);
        });
    }
}
