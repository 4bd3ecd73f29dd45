using Baton.Redundancy;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Members;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Simulation.Observing;
using Baton.Simulation.Time;
using Baton.Wire;

namespace Baton.Simulation.Nodes;

/// <summary>A gateway's process around its core. This file: sessions, timers, outputs, life and death; the other: packets.</summary>
internal sealed partial class SimMember(World world, int node, NodeClock clock) : SimProcess(world, node, clock)
{
    private readonly MemberPolicy _policy = new()
    {
        CeilingTick = World.CeilingTick,
        LeaseTime = TimeSpan.FromSeconds(world.Seed % 7 == 3 ? 30 : 2),  // some long enough to shut a cold successor out
        // Small, so that what is asked for follows the rate and limits are met; not where no packet may wait for one.
        LeaseMinimum = world.Profile == Faults.Profile.PlannedOnly ? World.Lead : 12,
        DesigneePatience = TimeSpan.FromMilliseconds(500),
        CeilingPatience = TimeSpan.FromMilliseconds(200),
        RequestTimeout = TimeSpan.FromMilliseconds(150),
        HandlerPatience = TimeSpan.FromMilliseconds(200),
        IdleAfter = TimeSpan.FromMilliseconds(500),
        PresenceInterval = TimeSpan.FromMilliseconds(200),
    };

    private Session? _session;
    private Witnesses? _witnesses;
    private int _tickGeneration;
    private bool _workPlanned;
    private List<MemberOutput>? _interrupted;
    private readonly Dictionary<SaId, (ulong Term, ulong Ceiling)> _told = [];

    public string Name { get; } = "ABC"[node].ToString();

    public Incarnation Self { get; private set; }

    public MemberCore Core { get; private set; } = null!;

    /// <summary>How much later than usual the handler's stream reaches this member: a lagging standby.</summary>
    public long CopyLag { get; set; }

    /// <summary>The same for answers: they may lag with the copy, or overtake it.</summary>
    public long AnswerLag { get; set; }

    /// <summary>Stop (or die) after so many more outputs, in the middle of a step.</summary>
    public int? OutputsUntilPause { get; set; }

    public int? OutputsUntilCrash { get; set; }

    /// <summary>How much later its requests reach the handler.</summary>
    public long RequestLag { get; set; }

    public ulong CopyRevision { get; private set; }

    /// <summary>The term that this member took alone, 0 for none.</summary>
    public ulong AloneTerm { get; private set; }

    public bool ShellActive { get; private set; }

    /// <summary>The term in which the shell believes to be active.</summary>
    public ulong ActiveTerm { get; private set; }

    public void Start()
    {
        ComeUp();
        Self = new Incarnation(Name, World.Random.Next());
        Core = new MemberCore(Self, _policy, World.Guards);
        World.Note(TraceKind.Started, Node, Self.Nonce, 0, Self);
        (_session, _interrupted, _workPlanned, CopyRevision, AloneTerm) = (null, null, false, 0, 0);
        (ShellActive, ActiveTerm, OutputsUntilCrash, OutputsUntilPause) = (false, 0, null, null);
        ForgetPackets();
        ForgetIke();
        (IsInParts, _lastReport) = (false, 0);
        _witnesses = new Witnesses(this, (of, view) => Feed(new MemberInput.Witness(of, view)));
        _witnesses.Start();
        Feed(new MemberInput.Tick());
        After(World.Random.Between(Network.Ms(1), Network.Ms(20)), Channel.Timer, Connect);
        After(World.Random.Between(0, Network.Ms(100)), Channel.Timer, Heartbeat);
        StartPaths();
    }

    /// <param name="machine">The whole machine, sentinel and sockets included: nobody is told.</param>
    public void Crash(bool machine)
    {
        if (!Up)
            return;
        World.Note(TraceKind.Crashed, Node, machine ? 1ul : 0, 0);
        World.Coverage.Count(Covered.MemberCrashes);
        if (Core.WaitingCommits > 0)
            World.Coverage.Count(Covered.CommitsPendingAtCrash);
        Incarnation dead = Self;
        if (machine)
        {
            _session?.Break();
        }
        else
        {
            _session?.End(0, World.Random.Between(Network.Ms(1), Network.Ms(80)));
            TellDeath(dead);
        }

        GoDown();
    }

    /// <summary>An orderly end: it said so first, so everybody knows when it comes.</summary>
    public void End()
    {
        if (!Up)
            return;
        Incarnation dead = Self;
        foreach (SimMember other in World.Members)
        {
            if (other != this)
                other.Deliver(Channel.Members, () => other.DeathNotice(dead));
        }

        Crash(machine: false);
    }

    /// <summary>Is a switchover of its own under way?</summary>
    public bool HandsOver => Up && Core.State is MemberState.Freezing or MemberState.Surrendering;

