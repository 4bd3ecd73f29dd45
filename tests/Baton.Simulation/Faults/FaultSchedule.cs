using Baton.Redundancy.Records;
using Baton.Simulation.Nodes;
using Baton.Simulation.Observing;
using Baton.Simulation.Time;

namespace Baton.Simulation.Faults;

internal enum Fault
{
    CrashActive,
    CrashAny,
    RestartStandbyQuickly,
    PauseActive,
    PauseAny,
    PauseMidStep,
    CrashMidStep,
    PartitionPair,
    PartitionActiveFromAll,
    PartitionHandlerFromActive,
    PartitionHandlerFromStandby,
    PartitionMembers,
    Datagrams,
    ClockJump,
    HandlerCrash,
    HandlerPause,
    DiskTrouble,
    CopyLag,
    BreakSession,
    TwoSuspect,
    Switchover,
    Stop,
    AddSas,
    DeleteSas,

    // Two or three at once, where races live.
    HandlerAndActive,
    ActiveLosesHandlerThenFails,
    SwitchoverThenTrouble,
    LagThenFail,
    SetRace,
    ZombieReturns,
    LedgerPutBack,
    SlowRequests,
    LateSetRequest,
    HandingThenTrouble,
    LinkFlaps,
    LinksFlapAndActiveFails,
    HandlerAndLink,
}

/// <summary>Draws the faults of a run and heals everything at the end.</summary>
internal sealed partial class FaultSchedule(World world)
{
    private readonly SimRandom _random = world.Random;
    private readonly Fault[] _menu = Menu(world.Profile);

    public void Plan()
    {
        if (world.Profile is Profile.Zombies or Profile.Mixed or Profile.BrokenSwitchovers or Profile.WithoutHandler)
            world.Router.Stale = 0.08;
        int faults = 6 + _random.Below(12);
        for (int i = 0; i < faults; i++)
        {
            long at = _random.Between(World.FaultsFrom, World.QuietFrom - Network.Ms(500));
            world.At(at, () => Strike(_random.Pick(_menu)));
        }

        world.At(World.QuietFrom, HealAll);
    }

    private static Fault[] Menu(Profile profile) => profile switch
    {
        Profile.PlannedOnly => [Fault.Switchover, Fault.Switchover, Fault.Switchover, Fault.Stop],
        Profile.WithoutHandler => [
            Fault.HandlerAndActive, Fault.HandlerAndActive, Fault.HandlerAndActive, Fault.ActiveLosesHandlerThenFails, Fault.ActiveLosesHandlerThenFails, Fault.HandlerAndLink,
            Fault.SetRace, Fault.CrashAny, Fault.HandlerCrash, Fault.ZombieReturns, Fault.SlowRequests, Fault.SlowRequests, Fault.PartitionPair, Fault.Switchover],
        Profile.LostMemory => [
            Fault.RestartStandbyQuickly, Fault.RestartStandbyQuickly, Fault.RestartStandbyQuickly, Fault.CrashActive, Fault.HandlerAndActive, Fault.Datagrams,
            Fault.CrashAny, Fault.CopyLag, Fault.Stop, Fault.DiskTrouble],
        Profile.LaggingDesignee => [
            Fault.LagThenFail, Fault.LagThenFail, Fault.LagThenFail, Fault.CopyLag, Fault.PartitionHandlerFromStandby, Fault.ActiveLosesHandlerThenFails,
            Fault.HandlerAndActive, Fault.CrashActive, Fault.PauseActive],
        Profile.BrokenSwitchovers => [
            Fault.SwitchoverThenTrouble, Fault.SwitchoverThenTrouble, Fault.HandingThenTrouble, Fault.HandingThenTrouble, Fault.HandingThenTrouble, Fault.Switchover,
            Fault.Stop, Fault.CrashActive, Fault.HandlerAndActive, Fault.PauseActive, Fault.AddSas],
        Profile.ChangingSet => [
            Fault.SetRace, Fault.SetRace, Fault.SetRace, Fault.SlowRequests, Fault.LateSetRequest, Fault.LateSetRequest, Fault.LateSetRequest, Fault.PartitionMembers, Fault.PauseAny, Fault.RestartStandbyQuickly, Fault.CopyLag,
            Fault.CrashActive, Fault.Datagrams, Fault.HandlerPause],
        Profile.Zombies => [
            Fault.ZombieReturns, Fault.ZombieReturns, Fault.ZombieReturns, Fault.PauseActive, Fault.PauseMidStep, Fault.TwoSuspect,
            Fault.PartitionActiveFromAll, Fault.Datagrams, Fault.ClockJump, Fault.HandlerPause, Fault.AddSas],
        Profile.FlappingLinks => [
            Fault.LinkFlaps, Fault.LinkFlaps, Fault.LinkFlaps, Fault.LinkFlaps, Fault.LinksFlapAndActiveFails, Fault.LinksFlapAndActiveFails, Fault.CrashActive,
            Fault.CrashAny, Fault.RestartStandbyQuickly, Fault.Switchover, Fault.Stop],
        _ => [.. Enum.GetValues<Fault>()],
    };

