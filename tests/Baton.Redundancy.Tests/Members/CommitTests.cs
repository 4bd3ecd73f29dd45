using Baton.Redundancy.Members;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;

namespace Baton.Redundancy.Tests.Members;

public sealed class CommitTests
{
    private static LedgerCommit State(ulong id, ulong version) => new([new IkeRecord(new IkeId(id), version, 1000 + id, default)], [], [], []);

    private static void Commit(TestCluster cluster, string member, ulong token, LedgerCommit what) =>
        cluster.Step(cluster.Members[member], new MemberInput.Commit(token, what));

    private static ulong[] Done(TestCluster cluster, string member) =>
        [.. cluster.Members[member].Outputs.OfType<MemberOutput.Committed>().Select(c => c.Token)];

    private static (ulong, CommitFailure)[] Failed(TestCluster cluster, string member) =>
        [.. cluster.Members[member].Outputs.OfType<MemberOutput.CommitFailed>().Select(f => (f.Token, f.Why))];

    [Fact]
    public void Done_means_that_the_designee_has_it()
    {
        TestCluster cluster = TestCluster.Ready();
        Commit(cluster, "A", 1, State(5, 1) with { Sas = [TestCluster.Sa(SaDirection.Outbound, 11), TestCluster.Sa(SaDirection.Inbound, 12)] });
        cluster.Until(() => Done(cluster, "A").Length == 1);
        Assert.Equal(1UL, cluster["B"].IkeRecords[new IkeId(5)].Version);
        Assert.NotNull(cluster["B"].Outbound(new SaId(3)));

        // What it registers may be used at once, from the first number to the first limit.
        Assert.True(cluster["A"].Outbound(new SaId(3))!.TryTake(out ulong number));
        Assert.Equal(1UL, number);
        Assert.True(cluster["A"].Outbound(new SaId(3))!.Limit >= 1 << 16);
    }

