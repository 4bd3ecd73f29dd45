using Baton.Redundancy;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Records;
using Baton.Simulation.Faults;
using Baton.Simulation.Nodes;
using Baton.Simulation.Observing;
using Baton.Simulation.Time;

namespace Baton.Simulation;

/// <summary>Harm done by the harness itself, to see that the observer sees.</summary>
internal enum Sabotage
{
    None,
    AcceptAboveCeiling,
    ForgetWindow,
    RepeatNumber,
    LoseWhenPlanned,
    NeverHeal,
    SendBeforeCommit,

    /// <summary>SRTP with slices as if the whole index travelled.</summary>
    WideSlices,

    /// <summary>A successor that goes on with the SEQ, without the ROC.</summary>
    ForgetRollover,
}

/// <summary>One run: a handler, three members, peers, a network and clocks, from one seed, in one thread, in virtual time.</summary>
internal sealed class World
{
    public static readonly TimeSpan CeilingTick = TimeSpan.FromMilliseconds(20);

    /// <summary>Least headroom of leases and coarse ceilings: small, so that limits are met all the time.</summary>
    public const ulong Lead = 48;

    public static readonly long FaultsFrom = Network.Ms(4_000);
    public static readonly long QuietFrom = Network.Ms(49_000);
    public static readonly long End = Network.Ms(62_000);

    private const int MostEvents = 3_000_000;

    private readonly EventQueue _events = new();
    private readonly Trace _trace;
    private ulong _lastTerm;
    private Incarnation? _lastHolder;

    public World(ulong seed, Guards guards = Guards.All, bool keepTrace = false, Sabotage sabotage = Sabotage.None)
    {
        (Seed, Guards, Sabotage) = (seed, guards, sabotage);
        Random = new SimRandom(seed);
        _trace = new Trace(keepTrace);
        Profile = ProfileOf(seed);
        Observer = new Observer(this);
        Network = new Network(this);
        // A member that moves on by itself (t+2), or because the peer asks, jumps its numbers with packets under way; a path that reorders across that jump loses
        // some at the peer's window. That is no switchover: where nothing may be lost, each member's path keeps the order.
        Network.OrderedOut = Profile == Profile.PlannedOnly;
        Router = new Router(this);
        Ike = new IkeTraffic(this);
        PeerClusters = new PeerClusters(this);
        Handler = new SimHandler(this, NewClock());
        Members = [new(this, 0, NewClock()), new(this, 1, NewClock()), new(this, 2, NewClock())];
    }

    public ulong Seed { get; }

    public Guards Guards { get; }

    public Sabotage Sabotage { get; }

    public Profile Profile { get; }

    public SimRandom Random { get; }

    public long Now { get; private set; }

    public Coverage Coverage { get; } = new();

    public Observer Observer { get; }

    public Network Network { get; }

    public Router Router { get; }

    public SimHandler Handler { get; }

    public SimMember[] Members { get; }

    public List<SimSa> Sas { get; } = [];

    public IkeTraffic Ike { get; }

    public PeerClusters PeerClusters { get; }

    public ulong TraceHash => _trace.Hash;

    public int Events { get; private set; }

    public static Profile ProfileOf(ulong seed) => (Profile)(seed % (ulong)Enum.GetValues<Profile>().Length);

    public SimSa? SaOf(ulong keyTag) => keyTag >= 0x1000 && keyTag - 0x1000 < (ulong)Sas.Count ? Sas[(int)(keyTag - 0x1000)] : null;

    public void At(long at, Action act) => _events.Add(at, act);

    public void Note(TraceKind kind, int node, ulong a, ulong b, object? what = null) => _trace.Add(Now, kind, node, a, b, what);

    public string PrintTrace() => _trace.Print();

    public SimMember? Active()
    {
        SimMember? best = null;
        foreach (SimMember member in Members)
        {
            if (member.Up && member.ShellActive && (best is null || member.ActiveTerm > best.ActiveTerm))
                best = member;
        }

        return best;
    }

    /// <summary>Runs to the end; throws <see cref="ViolationException"/> where a promise breaks.</summary>
    public void Run()
    {
        Handler.Start();
        foreach (SimMember member in Members)
            At(Random.Between(0, Network.Ms(100)), member.Start);
        for (int pair = 0; pair < 3; pair++)
            AddPair();
        AddCall();
        At(Network.Ms(300), Housekeeping);
        Ike.Start();
        PeerClusters.Start();
        At(Network.Ms(1_000), Attack);
        if (Profile == Profile.FlappingLinks)
            At(FaultsFrom, Observer.WatchRole);
        new FaultSchedule(this).Plan();

        while (_events.Count > 0)
        {
            Action act = _events.Take(out long at);
            if (at > End)
                break;
            Now = Math.Max(Now, at);
            if (++Events > MostEvents)
                throw new ViolationException(Promise.Crash, $"more than {MostEvents} events: somebody turns in circles");
            act();
        }

        Now = End;
        Observer.AtEnd();
    }