    private void TellDeath(Incarnation dead)
    {
        foreach (SimMember other in World.Members)
        {
            if (other != this)
                World.Network.Send(Node, other.Node, () => other.Deliver(Channel.Members, () => other.DeathNotice(dead)));
        }

        SimHandler handler = World.Handler;
        World.Network.Send(Node, Network.Handler, () => handler.Deliver(Channel.Members, () => handler.DeathNotice(dead)));
    }

    public override void Pause()
    {
        if (!Up || Paused)
            return;
        World.Coverage.Count(Covered.MemberPauses);
        World.Note(TraceKind.Paused, Node, 0, 0);
        base.Pause();
    }

    public override void Resume()
    {
        if (!Up || !Paused)
            return;
        World.Note(TraceKind.Resumed, Node, 0, 0);
        OutputsUntilPause = null;
        if (_interrupted is { } rest)
        {
            // It stopped in the middle of a step: it goes on exactly there.
            _interrupted = null;
            Perform(rest, 0);
        }

        base.Resume();
    }

    public void ClockJumped(long by)
    {
        Clock.Jump(by);
        if (Up)
            After(Network.Ms(1), Channel.Timer, () => Feed(new MemberInput.Tick()));
    }

    // ---- the handler's session ----

    private void Connect()
    {
        AfterLocal(World.Random.Between(Network.Ms(100), Network.Ms(250)), Channel.Timer, Connect);
        SimHandler handler = World.Handler;
        if (_session is not null || !handler.Up || World.Network.IsCut(Node, Network.Handler) || World.Network.IsCut(Network.Handler, Node))
            return;
        var session = new Session(World, this, handler);
        _session = session;
        session.Up(() => handler.Open(session));
        session.Down(() => Feed(new MemberInput.HandlerConnected()));
    }

    public void SessionClosed(Session session)
    {
        if (session.ClosedAtMember)
            return;
        session.ClosedAtMember = true;
        if (_session != session)
            return;
        _session = null;
        Feed(new MemberInput.HandlerLost());
    }

    /// <summary>The stream ends and both ends know soon; what was on its way may still arrive.</summary>
    public void EndSession()
    {
        World.Coverage.Count(Covered.SessionsBroken);
        _session?.End(World.Random.Between(0, Network.Ms(5)), World.Random.Between(0, Network.Ms(5)));
    }

    public void BreakSession()
    {
        World.Coverage.Count(Covered.SessionsBroken);
        _session?.Break();
    }

    public void Replied(ulong requestId, HandlerReply reply) => Feed(new MemberInput.Replied(requestId, reply));

    public void SnapshotPart(ClusterRecord cluster, IReadOnlyList<SaRecord> records)
    {
        World.Coverage.Count(Covered.SnapshotsInParts);
        Feed(new MemberInput.SnapshotPart(cluster, records));
    }

    public void Changed(LedgerChange change)
    {
        CopyRevision = Math.Max(CopyRevision, change.Cluster.Revision); // an older ledger takes nothing back
        if (change.Cluster.Holder is { } holder && holder != Self)
            _witnesses?.Watch(holder);
        Feed(new MemberInput.Changed(change));
    }

    public void Switchover(string? to)
    {
        World.Coverage.Count(Covered.SwitchoversAsked);
        Feed(new MemberInput.BeginSwitchover(to));
    }

    // ---- witness ----

    private void Heartbeat()
    {
        AfterLocal(Witnesses.Interval.Ticks * 100, Channel.Timer, Heartbeat);
        Incarnation self = Self;
        foreach (SimMember other in World.Members)
        {
            if (other != this)
                World.Network.Send(Node, other.Node, () => other.Deliver(Channel.Members, () => other._witnesses?.Heard(self)));
        }

        SimHandler handler = World.Handler;
        World.Network.Send(Node, Network.Handler, () => handler.Deliver(Channel.Members, () => handler.Heartbeat(self)));
    }

    private void DeathNotice(Incarnation of) => _witnesses?.HeardDead(of);

    public void Suspect(Incarnation of) => Feed(new MemberInput.Witness(of, WitnessView.Suspected));

    // ---- core ----

    public void Feed(MemberInput input)
    {
        if (!Up)
            return;
        World.Note(TraceKind.Input, Node, 0, 0, input);
        var outputs = new List<MemberOutput>();
        Moment before = Look(input);
        Instant next = Core.Step(input, Clock.Now, outputs);
        CountWhatCrossed(before, input, outputs);
        foreach (MemberOutput output in outputs)
            World.Note(TraceKind.Output, Node, 0, 0, output);
        ScheduleTick(next);
        Perform(outputs, 0);
    }

