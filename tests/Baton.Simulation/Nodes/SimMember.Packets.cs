using Baton.Redundancy;
using Baton.Redundancy.Leases;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Simulation.Observing;
using Baton.Wire;

namespace Baton.Simulation.Nodes;

/// <summary>The data path: numbers from leases, windows below ceilings, queues for what must wait, and the handing over of a switchover.</summary>
internal sealed partial class SimMember
{
    private const int HeldPerSa = 256;
    private const int HandedOver = 512;

    private sealed class SaState(SimSa sa) : IExactWindow
    {
        public SaId Id;
        public SimWindow Window = null!;
        public ulong Generation;
        public List<(ulong Number, long App, bool Replay)> Held = [];
        public InboundCeiling? Ceiling;

        public WindowReport Report()
        {
            Rebase(sa, this, Ceiling!);
            return Window.Report();
        }
    }

    private readonly Dictionary<int, SaState> _sas = [];
    private readonly Queue<(SimSa Sa, ulong Number, long App, Instant Came)> _handedOver = [];
    private SimMember? _handTo;
    private Instant _handedLast;

    public bool KnowsSa(SimSa sa) => _sas.ContainsKey(sa.Index);

    private void ForgetPackets()
    {
        _sas.Clear();
        _handedOver.Clear();
        _handTo = null;
    }

    private void LearnRecords(LedgerChange change)
    {
        foreach (SaRecord record in change.Upserts)
        {
            if (World.SaOf(record.KeyTag) is not { } sa)
                continue;
            sa.Id = record.Id;
            // An SPI is only an index: the newest record of it counts.
            if (!_sas.TryGetValue(sa.Index, out SaState? known) || known.Id.Value < record.Id.Value)
                Learn(sa, record.Id);
        }

        foreach (SaId id in change.Deletes)
        {
            foreach ((int index, SaState state) in _sas)
            {
                if (state.Id == id)
                {
                    _sas.Remove(index);
                    break;
                }
            }
        }
    }

    private void Learn(SimSa sa, SaId id)
    {
        var state = new SaState(sa) { Id = id, Window = new SimWindow(sa.WindowSize, sa.First - 1) };
        _sas[sa.Index] = state;
        if (sa.Direction == SaDirection.Inbound && Core.Inbound(id) is { } ceiling)
        {
            state.Ceiling = ceiling;
            ceiling.Window = state;
        }
    }

    // ---- outbound ----

    public void SendInner(SimSa sa, long app, bool handed)
    {
        if (HandOn(sa, 0, app, handed) || !_sas.TryGetValue(sa.Index, out SaState? state))
            return;
        if (handed && !ShellActive)
        {
            Queue(sa, 0, app);
            return;
        }

        OutboundLease? lease = Core.Outbound(state.Id);
        if (lease is null)
            return;
        bool taken = lease.TryTake(out ulong number);
        StepIfWork();
        if (!taken)
        {
            if (lease.Next > sa.Space.Maximum - 64)
                sa.WorldsEnd = true;
            return;
        }

        Seal(sa, number, app);
        if (World.Sabotage == Sabotage.RepeatNumber && World.Random.Chance(0.01))
            World.Observer.Sent(this, sa, number);
    }

    private void Seal(SimSa sa, ulong number, long app)
    {
        World.Observer.Sent(this, sa, number);
        if (sa.IsRelayed)
            sa.Accepted.Add((number, app));
        World.Network.Send(Node, Network.Outside, () => World.PeerReceives(sa, number, app));
    }

    /// <summary>The peer asks for it (RFC 6311 section 5.2).</summary>
    public void Jump(SimSa sa, ulong by)
    {
        if (!_sas.TryGetValue(sa.Index, out SaState? state) || Core.Outbound(state.Id) is not { } lease)
            return;
        ulong before = lease.Next;
        lease.Skip(by);
        World.Note(TraceKind.Jumped, Node, (ulong)sa.Index, by, $"from {before} to {lease.Next}, limit {lease.Limit}");
        CountIf(lease.Next > before, Covered.JumpsDone);
        CountIf(lease.Next == before && ShellActive, Covered.JumpsThatWait);
        StepIfWork();
    }

    /// <summary>A receiver report (RFC 3550 6.4.1): so far the far end has followed.</summary>
    public void ReceiveReport(SimSa sa, ulong top)
    {
        if (_sas.TryGetValue(sa.Index, out SaState? state))
            Core.Outbound(state.Id)?.PeerAuthenticated(top);
    }

    // ---- inbound ----