    private NodeClock NewClock() => new(this, Random.Between(Network.Ms(1_000), Network.Ms(1e9)), 1 + (Random.Between(-10_000, 10_000) / 1e6));

    // ---- SAs and traffic ----

    public void AddPair()
    {
        bool extended = Random.Chance(0.5);
        CounterSpace space = extended ? CounterSpace.EspExtended : CounterSpace.Esp32;
        ulong slice = Random.Pick([64ul, 256ul, 1024ul]);
        int window = Random.Pick([64, 128]);
        long interval = Random.Between(Network.Ms(60), Network.Ms(110));
        foreach (SaDirection direction in new[] { SaDirection.Outbound, SaDirection.Inbound })
        {
            // Some start just below where the low half wraps.
            ulong first = extended && direction == SaDirection.Outbound && Random.Chance(0.3) ? uint.MaxValue - (ulong)Random.Between(0, 400) : 1;
            Add(new SimSa(Sas.Count, direction, space, first, slice, window) { MeanInterval = interval });
        }
    }

    /// <summary>A call's SAs: RTP that we source or relay, and RTP that we receive; or RTCP. Chance of its own, so that the pairs are the same without it.</summary>
    private void AddCall()
    {
        var random = new SimRandom(Seed ^ 0xCA11_CA11);
        int kind = random.Below(5);
        bool relayed = kind >= 3;
        CounterSpace space = kind == 0 ? CounterSpace.Srtcp : CounterSpace.Srtp;
        if (Sabotage == Sabotage.WideSlices)
            space = space with { SafeJump = space.Maximum };
        ulong slice = Sabotage == Sabotage.WideSlices ? 1 << 15 : random.Pick([64ul, 256ul, 511ul]);
        long interval = random.Between(Network.Ms(40), Network.Ms(80));
        foreach (SaDirection direction in new[] { relayed ? SaDirection.Inbound : SaDirection.Outbound, SaDirection.Inbound })
        {
            // Most start just below where the SEQ wraps, some of them with a ROC above 0: a call that has been up for long.
            ulong first = kind != 0 && random.Chance(0.7) ? ((ulong)random.Below(4) << 16) + 65_536 - (ulong)random.Between(0, 700) : 1;
            bool relays = relayed && Sas.Count % 2 == 0;
            Add(new SimSa(Sas.Count, direction, space, first, slice, random.Pick([64, 128]), relays) { MeanInterval = interval });
        }
    }

    private void Add(SimSa sa)
    {
        Sas.Add(sa);
        At(Math.Max(Now, Network.Ms(3_000)), () => Traffic(sa));
        if (sa.Index >= 4)
            Rest(sa);
    }

    private bool TrafficEnds => Profile == Profile.PlannedOnly && Now > End - Network.Ms(1_500);

    private void Traffic(SimSa sa)
    {
        if (sa.WantDelete || TrafficEnds)
            return;
        At(Now + (sa.MeanInterval / 2) + Random.Between(0, sa.MeanInterval), () => Traffic(sa));
        if (!sa.Registered || (sa.Silent && Now < QuietFrom))
            return;
        int burst = Random.Chance(0.02) ? 10 : 1;
        for (int i = 0; i < burst; i++)
            Offer(sa);
    }

    private void Offer(SimSa sa)
    {
        long app = sa.NextApp++;
        if (Sabotage == Sabotage.LoseWhenPlanned && Now > QuietFrom && Random.Chance(0.01))
            return;
        if (sa.Direction == SaDirection.Outbound)
        {
            SimMember to = Router.Next();
            Network.Send(Network.Outside, to.Node, () => to.Deliver(Channel.Data, () => to.SendInner(sa, app, handed: false)));
            return;
        }

        if (sa.PeerNext > sa.Space.Maximum)
        {
            sa.WorldsEnd = true;
            return;
        }

        // A peer may jump its own counter (RFC 6311), and an extended one wraps its low half that way. Not again before the cluster has followed:
        // two jumps in a row would be more than inference follows (RFC 4303 A2.2). Not where no packet may be lost: a jump outruns the window.
        if (sa.Space.WireBits < sa.Space.Bits && sa.Jumps < 6 && Profile != Profile.PlannedOnly && Random.Chance(0.004)
            && sa.Accepted.Count > 0 && sa.PeerNext - sa.Accepted[^1].Number < (sa.IsVoice ? 1u << 10 : 1u << 20))
        {
            sa.Jumps++;
            Coverage.Count(sa.IsVoice ? Covered.TalkerJumps : Covered.PeerJumps);
            sa.PeerNext += sa.LongestJump;
        }

        ulong number = sa.PeerNext++;
        sa.OnTheWire.Add((number, app));
        SimMember member = Router.Next();
        Network.Send(Network.Outside, member.Node, () => member.Deliver(Channel.Data, () => member.ReceiveOuter(sa, number, app, handed: false, replay: false)));
    }

    /// <summary>Some SAs fall idle for seconds.</summary>
    private void Rest(SimSa sa) => At(Now + Random.Between(Network.Ms(700), Network.Ms(4_000)), () =>
    {
        sa.Silent = !sa.Silent;
        Rest(sa);
    });

