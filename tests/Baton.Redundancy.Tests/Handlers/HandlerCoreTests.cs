using Baton.Redundancy.Handlers;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Tests.Handlers;

public class HandlerCoreTests
{
    private static readonly Incarnation A = new("A", 1), B = new("B", 2), C = new("C", 3);
    private static readonly Guid Ledger = new(1, 2, 3, new byte[8]);

    private readonly HandlerCore _handler = new(new HandlerPolicy(), new LedgerChange(true, ClusterRecord.Empty(Ledger), [], []), [], 1);
    private Instant _now = Instant.FromMilliseconds(1);
    private ulong _id;

    private List<HandlerOutput> Give(HandlerInput input)
    {
        var outputs = new List<HandlerOutput>();
        _handler.Step(input, _now, outputs);
        return outputs;
    }

    private List<HandlerOutput> Ask(Incarnation from, MemberRequest body) =>
        Give(new HandlerInput.Request(++_id, new RequestHeader(from, Ledger, 0, 0), body));

    private RequestVerdict? Verdict(Incarnation from, MemberRequest body) => VerdictOf(Ask(from, body));

    private static RequestVerdict? VerdictOf(List<HandlerOutput> outputs) =>
        outputs.OfType<HandlerOutput.Reply>().SingleOrDefault()?.Answer.Verdict;

    /// <summary>A holds term 1, B is in sync and designated, C is in sync.</summary>
    private void Start()
    {
        foreach (Incarnation member in new[] { A, B, C })
            Give(new HandlerInput.Connected(member));
        Assert.Equal(RequestVerdict.Granted, Verdict(A, new MemberRequest.Promote(0, null, true)));
        Assert.Equal(RequestVerdict.Granted, Verdict(A, new MemberRequest.Register(1, [TestCluster.Sa(SaDirection.Outbound, 7) with { SliceSize = 100, Limit = 1000 }])));
        Assert.Equal(RequestVerdict.Granted, Verdict(A, new MemberRequest.ChangeInSync(1, _handler.Cluster.InSyncRevision, [B, C])));
        Assert.Equal(RequestVerdict.Granted, Verdict(A, new MemberRequest.NameDesignee(1, B)));
    }

    [Fact]
    public void A_write_is_durable_before_it_is_told_and_told_before_it_is_answered()
    {
        List<HandlerOutput> outputs = Ask(A, new MemberRequest.Promote(0, null, true));
        Assert.Equal([typeof(HandlerOutput.Commit), typeof(HandlerOutput.Publish), typeof(HandlerOutput.Note), typeof(HandlerOutput.Reply)],
            outputs.Select(static output => output.GetType()));
        Assert.Equal(1UL, _handler.Cluster.Revision);
    }

    [Fact]
    public void A_write_of_another_term_or_another_member_is_refused()
    {
        Start();
        Assert.Equal(RequestVerdict.NotCurrentTerm, Verdict(A, new MemberRequest.Extend(2, [(new SaId(1), 5000, 0)])));
        Assert.Equal(RequestVerdict.NotHolder, Verdict(B, new MemberRequest.Extend(1, [(new SaId(1), 5000, 0)])));
        Assert.Equal(RequestVerdict.NotHolder, Verdict(new Incarnation("A", 9), new MemberRequest.Extend(1, [(new SaId(1), 5000, 0)])));
    }

    [Fact]
    public void The_designee_is_promoted_to_the_next_term_and_anybody_else_to_the_one_after()
    {
        Start();
        Assert.Equal(RequestVerdict.Granted, Verdict(C, new MemberRequest.Promote(1, A, true)));
        Assert.Equal((3UL, C, true), (_handler.Cluster.Term, _handler.Cluster.Holder!.Value, _handler.Cluster.HolderWasInSync));
        Assert.Null(_handler.Cluster.Designee);
        Assert.Empty(_handler.Cluster.InSync);
        Assert.Equal(RequestVerdict.NotCurrentTerm, Verdict(B, new MemberRequest.Promote(1, A, true)));
        Assert.Equal(RequestVerdict.NotCurrentTerm, Verdict(B, new MemberRequest.AdoptDesignee(1)));
    }

    [Fact]
    public void A_repeated_promotion_makes_no_second_write()
    {
        Start();
        Assert.Equal(RequestVerdict.Granted, Verdict(B, new MemberRequest.Promote(1, A, true)));
        ClusterRecord once = _handler.Cluster;
        Assert.Equal(RequestVerdict.Granted, Verdict(B, new MemberRequest.Promote(1, A, true)));
        Assert.Same(once, _handler.Cluster);
    }

    [Fact]
    public void A_suspicion_waits_for_the_own_witness()
    {
        Start();
        Give(new HandlerInput.Witness(A, WitnessView.Alive));
        Assert.Null(Verdict(B, new MemberRequest.Promote(1, A, false)));
        Assert.Equal(RequestVerdict.Granted, VerdictOf(Give(new HandlerInput.Witness(A, WitnessView.Suspected))));
        Assert.Equal(2UL, _handler.Cluster.Term);
    }

    [Fact]
    public void A_suspicion_of_a_living_holder_is_refused_after_its_patience()
    {
        Start();
        Give(new HandlerInput.Witness(A, WitnessView.Alive));
        Assert.Null(Verdict(B, new MemberRequest.Promote(1, A, false)));
        _now += TimeSpan.FromMilliseconds(30);
        Assert.Equal(RequestVerdict.HolderAlive, VerdictOf(Give(new HandlerInput.Tick())));
    }

