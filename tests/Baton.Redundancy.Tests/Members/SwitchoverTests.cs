using Baton.Redundancy.Leases;
using Baton.Redundancy.Members;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;

namespace Baton.Redundancy.Tests.Members;

public class SwitchoverTests
{
    [Fact]
    public void A_switchover_goes_on_at_the_first_number_never_assigned_with_the_exact_window()
    {
        TestCluster cluster = TestCluster.Ready();
        TestCluster.Member a = cluster.Members["A"];
        a.AutoDrain = false;
        Assert.True(cluster.Out("A").TryTake(out ulong last));
        TakeoverTests.Accept(cluster, "A", 5);
        var window = new WindowReport(5, new ulong[] { 1 });
        cluster.In("A").Window = new FixedWindow(window);
        cluster.Step(a, new MemberInput.BeginSwitchover(null));
        cluster.Until(() => cluster["A"].State == MemberState.Freezing);
        Assert.False(cluster.Out("A").TryTake(out _));
        Assert.Equal(last + 1, cluster.Out("A").Next);
        cluster.Step(a, new MemberInput.Drained());
        cluster.Until(() => cluster["B"].IsActive && cluster["A"].State == MemberState.Standby, 20);
        Assert.Contains(a.Outputs, static output => output is MemberOutput.SurrenderEnded { Done: true });
        Assert.True(cluster.Out("B").TryTake(out ulong first));
        Assert.Equal(last + 1, first);
        Assert.Same(window, cluster.In("B").Start.Window);
        Assert.Equal(Admission.Accept, cluster.In("B").Admit(4)); // the window knows, not the floor
    }

    /// <summary>What left and what came while the designee was being told is told once more, and the surrender waits for that (G13).</summary>
    [Fact]
    public void What_changes_after_it_was_reported_is_reported_again_before_the_surrender()
    {
        TestCluster cluster = TestCluster.Ready();
        TestCluster.Member a = cluster.Members["A"];
        a.AutoDrain = false;
        TakeoverTests.Accept(cluster, "A", 5);
        cluster.In("A").Window = new FixedWindow(new WindowReport(5, new ulong[] { 1 }));
        cluster.Step(a, new MemberInput.BeginSwitchover(null)); // this very step tells the designee
        Assert.Single(Told(a));
        Assert.True(cluster.Out("A").TryTake(out ulong last));
        Assert.Equal(Admission.Accept, cluster.In("A").Admit(4));
        var window = new WindowReport(5, new ulong[] { 3 });
        cluster.In("A").Window = new FixedWindow(window);
        cluster.Until(() => cluster["A"].State == MemberState.Freezing);

        cluster.Unreachable.Add(("A", "B"));
        cluster.Step(a, new MemberInput.Drained());
        cluster.Run(20);
        Assert.Equal(MemberState.Surrendering, cluster["A"].State); // not asked for: the designee does not have it
        Assert.Equal(1UL, cluster.Handler.Cluster.Term);
        cluster.Unreachable.Clear();
        cluster.Until(() => cluster["B"].IsActive);
        Assert.True(cluster.Out("B").TryTake(out ulong first));
        Assert.Equal(last + 1, first);
        Assert.Same(window, cluster.In("B").Start.Window);
    }

    [Fact]
    public void What_did_not_change_is_reported_once()
    {
        TestCluster cluster = TestCluster.Ready();
        TestCluster.Member a = cluster.Members["A"];
        cluster.In("A").Window = new FixedWindow(new WindowReport(0, new ulong[] { 1 }));
        cluster.Step(a, new MemberInput.BeginSwitchover(null));
        cluster.Until(() => cluster["B"].IsActive);
        MemberMessage.ExactStates once = Assert.Single(Told(a));
        Assert.Single(once.Outbound);
        Assert.Single(once.Inbound);
    }

    [Fact]
    public void A_designee_that_confirms_no_report_stops_no_packet()
    {
        TestCluster cluster = TestCluster.Ready();
        TestCluster.Member a = cluster.Members["A"];
        cluster.Unreachable.Add(("A", "B"));
        cluster.Step(a, new MemberInput.BeginSwitchover(null));
        cluster.Run(50);
        Assert.Equal(MemberState.Active, cluster["A"].State);
        Assert.True(cluster.Out("A").TryTake(out _));
        Assert.True(Told(a).Count > 1); // asked again
    }

    private static List<MemberMessage.ExactStates> Told(TestCluster.Member member) =>
        [.. member.Outputs.OfType<MemberOutput.ToMember>().Select(static output => output.Message).OfType<MemberMessage.ExactStates>()];

    private sealed class FixedWindow(WindowReport report) : IExactWindow
    {
        public WindowReport Report() => report;
    }