    private void ScheduleTick(Instant next)
    {
        int generation = ++_tickGeneration;
        if (next == Instant.Never)
            return;
        After(Math.Max(Clock.WhenItShows(next) - World.Now, Network.Ms(0.05)), Channel.Timer, () =>
        {
            if (generation == _tickGeneration)
                Feed(new MemberInput.Tick());
        });
    }

    /// <summary>The data path crossed a mark: the core hears of it soon, after the batch.</summary>
    private void StepIfWork()
    {
        if (!Core.HasWork || _workPlanned)
            return;
        _workPlanned = true;
        After(World.Random.Between(Network.Ms(0.01), Network.Ms(0.2)), Channel.Timer, () =>
        {
            _workPlanned = false;
            Feed(new MemberInput.Tick());
        });
    }

    private void Perform(List<MemberOutput> outputs, int from)
    {
        int life = Life;
        for (int i = from; i < outputs.Count && Life == life; i++)
        {
            if (OutputsUntilPause is { } left && (OutputsUntilPause = left - 1) < 0)
            {
                OutputsUntilPause = null;
                _interrupted = outputs.GetRange(i, outputs.Count - i);
                World.Coverage.Count(Covered.PausesMidStep);
                Pause();
                return;
            }

            if (OutputsUntilCrash is { } until && (OutputsUntilCrash = until - 1) < 0)
            {
                World.Coverage.Count(Covered.CrashesMidStep);
                Crash(machine: World.Random.Chance(0.3));
                return;
            }

            Perform(outputs[i]);
        }
    }

    private void Perform(MemberOutput output)
    {
        switch (output)
        {
            case MemberOutput.ToHandler request:
                SimHandler handler = World.Handler;
                if (request.Body is MemberRequest.Surrender passed && passed.To == Self)
                    World.Coverage.Count(Covered.RelaysOfSurrender);
                _session?.Up(() => handler.Request(request));
                break;

            case MemberOutput.ToMember message:
                SendToMember(message);
                break;

            case MemberOutput.BecameActive active:
                BecomeActive(active);
                break;

            case MemberOutput.ReceivingAllowed:
                BeginIke();
                WorkOffHandedOver();
                break;

            case MemberOutput.BecameStandby:
                ShellActive = false;
                ForgetIke();
                DropHeld();
                break;

            case MemberOutput.Committed committed:
                OnCommitted(committed.Token);
                break;

            case MemberOutput.CommitFailed failed:
                OnCommitFailed(failed);
                break;

            case MemberOutput.Freeze freeze:
                ForgetIke();
                Freeze(freeze.Successor);
                break;

            case MemberOutput.CeilingsRose rose:
                RetryHeld(rose.Sas);
                break;

            case MemberOutput.RecordsChanged records:
                LearnRecords(records.Change);
                break;

            case MemberOutput.Note note:
                World.Coverage.Events[(int)note.Event.Kind]++;
                if (note.Event.Kind == RedundancyEventKind.ActedAlone)
                    World.Coverage.Count(Covered.TakeoversWithoutHandler);
                break;
        }
    }

    private void SendToMember(MemberOutput.ToMember message)
    {
        // To whoever lives under that name: an address knows no incarnations.
        SimMember other = World.Members[message.To.Member[0] - 'A'];
        if (message.Message is MemberMessage.FineCeilings ceilings)
        {
            World.Observer.CeilingMessage(Node, other.Node);
            foreach ((SaId id, ulong ceiling) in ceilings.Ceilings)
            {
                if (_told.TryGetValue(id, out (ulong Term, ulong Ceiling) last) && last.Term == ceilings.Term && ceiling < last.Ceiling)
                    World.Coverage.Count(Covered.CeilingsLowered);
                _told[id] = (ceilings.Term, ceiling);
            }
        }

        if (message.Message is MemberMessage.TermOver)
            World.Coverage.Count(Covered.TermsSaidToBeOver);
        World.Network.Send(Node, other.Node, () => other.Deliver(Channel.Members, () => other.Feed(new MemberInput.FromMember(message.Message))));
    }

    private void BecomeActive(MemberOutput.BecameActive active)
    {
        if (!active.MayReceive)
            AloneTerm = active.Term;
        (ShellActive, ActiveTerm) = (true, active.Term);
        StopHandingOver();
        if (active.MayReceive)
            BeginIke();
        World.AttackAfterTakeover(this);
        Announce(active.Term);
        WorkOffHandedOver();
    }

    private void Announce(ulong term)
    {
        if (!ShellActive)
            return;
        World.Network.Send(Node, Network.Outside, () => World.Router.Steer(term, Node));
        AfterLocal(Network.Ms(250), Channel.Timer, () =>
        {
            if (ActiveTerm == term)
                Announce(term);
        });
    }
}
