using Baton.Redundancy.Handlers;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;

namespace Baton.Redundancy.Tests.Members;

public class TakeoverTests
{
    [Fact]
    public void The_first_member_becomes_active_and_the_second_stands_by_in_sync_and_designated()
    {
        TestCluster cluster = TestCluster.Ready();
        Assert.Equal(["A active in 1"], cluster.Log);
        Assert.Equal(MemberState.Standby, cluster["B"].State);
        Assert.Equal(cluster["B"].Self, cluster["A"].Cluster!.Designee);
    }

    [Fact]
    public void A_killed_active_is_followed_by_its_designee_in_the_next_term_above_its_limit()
    {
        TestCluster cluster = TestCluster.Ready();
        ulong last = 0;
        for (int i = 0; i < 100; i++)
            Assert.True(cluster.Out("A").TryTake(out last));
        ulong limit = cluster.Out("A").Limit;
        cluster.Kill("A");
        cluster.Until(() => cluster["B"].IsActive, 20);
        Assert.Equal(2UL, cluster["B"].Term);
        Assert.True(cluster.Out("B").TryTake(out ulong first));
        Assert.Equal(limit + 1, first);
    }

    [Fact]
    public void What_the_old_active_accepted_is_a_replay_for_the_new_one_and_what_follows_is_not()
    {
        TestCluster cluster = TestCluster.Ready();
        Accept(cluster, "A", 1);
        Accept(cluster, "A", 2);
        cluster.Kill("A");
        cluster.Until(() => cluster["B"].IsActive, 20);
        Assert.Equal(Admission.Replayed, cluster.In("B").Admit(2));
        Assert.Equal(Admission.Accept, cluster.In("B").Admit(3));
        Assert.Equal(new(1, 2, null), cluster.In("B").Start);
    }

    /// <summary>The number is held until the ceiling's confirmation comes.</summary>
    internal static void Accept(TestCluster cluster, string member, ulong number)
    {
        Admission admission = cluster.In(member).Admit(number);
        if (admission == Admission.Hold)
        {
            cluster.Until(() => cluster.In(member).Ceiling >= number, 10);
            admission = cluster.In(member).Admit(number);
        }

        Assert.Equal(Admission.Accept, admission);
    }

    [Fact]
    public void With_the_handler_away_the_designee_sends_alone_and_receives_when_it_is_adopted()
    {
        TestCluster cluster = TestCluster.Ready();
        Accept(cluster, "A", 1);
        cluster.StopHandler();
        cluster.Kill("A");
        cluster.Until(() => cluster["B"].IsActive, 20);
        Assert.Equal(MemberState.Alone, cluster["B"].State);
        Assert.True(cluster.Out("B").TryTake(out _));
        Assert.Equal(Admission.NotActive, cluster.In("B").Admit(2));
        cluster.StartHandler();
        cluster.Until(() => cluster["B"].State == MemberState.Active);
        Assert.Equal(["A active in 1", "B active in 2, sends only", "B receives"], cluster.Log);
        Assert.Equal(Admission.Replayed, cluster.In("B").Admit(1));
        Assert.Equal(Admission.Accept, cluster.In("B").Admit(2));
    }

    [Fact]
    public void A_suspicion_of_a_living_holder_is_refused()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.StepHandler(new HandlerInput.Witness(cluster["A"].Self, WitnessView.Alive));
        cluster.Step(cluster.Members["B"], new MemberInput.Witness(cluster["A"].Self, WitnessView.Suspected));
        cluster.Run(500);
        Assert.Equal(["A active in 1"], cluster.Log);
        cluster.StepHandler(new HandlerInput.Witness(cluster["A"].Self, WitnessView.Suspected));
        cluster.Until(() => cluster["B"].IsActive, 100);
        cluster.Until(() => cluster.Log.Count == 3, 10);
        Assert.Equivalent(new[] { "A active in 1", "A stands by", "B active in 2" }, cluster.Log);
    }

    [Fact]
    public void A_restarted_active_asks_for_a_new_term_and_goes_on_in_none()
    {
        TestCluster cluster = new("A");
        cluster.Until(() => cluster["A"].IsActive);
        cluster.Kill("A", notice: false);
        cluster.Start("A");
        cluster.Until(() => cluster["A"].IsActive);
        Assert.Equal(3UL, cluster["A"].Term);
    }

    [Fact]
    public void A_standby_that_dies_is_taken_out_of_the_set_and_inbound_goes_on()
    {
        TestCluster cluster = TestCluster.Ready();
        Accept(cluster, "A", 1);
        cluster.Kill("B");
        Assert.Equal(Admission.Hold, cluster.In("A").Admit(2));
        cluster.Until(() => cluster.In("A").Ceiling >= 2, 20);
        Assert.Contains(cluster.Members["A"].Outputs, static output => output is MemberOutput.CeilingsRose);
    }

    [Fact]
    public void A_restarted_designee_makes_the_active_move_on_and_name_the_new_life()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Kill("B");
        cluster.Run(5);
        cluster.Start("B");
        cluster.Until(() => cluster["A"].Cluster!.Designee == cluster["B"].Self);
        Assert.Equal(["A active in 1", "A active in 3"], cluster.Log);
        Assert.Contains(cluster["B"].Self, cluster["A"].Cluster!.InSync);
    }

    [Fact]
    public void With_three_members_one_after_another_takes_over()
    {
        TestCluster cluster = TestCluster.Ready("C");
        Accept(cluster, "A", 1);
        cluster.Kill("A");
        cluster.Until(() => cluster["B"].IsActive, 20);
        cluster.Until(() => cluster["B"].Cluster!.Designee == cluster["C"].Self);
        cluster.Run(50); // slow traffic has no lead
        Accept(cluster, "B", 7);
        cluster.Kill("B");
        cluster.Until(() => cluster["C"].IsActive);
        Assert.Equal(Admission.Replayed, cluster.In("C").Admit(7));
        Assert.Equal(Admission.Accept, cluster.In("C").Admit(8));
    }

    [Fact]
    public void An_active_without_a_handler_gives_up_its_address_when_nobody_confirms()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.StopHandler();
        cluster.Unreachable.Add(("B", "A"));
        Assert.Equal(Admission.Hold, cluster.In("A").Admit(1));
        cluster.Until(() => cluster["A"].State == MemberState.Ended, 150);
        Assert.False(cluster.Out("A").TryTake(out _));
        cluster.Unreachable.Clear();
        cluster.StartHandler();
        cluster.Until(() => cluster["A"].IsActive);
        Assert.Equal(3UL, cluster["A"].Term);
    }
}
