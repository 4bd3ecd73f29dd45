using Baton.Simulation.Nodes;
using Baton.Simulation.Observing;

namespace Baton.Simulation.Faults;

/// <summary>Faults that meet each other: two or three at once, where races live.</summary>
internal sealed partial class FaultSchedule
{
    private void StrikeAtOnce(Fault fault)
    {
        switch (fault)
        {
            case Fault.HandlerAndActive:
                // First the handler or first the active, together or a moment apart.
                CrashHandlerFor(Duration(300, 7_000));
                Later(_random.Chance(0.3) ? 0 : Duration(1, 1_500), FailActive);
                break;

            case Fault.ActiveLosesHandlerThenFails:
                SimMember cut = ActiveOrAny();
                CutFor(cut.Node, Network.Handler, Duration(500, 8_000), bothWays: _random.Chance(0.8));
                Later(Duration(50, 5_000), FailActive);
                if (_random.Chance(0.6))
                    Later(Duration(10, 4_000), () => CutFor(DesigneeOrStandby().Node, Network.Handler, Duration(300, 4_000), bothWays: true));
                break;

            case Fault.SwitchoverThenTrouble:
                Switchover();
                int troubles = 1 + _random.Below(3);
                for (int i = 0; i < troubles; i++)
                    Later(Duration(0.2, 60), SwitchoverTrouble);
                break;

            case Fault.LagThenFail:
                SimMember slow = DesigneeOrStandby();
                if (_random.Chance(0.5))
                    Lag(slow, Duration(100, 1_500), Duration(1_000, 6_000));
                else
                    CutFor(slow.Node, Network.Handler, Duration(300, 5_000), bothWays: _random.Chance(0.7));
                Later(Duration(50, 3_000), () =>
                {
                    FailActive();
                    if (_random.Chance(0.6))
                        CrashHandlerFor(Duration(300, 4_000));
                });
                break;

            case Fault.SetRace:
                SetRace();
                break;

            case Fault.ZombieReturns:
                SimMember zombie = ActiveOrAny();
                if (_random.Chance(0.5))
                    PauseFor(zombie, Duration(200, 3_000));
                else
                    zombie.OutputsUntilPause = _random.Below(4);
                Later(Duration(300, 3_000), zombie.Resume);
                if (_random.Chance(0.5))
                    CutFor(zombie.Node, _random.Below(Network.Handler + 1), Duration(500, 6_000), bothWays: _random.Chance(0.5));
                if (_random.Chance(0.5))
                    CutFor(Network.Handler, zombie.Node, Duration(500, 6_000), bothWays: false);
                break;

            case Fault.SlowRequests:
                // The active's requests time out and are made anew, and then all of them happen.
                Lag(ActiveOrAny(), Duration(150, 900), Duration(500, 3_000));
                ActiveOrAny().RequestLag = Network.Ms(Duration(100, 600));
                if (_random.Chance(0.7))
                    Later(Duration(300, 3_000), () => Strike(_random.Pick([Fault.HandlerAndActive, Fault.ActiveLosesHandlerThenFails, Fault.SetRace])));
                break;

            case Fault.LateSetRequest:
                LateSetRequest();
                break;

            case Fault.HandingThenTrouble:
                HandingThenTrouble();
                break;

            case Fault.LinkFlaps:
                Flap(_random.Chance(0.6) ? ActiveOrAny() : _random.Pick(world.Members), 1 + _random.Below(5));
                break;

            case Fault.HandlerAndLink:
                CrashHandlerFor(Duration(2_000, 8_000));
                SimMember deaf = ActiveOrAny();
                deaf.SetLink(works: false);
                Later(Duration(2_000, 8_000), () => deaf.SetLink(works: true));
                break;

            case Fault.LinksFlapAndActiveFails:
                foreach (SimMember member in world.Members)
                {
                    if (_random.Chance(0.7))
                        Flap(member, 1 + _random.Below(3));
                }

                Later(Duration(1, 3_000), () => CrashFor(ActiveOrAny(), Duration(50, 5_000)));
                break;

            case Fault.LedgerPutBack:
                PutLedgerBack();
                break;
        }
    }

    private void FailActive()
    {
        SimMember active = ActiveOrAny();
        switch (_random.Below(4))
        {
            case 0:
                PauseFor(active, Duration(100, 4_000));
                break;
            case 1:
                Strike(Fault.PartitionActiveFromAll);
                break;
            default:
                CrashFor(active, Duration(50, 5_000));
                break;
        }
    }