    private void HealAll()
    {
        world.Note(TraceKind.Fault, Network.Outside, 0, 0, "all faults end");
        if (world.Sabotage == Sabotage.NeverHeal)
        {
            world.Handler.Crash(machine: false);
            foreach (SimMember member in world.Members)
                member.Crash(machine: false);
            return;
        }

        world.Network.MendAll();
        world.Router.Stale = 0;
        world.Handler.NextFault = DiskFault.None;
        world.Handler.Resume();
        if (!world.Handler.Up)
            world.Handler.Start();
        foreach (SimMember member in world.Members)
        {
            (member.CopyLag, member.AnswerLag, member.RequestLag) = (0, 0, 0);
            (member.OutputsUntilCrash, member.OutputsUntilPause) = (null, null);
            member.SetLink(works: true);
            member.Resume();
            if (!member.Up)
                member.Start();
        }
    }

    private bool Quiet => world.Now >= World.QuietFrom;

    private void Later(double milliseconds, Action act) => world.At(world.Now + Network.Ms(milliseconds), () =>
    {
        if (!Quiet)
            act();
    });

    /// <summary>Short ones are as likely as long ones: races live in milliseconds, outages in seconds.</summary>
    private double Duration(double least, double most) => least * Math.Pow(most / least, _random.Between(0, 1_000_000) / 1e6);

    private SimMember ActiveOrAny() => world.Active() ?? _random.Pick(world.Members);

    private SimMember Standby()
    {
        SimMember active = ActiveOrAny();
        SimMember other;
        do
            other = _random.Pick(world.Members);
        while (other == active);
        return other;
    }

    private SimMember DesigneeOrStandby() =>
        world.Observer.Durable?.Designee is { } named && _random.Chance(0.85) ? world.Members[named.Member[0] - 'A'] : Standby();

    private void Strike(Fault fault)
    {
        world.Note(TraceKind.Fault, Network.Outside, 0, 0, fault);
        switch (fault)
        {
            case Fault.CrashActive:
                CrashFor(ActiveOrAny(), Duration(30, 6_000));
                break;
            case Fault.CrashAny:
                CrashFor(_random.Pick(world.Members), Duration(30, 6_000));
                break;
            case Fault.RestartStandbyQuickly:
                world.Coverage.Count(Covered.StandbyLostMemory);
                CrashFor(_random.Chance(0.7) ? DesigneeOrStandby() : Standby(), Duration(1, 80));
                if (_random.Chance(0.5))
                    Later(Duration(1, 600), () => Strike(_random.Chance(0.5) ? Fault.CrashActive : Fault.HandlerAndActive));
                break;
            case Fault.PauseActive:
                PauseFor(ActiveOrAny(), Duration(20, 4_000));
                break;
            case Fault.PauseAny:
                PauseFor(_random.Pick(world.Members), Duration(20, 4_000));
                break;
            case Fault.PauseMidStep:
                SimMember interrupted = _random.Pick(world.Members);
                interrupted.OutputsUntilPause = _random.Below(6);
                Later(Duration(100, 3_000), interrupted.Resume);
                break;
            case Fault.CrashMidStep:
                SimMember dying = _random.Pick(world.Members);
                dying.OutputsUntilCrash = _random.Below(6);
                Later(Duration(100, 3_000), () => Restart(dying));
                break;
            case Fault.PartitionPair:
                int from = _random.Below(Network.Nodes);
                int to = (from + 1 + _random.Below(Network.Nodes - 1)) % Network.Nodes;
                CutFor(from, to, Duration(30, 5_000), bothWays: _random.Chance(0.5));
                break;
            case Fault.PartitionActiveFromAll:
                double apart = Duration(100, 3_000);
                SimMember alone = ActiveOrAny();
                for (int node = 0; node <= Network.Handler; node++)
                {
                    if (node != alone.Node)
                        CutFor(alone.Node, node, apart, bothWays: _random.Chance(0.7));
                }

                break;
            case Fault.PartitionHandlerFromActive:
                CutFor(ActiveOrAny().Node, Network.Handler, Duration(100, 6_000), bothWays: _random.Chance(0.7));
                break;
            case Fault.PartitionHandlerFromStandby:
                CutFor(DesigneeOrStandby().Node, Network.Handler, Duration(100, 4_000), bothWays: _random.Chance(0.7));
                break;
            case Fault.PartitionMembers:
                CutFor(ActiveOrAny().Node, Standby().Node, Duration(50, 3_000), bothWays: _random.Chance(0.5));
                break;
            case Fault.Datagrams:
                Trouble(Duration(200, 5_000));
                break;
            case Fault.ClockJump:
                Jump();
                break;
            case Fault.HandlerCrash:
                CrashHandlerFor(Duration(30, 6_000));
                break;
            case Fault.HandlerPause:
                world.Handler.Pause();
                Later(Duration(20, 1_500), world.Handler.Resume);
                break;
            case Fault.DiskTrouble:
                DiskTrouble();
                break;
            case Fault.CopyLag:
                Lag(_random.Chance(0.7) ? DesigneeOrStandby() : ActiveOrAny(), Duration(30, 1_500), Duration(300, 5_000));
                break;
            case Fault.BreakSession:
                _random.Pick(world.Members).BreakSession();
                break;
            case Fault.TwoSuspect:
                TwoSuspect();
                break;
            case Fault.Switchover:
                Switchover();
                break;
            case Fault.Stop:
                Stop();
                break;
            case Fault.AddSas:
                if (world.Sas.Count < 16)
                    world.AddPair();
                if (_random.Chance(0.6))
                    Later(Duration(1, 500), () => Strike(_random.Pick([Fault.HandlerPause, Fault.DiskTrouble, Fault.BreakSession, Fault.CrashActive])));
                break;
            case Fault.DeleteSas:
                _random.Pick(world.Sas).WantDelete = true;
                break;
            default:
                StrikeAtOnce(fault);
                break;
        }
    }
}