    [Fact]
    public void While_somebody_in_sync_lives_only_the_set_is_promoted()
    {
        Start();
        var cold = new Incarnation("D", 4);
        Assert.Equal(RequestVerdict.NotInSync, Verdict(cold, new MemberRequest.Promote(1, A, true)));
        Give(new HandlerInput.Disconnected(B));
        Give(new HandlerInput.Disconnected(C));
        Assert.Null(Verdict(cold, new MemberRequest.Promote(1, A, true)));
        _now += TimeSpan.FromMilliseconds(30);
        Assert.Equal(RequestVerdict.Granted, VerdictOf(Give(new HandlerInput.Tick())));
        Assert.False(_handler.Cluster.HolderWasInSync);
    }

    [Fact]
    public void A_silence_makes_nobody_active_at_once_who_is_not_in_sync()
    {
        Start();
        Assert.Equal(RequestVerdict.Granted, Verdict(A, new MemberRequest.ChangeInSync(1, _handler.Cluster.InSyncRevision, [])));
        Give(new HandlerInput.Witness(A, WitnessView.Suspected));
        Assert.Null(Verdict(B, new MemberRequest.Promote(1, A, false)));
        _now += TimeSpan.FromMilliseconds(299);
        Assert.Null(VerdictOf(Give(new HandlerInput.Tick())));
        Give(new HandlerInput.Witness(A, WitnessView.Alive));
        _now += TimeSpan.FromMilliseconds(1);
        Assert.Equal(RequestVerdict.HolderAlive, VerdictOf(Give(new HandlerInput.Tick())));

        Give(new HandlerInput.Witness(A, WitnessView.Suspected));
        Assert.Null(Verdict(B, new MemberRequest.Promote(1, A, false)));
        Assert.Equal(RequestVerdict.Granted, VerdictOf(Give(new HandlerInput.Witness(A, WitnessView.Dead))));
        Assert.False(_handler.Cluster.HolderWasInSync);
    }

    [Fact]
    public void A_base_limit_is_never_set_below_what_the_asker_owns()
    {
        Start();
        Verdict(B, new MemberRequest.Promote(1, A, true)); // B owns 1001 .. 1100
        Assert.Equal(RequestVerdict.LimitTooLow, Verdict(B, new MemberRequest.Extend(2, [(new SaId(1), 1099, 0)])));
        Assert.Equal(RequestVerdict.Granted, Verdict(B, new MemberRequest.Extend(2, [(new SaId(1), 1100, 0)])));
        Assert.Equal((1100UL, 2UL), (_handler.Records[new SaId(1)].Limit, _handler.Records[new SaId(1)].LimitTerm));
    }

    [Fact]
    public void A_key_is_registered_once_for_ever()
    {
        Start();
        SaRecord again = TestCluster.Sa(SaDirection.Outbound, 7) with { SliceSize = 100, Limit = 1000 };
        ulong revision = _handler.Cluster.Revision;
        Assert.Equal(RequestVerdict.Granted, Verdict(A, new MemberRequest.Register(1, [again]))); // a repetition
        Assert.Equal(revision, _handler.Cluster.Revision);
        Assert.Equal(RequestVerdict.KeySeenBefore, Verdict(A, new MemberRequest.Register(1, [again with { Direction = SaDirection.Inbound }])));
        Verdict(A, new MemberRequest.Delete(1, [new SaId(1)]));
        Assert.Equal(RequestVerdict.KeySeenBefore, Verdict(A, new MemberRequest.Register(1, [again])));
    }

    [Fact]
    public void A_set_asked_for_on_an_old_revision_is_refused()
    {
        Start();
        ulong old = _handler.Cluster.InSyncRevision;
        Verdict(A, new MemberRequest.ChangeInSync(1, old, [B]));
        Assert.Equal(RequestVerdict.StaleInSyncRevision, Verdict(A, new MemberRequest.ChangeInSync(1, old, [B, C])));
    }

    [Fact]
    public void A_designee_is_named_once_in_a_term()
    {
        Start();
        Assert.Equal(RequestVerdict.Granted, Verdict(A, new MemberRequest.NameDesignee(1, B)));
        Assert.Equal(RequestVerdict.DesigneeAlreadyNamed, Verdict(A, new MemberRequest.NameDesignee(1, C)));
    }

    [Fact]
    public void A_ledger_behind_what_a_member_has_seen_grants_nothing_more()
    {
        Start();
        Assert.Equal(RequestVerdict.LedgerBehind, VerdictOf(Give(new HandlerInput.Request(99, new RequestHeader(B, Ledger, 1000, 1), new MemberRequest.Promote(1, A, true)))));
        Assert.Equal(RequestVerdict.LedgerBehind, Verdict(A, new MemberRequest.NameDesignee(1, B)));
    }

    [Fact]
    public void The_term_that_a_designee_took_alone_is_no_sign_of_lost_records()
    {
        Start();
        Assert.Equal(RequestVerdict.Granted, VerdictOf(Give(new HandlerInput.Request(99, new RequestHeader(B, Ledger, 1, 2), new MemberRequest.AdoptDesignee(1)))));
        Assert.Equal((2UL, B), (_handler.Cluster.Term, _handler.Cluster.Holder!.Value));
    }

    [Fact]
    public void Many_takeovers_wait_longer_each_time()
    {
        Start();
        int damped = 0;
        for (int i = 0; i < 5; i++)
        {
            Incarnation holder = _handler.Cluster.Holder!.Value, next = holder == B ? C : B;
            RequestVerdict? verdict;
            while ((verdict = Verdict(next, new MemberRequest.Promote(_handler.Cluster.Term, holder, true))) == RequestVerdict.Damped)
            {
                damped++;
                _now += TimeSpan.FromMilliseconds(10);
            }

            Assert.Equal(RequestVerdict.Granted, verdict);
        }

        Assert.Equal(6 + 12 + 24, damped); // the first two are free; then 60, 120, 240 ms
    }
}