    [Fact]
    public void And_back_again_and_then_a_death_repeats_no_number()
    {
        TestCluster cluster = TestCluster.Ready();
        var used = new HashSet<ulong>();
        string active = "A";
        for (int i = 0; i < 4; i++)
        {
            string next = active == "A" ? "B" : "A";
            Spend(cluster, active, used);
            cluster.Until(() => cluster[active].Cluster!.Designee?.Member == next);
            cluster.Step(cluster.Members[active], new MemberInput.BeginSwitchover(next));
            cluster.Until(() => cluster[next].IsActive);
            active = next;
        }

        Spend(cluster, active, used);
        cluster.Until(() => cluster[active].Cluster!.Designee is not null);
        cluster.Kill(active);
        active = active == "A" ? "B" : "A";
        cluster.Until(() => cluster[active].IsActive);
        Spend(cluster, active, used);
    }

    private static void Spend(TestCluster cluster, string member, HashSet<ulong> used)
    {
        for (int i = 0; i < 10; i++)
        {
            Assert.True(cluster.Out(member).TryTake(out ulong number));
            Assert.True(used.Add(number), $"{number} left twice");
        }
    }

    [Fact]
    public void An_active_without_a_handler_surrenders_through_its_designee()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Cut("A");
        cluster.Run(250);
        cluster.Step(cluster.Members["A"], new MemberInput.BeginSwitchover(null));
        cluster.Until(() => cluster["B"].IsActive && cluster["A"].State == MemberState.Standby);
        Assert.Contains(cluster.Members["A"].Outputs, static output => output is MemberOutput.SurrenderEnded { Done: true });
    }

    /// <summary>Else the record would name somebody who does not learn of it, and nobody would work.</summary>
    [Fact]
    public void A_designee_without_a_handler_is_not_handed_over_to()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Cut("B");
        cluster.Run(5);
        cluster.Step(cluster.Members["A"], new MemberInput.BeginSwitchover(null));
        cluster.Run(500);
        Assert.Equal(MemberState.Active, cluster["A"].State);
        Assert.True(cluster.Out("A").TryTake(out _));
        cluster.Connect(cluster.Members["B"]);
        cluster.Until(() => cluster["B"].IsActive); // and the wish still stands
    }

    /// <summary>Nothing is suspected: the active lives, says so, and works no more.</summary>
    [Fact]
    public void A_handler_that_dies_after_the_freeze_leaves_the_designee_to_act_alone()
    {
        TestCluster cluster = TestCluster.Ready();
        TestCluster.Member a = cluster.Members["A"];
        a.AutoDrain = false;
        Assert.True(cluster.Out("A").TryTake(out ulong last));
        cluster.Step(a, new MemberInput.BeginSwitchover(null));
        cluster.Until(() => cluster["A"].State == MemberState.Freezing);
        cluster.StopHandler();
        cluster.Step(a, new MemberInput.Drained());
        cluster.Until(() => cluster["B"].State == MemberState.Alone, 500);
        Assert.True(cluster.Out("B").TryTake(out ulong first));
        Assert.True(first > last);
        cluster.Until(() => cluster["A"].State == MemberState.Standby, 500);
        cluster.StartHandler();
        cluster.Until(() => cluster["B"].State == MemberState.Active);
    }

    [Fact]
    public void A_wish_to_hand_over_outlives_a_move_to_term_plus_two()
    {
        TestCluster cluster = TestCluster.Ready("C");
        ulong term = cluster["A"].Term;
        string designee = cluster["A"].Cluster!.Designee!.Value.Member;
        cluster.Kill(designee);
        cluster.Step(cluster.Members["A"], new MemberInput.BeginSwitchover(null));
        string other = designee == "B" ? "C" : "B";
        cluster.Until(() => cluster[other].IsActive);
        Assert.True(cluster[other].Term > term + 2);
        Assert.Contains(cluster.Members["A"].Outputs, static output => output is MemberOutput.SurrenderEnded { Done: true });
    }

    [Fact]
    public void Who_comes_back_does_not_take_its_role_back_by_itself()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Kill("A");
        cluster.Until(() => cluster["B"].IsActive);
        ulong term = cluster["B"].Term;
        cluster.Start("A");
        cluster.Until(() => cluster["B"].Cluster!.Designee?.Member == "A"); // as ready as it was
        cluster.Run(5000);
        Assert.True(cluster["B"].IsActive);
        Assert.Equal(term, cluster["B"].Term);
        Assert.Equal(MemberState.Standby, cluster["A"].State);
    }

    [Fact]
    public void Without_a_successor_nothing_is_frozen()
    {
        TestCluster cluster = new("A");
        cluster.Until(() => cluster["A"].IsActive);
        cluster.Step(cluster.Members["A"], new MemberInput.BeginSwitchover(null));
        cluster.Run(2000);
        Assert.True(cluster["A"].IsActive);
        Assert.Contains(cluster.Members["A"].Outputs, static output => output is MemberOutput.Note { Event.Kind: RedundancyEventKind.SwitchoverRefused });
    }
}