    private void SwitchoverTrouble()
    {
        switch (_random.Below(9))
        {
            case 0:
                CrashFor(ActiveOrAny(), Duration(30, 3_000));
                break;
            case 1:
                CrashFor(DesigneeOrStandby(), Duration(30, 3_000));
                break;
            case 2:
                CrashHandlerFor(Duration(30, 3_000));
                break;
            case 3:
                DiskTrouble();
                break;
            case 4:
                CutFor(ActiveOrAny().Node, Network.Handler, Duration(50, 3_000), bothWays: _random.Chance(0.5));
                break;
            case 5:
                CutFor(Network.Handler, DesigneeOrStandby().Node, Duration(50, 3_000), bothWays: _random.Chance(0.5));
                break;
            case 6:
                PauseFor(_random.Pick(world.Members), Duration(30, 3_000));
                break;
            case 7:
                Lag(DesigneeOrStandby(), Duration(50, 1_000), Duration(300, 3_000));
                break;
            default:
                Strike(_random.Pick([Fault.TwoSuspect, Fault.PauseMidStep, Fault.HandlerPause, Fault.PartitionActiveFromAll]));
                break;
        }
    }

    /// <summary>The active and a standby lose and find each other, while answers about the set are late; then somebody fails.</summary>
    private void SetRace()
    {
        SimMember active = ActiveOrAny();
        int rounds = 1 + _random.Below(3);
        double at = 0;
        for (int i = 0; i < rounds; i++)
        {
            Later(at, () =>
            {
                SimMember standby = Standby();
                if (_random.Chance(0.5))
                    CutFor(active.Node, standby.Node, Duration(100, 1_200), bothWays: _random.Chance(0.5));
                else
                    CutFor(standby.Node, active.Node, Duration(100, 1_200), bothWays: _random.Chance(0.5));
            });
            at += Duration(50, 900);
        }

        if (_random.Chance(0.6))
            Lag(active, Duration(50, 900), at + 800);
        if (_random.Chance(0.5))
            active.RequestLag = Network.Ms(Duration(50, 900)); // until something else sets it: an answer is then always late, and asked for again
        if (_random.Chance(0.4))
            Lag(Standby(), Duration(50, 900), at + 800);
        if (_random.Chance(0.5))
            Later(Duration(20, at + 500), () => active.BreakSession());
        if (_random.Chance(0.7))
            Later(at + Duration(1, 900), FailActive);
    }

    /// <summary>
    /// A standby comes back and is asked into the set; the stream of that question ends, and the question stays on its way. The active, in a new stream, loses
    /// the standby again and goes on without it. Then the old question arrives, the active cannot hear of it, and fails.
    /// </summary>
    private void LateSetRequest()
    {
        SimMember active = ActiveOrAny();
        SimMember newcomer = Standby();
        SimMember other = Array.Find(world.Members, member => member != active && member != newcomer)!;
        double late = Duration(500, 1_500);
        CrashFor(newcomer, Duration(5, 40));
        double asked = Duration(5, 80);
        Later(asked, () => active.RequestLag = Network.Ms(late));
        double ended = asked + Duration(30, 200);
        Later(ended, () =>
        {
            active.EndSession();
            active.RequestLag = 0;
            CutFor(active.Node, newcomer.Node, Duration(1_000, 4_000), bothWays: true);
        });
        double deaf = asked + (late * (0.7 + (_random.Below(30) / 100.0)));
        Later(deaf, () =>
        {
            CutFor(Network.Handler, active.Node, Duration(700, 3_000), bothWays: false);
            CutFor(other.Node, Network.Handler, Duration(1_000, 4_000), bothWays: true);
        });
        Later(asked + late + Duration(100, 900), FailActive);
    }

    /// <summary>An operator's mistake: the handler starts from an old file. Members that know better refuse it, and the true file comes back.</summary>
    private void PutLedgerBack()
    {
        SimHandler handler = world.Handler;
        if (handler.Disk.IsOld)
            return;
        Disk old = handler.Disk.OldCopy();
        Later(1_500, () =>
        {
            // Only where every member's copy is newer: a member that knows nothing cannot know better (the design says so: restore renews the SAs).
            foreach (SimMember member in world.Members)
            {
                if (!member.Up || member.Paused || member.CopyRevision <= old.Revision || member.Core.Term == 0)
                    return;
            }

            if (!handler.Up || handler.Paused || handler.Disk.IsOld)
                return;
            world.Coverage.Count(Covered.LedgerPutBack);
            handler.Crash(machine: false);
            Disk real = handler.Disk;
            handler.Disk = old;
            handler.Start();
            world.At(world.Now + Network.Ms(Duration(300, 2_000)), () =>
            {
                handler.Crash(machine: false);
                handler.Disk = real;
                handler.Start();
            });
        });
    }
}
