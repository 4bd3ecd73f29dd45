using Baton.Simulation.Nodes;
using Baton.Simulation.Observing;

namespace Baton.Simulation.Faults;

/// <summary>Trouble that strikes exactly while an active is frozen and its exact states are on their way: milliseconds that a fault at random seldom meets.</summary>
internal sealed partial class FaultSchedule
{
    /// <summary>So often, a quarter of a millisecond apart, it is looked whether the freeze has begun.</summary>
    private const int Looks = 400;

    private void HandingThenTrouble()
    {
        SimMember active = ActiveOrAny();
        bool records = _random.Chance(0.5);
        if (records)
        {
            if (world.Sas.Count < 16 && _random.Chance(0.6))
                world.AddPair();
            else
                _random.Pick(world.Sas).WantDelete = true;
        }

        active.Deliver(Channel.Timer, () => active.Switchover(null));
        if (records)
            Later(Duration(0.2, 4), () => active.Deliver(Channel.Timer, () => world.Register(active)));
        AwaitFreeze(active, Looks);
    }

    private void AwaitFreeze(SimMember active, int looks) => Later(0.25, () =>
    {
        if (active.HandsOver)
        {
            TroubleWhileHanding(active);
            if (_random.Chance(0.4))
                Later(Duration(0.1, 12), () => TroubleWhileHanding(active));
        }
        else if (looks > 0)
        {
            AwaitFreeze(active, looks - 1);
        }
    });

    /// <summary>The new session breaks too, between two parts of its snapshot.</summary>
    private void AwaitParts(SimMember member, int looks) => Later(0.25, () =>
    {
        if (member.IsInParts)
            member.EndSession();
        else if (looks > 0)
            AwaitParts(member, looks - 1);
    });

    private void TroubleWhileHanding(SimMember from)
    {
        world.Coverage.Count(Covered.TroublesWhileHanding);
        SimMember to = DesigneeOrStandby();
        switch (_random.Below(13))
        {
            case 0:
                CrashHandlerFor(Duration(50, 5_000));
                break;
            case 1:
                CrashFor(to, Duration(20, 3_000));
                break;
            case 2:
                CrashFor(from, Duration(20, 3_000));
                break;
            case 3:
                CutFor(from.Node, Network.Handler, Duration(50, 4_000), bothWays: _random.Chance(0.7));
                break;
            case 4:
                CutFor(Network.Handler, to.Node, Duration(50, 3_000), bothWays: _random.Chance(0.5));
                break;
            case 5:
                CutFor(from.Node, to.Node, Duration(5, 1_500), bothWays: _random.Chance(0.5));
                break;
            case 6:
                from.EndSession();
                break;
            case 7:
                to.BreakSession();
                AwaitParts(to, Looks * 3);
                break;
            case 8:
                DiskTrouble();
                Later(Duration(0.1, 10), () => CrashHandlerFor(Duration(50, 2_000)));
                break;
            case 9:
                PauseFor(_random.Chance(0.5) ? from : to, Duration(5, 2_500));
                break;
            case 10:
                CrashFor(world.Members.First(member => member != from && member != to), Duration(1, 100)); // a newcomer shows itself
                break;
            case 11:
                Lag(to, Duration(20, 900), Duration(300, 2_000));
                Trouble(Duration(50, 1_000));
                break;
            default:
                Jump();
                break;
        }
    }
}
