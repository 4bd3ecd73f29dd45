using Baton.Redundancy.Handlers;
using Baton.Redundancy.Leases;
using Baton.Redundancy.Members;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Tests;

/// <summary>One handler and some members in one thread: every message arrives after a fixed delay, unless a link is cut.</summary>
internal sealed class TestCluster
{
    /// <summary>Of every message, from now on.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromMicroseconds(200);

    private readonly PriorityQueue<Action, (long, long)> _events = new();
    private long _sequence;

    public TestCluster(params string[] names)
    {
        Handler = new HandlerCore(new HandlerPolicy(), new LedgerChange(true, ClusterRecord.Empty(new Guid(1, 2, 3, new byte[8])), [], []), [], 1);
        foreach (string name in names)
            Start(name);
    }

    public Instant Now { get; private set; } = Instant.FromMilliseconds(1000);

    public HandlerCore Handler { get; }

    public Dictionary<string, Member> Members { get; } = [];

    public bool HandlerIsUp { get; private set; } = true;

    public List<string> Log { get; } = [];

    internal sealed class Member(MemberCore core)
    {
        public MemberCore Core { get; } = core;
        public bool IsUp = true;
        public bool IsConnected;
        public Instant Next = Instant.Never;
        public List<MemberOutput> Outputs { get; } = [];
        public bool AutoDrain = true;
    }

    public MemberCore this[string name] => Members[name].Core;

    public Member Start(string name)
    {
        ulong nonce = (ulong)++_sequence;
        var member = new Member(new MemberCore(new Incarnation(name, nonce), new MemberPolicy()));
        Members[name] = member;
        if (HandlerIsUp)
            Connect(member);
        return member;
    }

    public void Kill(string name, bool notice = true)
    {
        Member dead = Members[name];
        dead.IsUp = false;
        Members.Remove(name);
        if (HandlerIsUp)
            After(() => StepHandler(new HandlerInput.Disconnected(dead.Core.Self)));
        if (!notice)
            return;
        After(() => StepHandler(new HandlerInput.Witness(dead.Core.Self, WitnessView.Dead)));
        foreach (Member other in Members.Values)
            After(() => Step(other, new MemberInput.Witness(dead.Core.Self, WitnessView.Dead)));
    }

    public void StopHandler()
    {
        HandlerIsUp = false;
        foreach (Member member in Members.Values)
        {
            member.IsConnected = false;
            Step(member, new MemberInput.HandlerLost());
        }
    }

    public void StartHandler()
    {
        HandlerIsUp = true;
        foreach (Member member in Members.Values)
            Connect(member);
    }

    public void Cut(string name)
    {
        Member member = Members[name];
        member.IsConnected = false;
        Step(member, new MemberInput.HandlerLost());
        StepHandler(new HandlerInput.Disconnected(member.Core.Self));
    }

    public void Connect(Member member)
    {
        member.IsConnected = true;
        After(() =>
        {
            Step(member, new MemberInput.HandlerConnected());
            StepHandler(new HandlerInput.Connected(member.Core.Self));
        });
    }

    public void Step(Member member, MemberInput input)
    {
        if (!member.IsUp)
            return;
        var outputs = new List<MemberOutput>();
        member.Next = member.Core.Step(input, Now, outputs);
        member.Outputs.AddRange(outputs);
        foreach (MemberOutput output in outputs)
        {
            switch (output)
            {
                case MemberOutput.ToHandler to when member.IsConnected && HandlerIsUp:
                    After(() =>
                    {
                        if (member.IsConnected && HandlerIsUp)
                            StepHandler(new HandlerInput.Request(to.RequestId, to.Header, to.Body));
                    });
                    break;
                case MemberOutput.ToMember to:
                    After(() =>
                    {
                        if (Members.TryGetValue(to.To.Member, out Member? other) && other.Core.Self == to.To && !Unreachable.Contains((member.Core.Self.Member, to.To.Member)))
                            Step(other, new MemberInput.FromMember(to.Message));
                    });
                    break;
                case MemberOutput.Freeze when member.AutoDrain:
                    After(() => Step(member, new MemberInput.Drained()));
                    break;
                case MemberOutput.BecameActive active:
                    Log.Add($"{member.Core.Self.Member} active in {active.Term}{(active.MayReceive ? "" : ", sends only")}");
                    break;
                case MemberOutput.ReceivingAllowed:
                    Log.Add($"{member.Core.Self.Member} receives");
                    break;
                case MemberOutput.BecameStandby:
                    Log.Add($"{member.Core.Self.Member} stands by");
                    break;
            }
        }
    }

