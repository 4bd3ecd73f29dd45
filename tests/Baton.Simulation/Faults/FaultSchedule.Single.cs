using Baton.Redundancy.Handlers;
using Baton.Redundancy.Records;
using Baton.Simulation.Nodes;
using Baton.Simulation.Observing;

namespace Baton.Simulation.Faults;

/// <summary>The single faults.</summary>
internal sealed partial class FaultSchedule
{
    private void CrashFor(SimMember member, double milliseconds) => StartAgain(member, milliseconds, () => member.Crash(machine: _random.Chance(0.35)));

    private void StartAgain(SimMember member, double milliseconds, Action end)
    {
        end();
        Later(milliseconds, () => Restart(member));
    }

    private void Restart(SimMember member)
    {
        if (member.Up)
        {
            member.Resume();
            return;
        }

        world.Coverage.Count(Covered.MemberRestarts);
        member.Start();
    }

    private void PauseFor(SimMember member, double milliseconds)
    {
        member.Pause();
        Later(milliseconds, member.Resume);
    }

    private void CrashHandlerFor(double milliseconds)
    {
        world.Handler.Crash(machine: _random.Chance(0.3));
        Later(milliseconds, () =>
        {
            if (!world.Handler.Up)
                world.Handler.Start();
        });
    }

    private void CutFor(int from, int to, double milliseconds, bool bothWays)
    {
        if (from == to)
            return;
        world.Coverage.Count(Covered.Partitions);
        world.Network.Cut(from, to);
        if (bothWays)
            world.Network.Cut(to, from);
        Later(milliseconds, () =>
        {
            world.Network.Mend(from, to);
            if (bothWays)
                world.Network.Mend(to, from);
        });
    }

    private void Trouble(double milliseconds)
    {
        world.Coverage.Count(Covered.DatagramTrouble);
        Network network = world.Network;
        network.Loss = _random.Chance(0.6) ? Duration(0.01, 0.4) : 0;
        network.Duplication = _random.Chance(0.6) ? Duration(0.01, 0.3) : 0;
        network.Late = _random.Chance(0.8) ? Duration(0.05, 0.7) : 0;
        network.LatestBy = Network.Ms(Duration(5, 900));
        Later(milliseconds, () => (network.Loss, network.Duplication, network.Late) = (0, 0, 0));
    }

    private void Jump()
    {
        world.Coverage.Count(Covered.ClockJumps);
        long by = Network.Ms(Duration(10, 8_000)) * (_random.Chance(0.3) ? -1 : 1);
        int node = _random.Below(Network.Members + 1);
        world.Note(TraceKind.ClockJump, node, 0, 0, by / 1_000_000);
        if (node == Network.Handler)
            world.Handler.ClockJumped(by);
        else
            world.Members[node].ClockJumped(by);
    }

    /// <summary>The link to the outside dies and comes back, a few times.</summary>
    private void Flap(SimMember member, int times)
    {
        member.SetLink(works: false);
        Later(Duration(20, 4_000), () =>
        {
            member.SetLink(works: true);
            if (times > 1)
                Later(Duration(20, 4_000), () => Flap(member, times - 1));
        });
    }

    private void DiskTrouble() =>
        world.Handler.NextFault = _random.Pick([DiskFault.Fails, DiskFault.FailsButHappened, DiskFault.Slow]);

    private void Lag(SimMember member, double lag, double milliseconds)
    {
        world.Coverage.Count(Covered.CopyLags);
        member.CopyLag = Network.Ms(lag);
        member.AnswerLag = _random.Chance(0.6) ? member.CopyLag : 0;
        member.RequestLag = _random.Chance(0.4) ? Network.Ms(Duration(30, 800)) : 0;
        Later(milliseconds, () => (member.CopyLag, member.AnswerLag, member.RequestLag) = (0, 0, 0));
    }

    /// <summary>Both standbys suspect an active that lives; sometimes the handler does too.</summary>
    private void TwoSuspect()
    {
        world.Coverage.Count(Covered.TwoSuspecting);
        SimMember active = ActiveOrAny();
        Incarnation of = active.Self;
        foreach (SimMember member in world.Members)
        {
            if (member != active)
                Later(_random.Chance(0.5) ? 0 : Duration(0.1, 20), () => member.Deliver(Channel.Members, () => member.Suspect(of)));
        }

        SimHandler handler = world.Handler;
        if (_random.Chance(0.7))
            Later(_random.Chance(0.5) ? 0 : Duration(0.1, 20), () => handler.Deliver(Channel.Members, () => handler.Suspect(of)));
    }

    private void Switchover()
    {
        string? to = _random.Chance(0.6) ? null : _random.Pick(world.Members).Name;
        if (_random.Chance(0.5))
        {
            SimHandler handler = world.Handler;
            handler.Deliver(Channel.Timer, () => handler.Feed(new HandlerInput.OperatorSwitchover(to)));
            return;
        }

        SimMember active = ActiveOrAny();
        active.Deliver(Channel.Timer, () => active.Switchover(to));
    }

    /// <summary>SIGTERM: hand over, go on handing over until it is quiet, end; start again later.</summary>
    private void Stop()
    {
        world.Coverage.Count(Covered.StopsAsked);
        SimMember active = ActiveOrAny();
        int life = active.Life;
        active.Deliver(Channel.Timer, () => active.Switchover(null));
        int checks = 0;
        Wait();

        void Wait() => Later(400, () =>
        {
            if (active.Life != life || !active.Up)
                return;
            if (active.ShellActive && ++checks < 6)
            {
                Wait();
                return;
            }

            // What is still under way to it must find it (P6): a second is more than any path's skew.
            Later(1_200, End);
        });

        void End()
        {
            // Nor does it end while it is somebody's successor, or is one and has not heard of it.
            if (Array.Exists(world.Members, member => member.HandsOver) || (world.Observer.Durable?.Holder == active.Self && !active.ShellActive))
                Later(50, End);
            else if (active.Life == life && !active.ShellActive)
                StartAgain(active, Duration(300, 4_000), active.End);
        }
    }
}
