using Baton.Redundancy.Members;

namespace Baton.Redundancy.Tests.Members;

public class PathsTests
{
    [Fact]
    public void The_active_knows_whether_the_designees_paths_are_good()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Run(500);
        Assert.True(cluster["A"].SuccessorPathsGood(cluster.Now));
        cluster.Step(cluster.Members["B"], new MemberInput.Paths(false));
        cluster.Run(20); // said at once, not with the next presence
        Assert.False(cluster["A"].SuccessorPathsGood(cluster.Now));
        cluster.Step(cluster.Members["B"], new MemberInput.Paths(true));
        cluster.Run(20);
        Assert.True(cluster["A"].SuccessorPathsGood(cluster.Now));
    }

    [Fact]
    public void A_designee_that_fell_silent_is_not_good()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Run(500);
        cluster.Unreachable.Add(("B", "A"));
        cluster.Run(5_000);
        Assert.False(cluster["A"].SuccessorPathsGood(cluster.Now));
    }
}