    [Fact]
    public void Without_the_designees_word_nothing_is_done()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Unreachable.Add(("B", "A"));
        Commit(cluster, "A", 1, State(5, 1));
        cluster.Until(() => cluster["A"].IkeRecords.ContainsKey(new IkeId(5)));
        cluster.Run(50);
        Assert.Empty(Done(cluster, "A"));
        cluster.Unreachable.Clear();
        cluster.Until(() => Done(cluster, "A").Length == 1);
    }

    [Fact]
    public void A_designee_that_stays_silent_is_passed_by_and_the_commit_is_done_in_the_next_term()
    {
        TestCluster cluster = TestCluster.Ready();
        ulong term = cluster["A"].Term;
        cluster.Unreachable.Add(("B", "A"));
        Commit(cluster, "A", 1, State(5, 1));
        cluster.Until(() => Done(cluster, "A").Length == 1, milliseconds: 6000);
        Assert.Equal(term + 2, cluster["A"].Term);
        Commit(cluster, "A", 2, State(5, 2));
        cluster.Until(() => Done(cluster, "A").Length == 2);
        Assert.Empty(Failed(cluster, "A"));
    }

    [Fact]
    public void Many_go_in_order_and_a_refused_one_stops_no_other()
    {
        TestCluster cluster = TestCluster.Ready();
        Commit(cluster, "A", 1, State(5, 1));
        Commit(cluster, "A", 2, State(6, 1) with { Sas = [TestCluster.Sa(SaDirection.Outbound, 1)] }); // that key is registered
        Commit(cluster, "A", 3, State(7, 1));
        Commit(cluster, "A", 4, State(5, 1)); // not above the version there is
        Commit(cluster, "A", 5, State(5, 2));
        cluster.Until(() => Done(cluster, "A").Length == 3);
        Assert.Equal([1UL, 3, 5], Done(cluster, "A"));
        Assert.Equal([(2UL, CommitFailure.KeySeenBefore), (4UL, CommitFailure.Malformed)], Failed(cluster, "A"));
        Assert.False(cluster["B"].IkeRecords.ContainsKey(new IkeId(6)));
        Assert.Equal(2UL, cluster["B"].IkeRecords[new IkeId(5)].Version);
    }

    [Fact]
    public void What_is_made_and_ended_in_one_breath_leaves_its_key_behind()
    {
        TestCluster cluster = TestCluster.Ready();
        Commit(cluster, "A", 1, State(5, 1) with { Sas = [TestCluster.Sa(SaDirection.Outbound, 11)] });
        Commit(cluster, "A", 2, new LedgerCommit([], [], [new IkeId(5)], [11]));
        cluster.Until(() => Done(cluster, "A").Length == 2);
        Assert.Empty(cluster["B"].IkeRecords);
        Assert.Equal(2, cluster.Handler.Records.Count);
        Commit(cluster, "A", 3, State(5, 7));
        Commit(cluster, "A", 4, new LedgerCommit([], [TestCluster.Sa(SaDirection.Outbound, 11)], [], []));
        cluster.Until(() => Failed(cluster, "A").Length == 2);
    }

    [Fact]
    public void While_the_handler_is_away_commits_wait_and_happen_once_when_it_is_back()
    {
        TestCluster cluster = TestCluster.Ready();
        Commit(cluster, "A", 1, State(5, 1));
        cluster.Until(() => cluster.Handler.IkeRecords.Count == 1); // granted, and nobody here knows it yet
        Assert.Empty(Done(cluster, "A"));
        cluster.StopHandler();
        Commit(cluster, "A", 2, State(5, 2) with { Sas = [TestCluster.Sa(SaDirection.Outbound, 11)] });
        cluster.Run(300);
        Assert.Empty(Done(cluster, "A"));
        cluster.StartHandler();
        cluster.Until(() => Done(cluster, "A").Length == 2);
        Assert.Equal(2UL, cluster.Handler.Cluster.Commits);
        Assert.Empty(Failed(cluster, "A"));
    }

    [Fact]
    public void They_wait_for_a_bounded_time_of_memory_only()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.StopHandler();
        for (ulong i = 1; i <= 16_385; i++)
            Commit(cluster, "A", i, State(5, i));
        Assert.Equal([(16_385UL, CommitFailure.TooManyWait)], Failed(cluster, "A"));
        Commit(cluster, "B", 1, State(6, 1));
        Assert.Equal([(1UL, CommitFailure.NotActive)], Failed(cluster, "B"));
    }

    [Fact]
    public void The_successor_has_what_was_done_and_the_deposed_ones_commits_fail()
    {
        TestCluster cluster = TestCluster.Ready();
        Commit(cluster, "A", 1, State(5, 1));
        cluster.Until(() => Done(cluster, "A").Length == 1);
        cluster.Cut("A");
        Commit(cluster, "A", 2, State(5, 2));
        cluster.Step(cluster.Members["B"], new MemberInput.Witness(cluster["A"].Self, Baton.Redundancy.Handlers.WitnessView.Dead));
        cluster.StepHandler(new Baton.Redundancy.Handlers.HandlerInput.Witness(cluster["A"].Self, Baton.Redundancy.Handlers.WitnessView.Dead));
        cluster.Until(() => cluster["B"].IsActive);
        Assert.Equal(1UL, cluster["B"].IkeRecords[new IkeId(5)].Version);
        cluster.Connect(cluster.Members["A"]);
        cluster.Until(() => Failed(cluster, "A").Length == 1);
        Assert.Equal([(2UL, CommitFailure.NotActive)], Failed(cluster, "A"));

        // The new holder's commits count from 1 again.
        Commit(cluster, "B", 1, State(5, 2));
        cluster.Until(() => Done(cluster, "B").Length == 1);
        Assert.Equal(1UL, cluster.Handler.Cluster.Commits);
    }

    [Fact]
    public void A_surrender_hands_the_iv_counter_on_where_it_stands()
    {
        TestCluster cluster = TestCluster.Ready();
        Commit(cluster, "A", 1, State(5, 1) with { Sas = [TestCluster.Sa(SaDirection.Outbound, 11) with { Space = CounterSpace.IkeIv, LastAuthenticated = 65 }] });
        cluster.Until(() => Done(cluster, "A").Length == 1);

        // 1 to 64 are the maker's own; the lease goes on behind them.
        Assert.True(cluster["A"].Outbound(new SaId(3))!.TryTake(out ulong number));
        Assert.Equal(65UL, number);
        cluster.Run(20);
        cluster.Step(cluster.Members["A"], new MemberInput.BeginSwitchover(null));
        cluster.Until(() => cluster["B"].IsActive);
        Assert.True(cluster["B"].Outbound(new SaId(3))!.TryTake(out number));
        Assert.Equal(66UL, number);
    }
}