    public void PeerReceives(SimSa sa, ulong number, long app)
    {
        if (!sa.PeerWindow.IsFresh(number))
            return;
        Observer.Inferred(sa, number, sa.PeerWindow.Infer(number, sa.Space));
        sa.PeerWindow.Mark(number);
        Observer.Delivered(sa, number, app);
        if (sa.IsVoice && sa.Direction == SaDirection.Outbound && Random.Chance(0.05))
        {
            SimMember to = Router.Next();
            Network.Send(Network.Outside, to.Node, () => to.Deliver(Channel.Data, () => to.ReceiveReport(sa, number)));
        }
    }

    /// <summary>Registers and deletes, again and again, with whoever works, until the ledger has it.</summary>
    private void Housekeeping()
    {
        At(Now + Network.Ms(500), Housekeeping);
        if (Active() is not { Paused: false } active)
            return;
        JumpWhereCold(active);
        Register(active);
    }

    /// <summary>What is to come and to go, asked of this member now.</summary>
    public void Register(SimMember active)
    {
        var fresh = new List<SaRecord>();
        var gone = new List<SaId>();
        foreach (SimSa sa in Sas)
        {
            if (IkeTraffic.Owns(sa))
                continue;
            if (!sa.Registered)
                fresh.Add(sa.NewRecord(Lead));
            else if (sa.WantDelete && !sa.Deleted && sa.Id is { } id)
                gone.Add(id);
        }

        if (fresh.Count > 0)
            active.Feed(new Baton.Redundancy.Members.MemberInput.RegisterSas(fresh));
        if (gone.Count > 0)
        {
            Coverage.Count(Covered.SasDeleted);
            active.Feed(new Baton.Redundancy.Members.MemberInput.DeleteSas(gone));
        }
    }

    /// <summary>
    /// A cold successor refuses a whole coarse lead. Once the faults are over it asks the peer to jump its counter (RFC 6311), where that is needed
    /// and only there: a floor that does not lie above the peer's numbers excuses nobody. A talker of RTP cannot be asked; its call would be offered anew.
    /// </summary>
    private void JumpWhereCold(SimMember active)
    {
        if (Now < QuietFrom + Network.Ms(2_000))
            return;
        foreach (SimSa sa in Sas)
        {
            if (sa.Direction == SaDirection.Inbound && sa.LastArrival < Now - Network.Ms(2_000) && sa.Id is { } id
                && active.Core.Inbound(id) is { Start: var start } && (start.Window?.Top ?? start.Floor) is var from && from >= sa.PeerNext)
            {
                Coverage.Count(Covered.PeersAskedToJump);
                sa.PeerNext = from + 1;
            }
        }
    }

    // ---- the attacker ----

    private void Attack()
    {
        At(Now + Random.Between(Network.Ms(20), Network.Ms(300)), Attack);
        Replay(Random.Pick(Members), recent: Random.Chance(0.5), accepted: Random.Chance(0.7));
    }

    /// <summary>The best moment for a replay is just after a takeover: what was accepted before, to the new one.</summary>
    public void AttackAfterTakeover(SimMember to)
    {
        for (int i = 0; i < 12; i++)
            At(Now + Random.Between(0, Network.Ms(i < 6 ? 20 : 1_500)), () => Replay(to, recent: Random.Chance(0.8), accepted: true));
    }

    private void Replay(SimMember to, bool recent, bool accepted)
    {
        SimSa sa = Random.Pick(Sas);
        int count = accepted ? sa.Accepted.Count : sa.OnTheWire.Count;
        if (sa.Direction != SaDirection.Inbound || count == 0)
            return;
        int which = recent ? Math.Max(0, count - 1 - Random.Below(6)) : Random.Below(count);
        (ulong number, long app) = (accepted ? sa.Accepted : sa.OnTheWire)[which];
        Coverage.Count(Covered.ReplaysAttempted);
        Note(TraceKind.Replay, to.Node, (ulong)sa.Index, number);
        to.Deliver(Channel.Data, () => to.ReceiveOuter(sa, number, app, handed: false, replay: true));
    }

    // ---- coverage ----

    /// <summary>What a durable change meant, for the counters.</summary>
    public void CountChange(LedgerChange change)
    {
        ClusterRecord cluster = change.Cluster;
        if (cluster.Term > _lastTerm)
        {
            if (_lastTerm > 0 && cluster.SurrenderedTerm is { } surrendered && surrendered + 1 == cluster.Term)
                Coverage.Count(Covered.Surrenders);
            else if (_lastTerm > 0 && cluster.Holder == _lastHolder)
                Coverage.Count(Covered.MovesToTermPlusTwo);
            else if (_lastTerm > 0)
                Coverage.Count(Covered.Takeovers);
            if (_lastTerm > 0 && !cluster.HolderWasInSync && cluster.Holder != _lastHolder)
                Coverage.Count(Covered.ColdSuccessors);
        }

        (_lastTerm, _lastHolder) = (cluster.Term, cluster.Holder);
    }
}
