using Baton.Redundancy.Members;
using Baton.Redundancy.Tracking;

namespace Baton.Redundancy.Tests.Members;

public class PathsTests
{
    [Fact]
    public void The_active_knows_how_healthy_the_designees_paths_are()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Run(500);
        foreach (PathHealth health in new[] { PathHealth.Good, PathHealth.Dead, PathHealth.Settling })
        {
            Tell(cluster, "B", health);
            cluster.Run(20); // said at once, not with the next presence
            Assert.Equal(health, cluster["A"].SuccessorPaths(cluster.Now));
        }
    }

    [Fact]
    public void A_designee_that_fell_silent_has_no_paths()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Run(500);
        cluster.Unreachable.Add(("B", "A"));
        cluster.Run(5_000);
        Assert.Null(cluster["A"].SuccessorPaths(cluster.Now));
    }

    [Theory]
    [InlineData(PathHealth.Good)]
    [InlineData(PathHealth.Settling)]
    [InlineData(PathHealth.Dead)]
    public void A_dead_active_is_followed_at_once_whatever_the_paths_of_its_only_standby(PathHealth health)
    {
        TestCluster cluster = TestCluster.Ready();
        Tell(cluster, "B", health);
        cluster.Run(50);
        cluster.Kill("A");
        cluster.Until(() => cluster["B"].IsActive, milliseconds: 3);
    }

    /// <summary>Just after the designee fell ill: the active has had no time to name the other.</summary>
    [Theory]
    [InlineData(PathHealth.Dead, PathHealth.Settling)]
    [InlineData(PathHealth.Dead, PathHealth.Good)]
    [InlineData(PathHealth.Settling, PathHealth.Good)]
    public void Of_two_standbys_the_healthier_follows(PathHealth designees, PathHealth others)
    {
        (TestCluster cluster, string designee, string other) = ThreeInSync();
        Tell(cluster, other, others);
        Tell(cluster, designee, designees);
        cluster.Run(2);
        cluster.Kill("A");
        cluster.Until(() => cluster[other].IsActive, milliseconds: 5);
        Assert.False(cluster[designee].IsActive);
    }

    [Theory]
    [InlineData(PathHealth.Good)]
    [InlineData(PathHealth.Settling)]
    [InlineData(PathHealth.Dead)]
    public void Of_two_equals_the_designee_follows(PathHealth health)
    {
        (TestCluster cluster, string designee, string other) = ThreeInSync();
        Tell(cluster, designee, health);
        Tell(cluster, other, health);
        cluster.Run(2);
        cluster.Kill("A");
        cluster.Until(() => cluster[designee].IsActive, milliseconds: 5);
        Assert.False(cluster[other].IsActive);
    }

    [Fact]
    public void A_designee_with_a_dead_path_gives_its_place_to_one_that_is_good_but_only_once_it_lasted()
    {
        (TestCluster cluster, string designee, string other) = ThreeInSync();
        ulong term = cluster["A"].Term;
        Tell(cluster, designee, PathHealth.Dead);
        cluster.Run(1_000);
        Assert.Equal(term, cluster["A"].Term);
        cluster.Until(() => cluster["A"].Term > term && cluster.Handler.Cluster.Designee?.Member == other);
        Assert.Equal(term + 2, cluster["A"].Term);
        Assert.True(cluster["A"].IsActive);

        // And it is done with: nobody outdoes the new one, and the ill one is in sync again beside it.
        cluster.Run(10_000);
        Assert.Equal(term + 2, cluster["A"].Term);
        Assert.Equal(2, cluster.Handler.Cluster.InSync.Length);
    }

    [Fact]
    public void One_that_settles_replaces_a_dead_designee_only_when_the_role_must_go()
    {
        (TestCluster cluster, string designee, string other) = ThreeInSync();
        ulong term = cluster["A"].Term;
        Tell(cluster, other, PathHealth.Settling);
        Tell(cluster, designee, PathHealth.Dead);
        cluster.Run(10_000);
        Assert.Equal(term, cluster["A"].Term);
        Tell(cluster, "A", PathHealth.Dead);
        cluster.Until(() => cluster.Handler.Cluster.Designee?.Member == other);
    }

    [Fact]
    public void Nobody_hands_a_working_path_over_to_a_dead_one()
    {
        TestCluster cluster = TestCluster.Ready();
        Tell(cluster, "B", PathHealth.Dead);
        cluster.Run(50);
        cluster.Step(cluster.Members["A"], new MemberInput.BeginSwitchover(null));
        cluster.Run(3_000);
        Assert.True(cluster["A"].IsActive);
        Assert.Contains(cluster.Members["A"].Outputs.OfType<MemberOutput.Note>(), note => note.Event is { Kind: RedundancyEventKind.SwitchoverRefused } refused && refused.Detail.EndsWith("has a dead path", StringComparison.Ordinal));
    }

    /// <summary>A is active, both others are in sync.</summary>
    private static (TestCluster Cluster, string Designee, string Other) ThreeInSync()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Start("C");
        cluster.Until(() => cluster.Handler.Cluster.InSync.Length == 2);
        cluster.Run(3_000);
        string designee = cluster.Handler.Cluster.Designee!.Value.Member;
        return (cluster, designee, designee == "B" ? "C" : "B");
    }

    private static void Tell(TestCluster cluster, string name, PathHealth health) => cluster.Step(cluster.Members[name], new MemberInput.Paths(health));
}