    public void ReceiveOuter(SimSa sa, ulong number, long app, bool handed, bool replay, bool wasHeld = false)
    {
        if (HandOn(sa, number, app, handed) || !_sas.TryGetValue(sa.Index, out SaState? state))
            return;
        if (handed && !ShellActive)
        {
            Queue(sa, number, app);
            return;
        }

        InboundCeiling? ceiling = Core.Inbound(state.Id);
        if (ceiling is null)
            return;
        Rebase(sa, state, ceiling);
        if (World.Sabotage == Sabotage.ForgetRollover && sa.IsRtp)
            state.Window.ForgetRollover();
        ulong inferred = state.Window.Infer(number, sa.Space);
        // What is relayed is sealed under the number inferred, right or wrong: nothing in it tells. Else a wrong one fails the ICV.
        if (!state.Window.IsFresh(inferred) || (inferred != number && !sa.IsRelayed))
        {
            if (replay)
                World.Coverage.Count(Covered.ReplaysRefusedByWindow);
            return;
        }

        switch (World.Sabotage == Sabotage.AcceptAboveCeiling ? Admission.Accept : ceiling.Admit(inferred))
        {
            case Admission.Accept:
                if (World.Sabotage != Sabotage.ForgetWindow)
                    state.Window.Mark(inferred);
                if (sa.IsRelayed)
                    Seal(sa, inferred, app);
                else
                    World.Observer.Accepted(this, sa, number, app);
                break;

            case Admission.Hold:
                World.Coverage.Count(Covered.PacketsHeld);
                if (state.Held.Count < HeldPerSa)
                    state.Held.Add((number, app, replay));
                break;

            case Admission.Replayed:
                break; // the window, based above the same floor, was asked first

            case Admission.NotActive:
                if (replay)
                    World.Coverage.Count(Covered.ReplaysRefusedNotActive);
                else if (handed)
                    Queue(sa, number, app);
                else if (wasHeld)
                    state.Held.Add((number, app, replay)); // the same step froze us: it will be handed over
                break;
        }

        StepIfWork();
    }

    /// <summary>A new start of receiving: the window of an earlier one says nothing any more.</summary>
    private static void Rebase(SimSa sa, SaState state, InboundCeiling ceiling)
    {
        InboundStart start = ceiling.Start;
        if (start.Generation == state.Generation)
            return;
        state.Generation = start.Generation;
        if (start.Window is { } window)
            state.Window.RebaseOn(window);
        else
            state.Window.RebaseAbove(Math.Max(start.Floor, sa.First - 1)); // an SA of this world may begin anywhere
    }

    private void RetryHeld(IReadOnlyList<SaId> sas)
    {
        foreach (SaId id in sas)
        {
            foreach ((int index, SaState state) in _sas)
            {
                if (state.Id == id && state.Held.Count > 0)
                {
                    List<(ulong Number, long App, bool Replay)> held = state.Held;
                    state.Held = [];
                    foreach ((ulong number, long app, bool replay) in held)
                        ReceiveOuter(World.Sas[index], number, app, handed: false, replay, wasHeld: true);
                    break;
                }
            }
        }
    }

    private void DropHeld()
    {
        foreach (SaState state in _sas.Values)
            state.Held.Clear();
    }

    // ---- a planned switchover ----

    private void Freeze(Incarnation successor)
    {
        _handTo = World.Members[successor.Member[0] - 'A'];
        _handedLast = Clock.Now;
        foreach ((int index, SaState state) in _sas)
        {
            List<(ulong Number, long App, bool Replay)> held = state.Held;
            state.Held = [];
            foreach ((ulong number, long app, bool replay) in held)
                ReceiveOuter(World.Sas[index], number, app, handed: false, replay);
        }

        while (_handedOver.TryDequeue(out (SimSa Sa, ulong Number, long App, Instant Came) packet))
            HandOn(packet.Sa, packet.Number, packet.App, handed: false);

        // Workers and card drain, and the path skew passes.
        AfterLocal(World.Random.Between(Network.Ms(5), Network.Ms(9)), Channel.Timer, Drained);
    }

    private void Drained() => Feed(new MemberInput.Drained());

    /// <summary>While handing over, and until nothing has come for a second, everything goes to the successor.</summary>
    private bool HandOn(SimSa sa, ulong number, long app, bool handed)
    {
        if (_handTo is not { } to)
            return false;
        if (handed || Clock.Now - _handedLast > TimeSpan.FromSeconds(1))
        {
            if (!handed)
                _handTo = null;
            return false;
        }

        _handedLast = Clock.Now;
        World.Coverage.Count(Covered.PacketsHandedOver);
        World.Network.Send(Node, to.Node, () => to.Deliver(Channel.Members, () =>
        {
            if (sa.Direction == SaDirection.Outbound)
                to.SendInner(sa, app, handed: true);
            else
                to.ReceiveOuter(sa, number, app, handed: true, replay: false);
        }));
        return true;
    }

    private void StopHandingOver() => _handTo = null;

    private void Queue(SimSa sa, ulong number, long app)
    {
        if (_handedOver.Count < HandedOver)
            _handedOver.Enqueue((sa, number, app, Clock.Now));
    }

    private void WorkOffHandedOver()
    {
        for (int left = _handedOver.Count; left > 0; left--)
        {
            (SimSa sa, ulong number, long app, Instant came) = _handedOver.Dequeue();
            if (Clock.Now - came > TimeSpan.FromSeconds(1))
                continue;
            if (sa.Direction == SaDirection.Outbound)
                SendInner(sa, app, handed: true);
            else
                ReceiveOuter(sa, number, app, handed: true, replay: false);
        }
    }
}