    public HashSet<(string, string)> Unreachable { get; } = [];

    public void StepHandler(HandlerInput input)
    {
        if (!HandlerIsUp)
            return;
        var outputs = new List<HandlerOutput>();
        _handlerNext = Handler.Step(input, Now, outputs);
        foreach (HandlerOutput output in outputs)
        {
            switch (output)
            {
                case HandlerOutput.Publish publish:
                    foreach (Member member in Members.Values)
                        Deliver(member, new MemberInput.Changed(publish.Change));
                    break;
                case HandlerOutput.SendSnapshot snapshot:
                    Deliver(Members[snapshot.To.Member], new MemberInput.Changed(snapshot.Snapshot));
                    break;
                case HandlerOutput.Reply reply:
                    if (Members.TryGetValue(reply.To.Member, out Member? to))
                        Deliver(to, new MemberInput.Replied(reply.RequestId, reply.Answer));
                    break;
            }
        }
    }

    private Instant _handlerNext = Instant.Never;

    private void Deliver(Member member, MemberInput input)
    {
        if (member.IsConnected)
            After(() => { if (member.IsConnected) Step(member, input); });
    }

    private void After(Action action) => _events.Enqueue(action, ((Now + Delay).Nanoseconds, ++_sequence));

    /// <summary>Lets virtual time pass until the condition holds; fails when it does not within the limit.</summary>
    public void Until(Func<bool> condition, double milliseconds = 3000)
    {
        Instant end = Now + TimeSpan.FromMilliseconds(milliseconds);
        while (!condition())
        {
            Assert.True(Now < end, $"not within {milliseconds} ms: {string.Join("; ", Log)}");
            Advance();
        }
    }

    public void Run(double milliseconds)
    {
        Instant end = Now + TimeSpan.FromMilliseconds(milliseconds);
        while (Now < end)
            Advance();
    }

    private void Advance()
    {
        Instant next = Now + TimeSpan.FromMicroseconds(100);
        Now = next;
        while (_events.TryPeek(out _, out (long At, long) head) && head.At <= Now.Nanoseconds)
            _events.Dequeue()();
        foreach (Member member in new List<Member>(Members.Values))
        {
            if (member.Next <= Now || member.Core.HasWork)
                Step(member, new MemberInput.Tick());
        }

        if (HandlerIsUp && _handlerNext <= Now)
            StepHandler(new HandlerInput.Tick());
    }

    public static SaRecord Sa(SaDirection direction, ulong key) => new(default, direction, (uint)key, CounterSpace.EspExtended, key, 0, 0, 0, 0, 0, default);

    /// <summary>The usual start: A active with one SA each way, B in sync and designated.</summary>
    public static TestCluster Ready(params string[] more)
    {
        var cluster = new TestCluster("A");
        cluster.Until(() => cluster["A"].IsActive);
        cluster.Step(cluster.Members["A"], new MemberInput.RegisterSas([Sa(SaDirection.Outbound, 1), Sa(SaDirection.Inbound, 2)]));
        cluster.Until(() => cluster["A"].Outbound(new SaId(1)) is not null);
        cluster.Start("B");
        cluster.Until(() => cluster["A"].Cluster!.Designee is not null);
        foreach (string name in more)
        {
            cluster.Start(name);
            cluster.Until(() => cluster["A"].Cluster!.InSync.Any(one => one.Member == name));
        }

        cluster.Run(50);
        return cluster;
    }

    public OutboundLease Out(string member) => this[member].Outbound(new SaId(1))!;

    public InboundCeiling In(string member) => this[member].Inbound(new SaId(2))!;
}
