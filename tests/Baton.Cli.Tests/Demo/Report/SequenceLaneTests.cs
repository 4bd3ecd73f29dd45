using Baton.Cli.Demo.Report;

namespace Baton.Cli.Tests.Demo.Report;

public class SequenceLaneTests
{
    private static SequenceSample At(long time, ulong number, string member) => new(time, number, member);

    [Fact]
    public void A_jump_starts_a_lane_and_a_straggler_stays_in_its_own()
    {
        ulong slice = 1 << 24;
        IReadOnlyList<SequenceLane> lanes = SequenceLane.Arrange(
            [At(1, 1, "A"), At(2, 2, "A"), At(3, slice + 1, "B"), At(4, 3, "A"), At(5, slice + 2, "B")],
            [new LeaseLimit(0, 3, slice, "A", 1), new LeaseLimit(3, 9, 2 * slice, "B", 2)]);
        Assert.Equal(["A", "B"], lanes.Select(lane => lane.Member));
        Assert.Equal((1UL, 3UL), (lanes[0].Lowest, lanes[0].Highest));
        Assert.Equal(slice, Assert.Single(lanes[0].Limits).Limit);
        Assert.Equal(2 * slice, Assert.Single(lanes[1].Limits).Limit);
    }

    [Fact]
    public void Handing_over_and_back_without_a_jump_makes_three_lanes()
    {
        IReadOnlyList<SequenceLane> lanes = SequenceLane.Arrange(
            [At(1, 1, "A"), At(2, 2, "A"), At(3, 3, "B"), At(4, 4, "B"), At(5, 5, "A"), At(6, 6, "A")], []);
        Assert.Equal(["A", "B", "A"], lanes.Select(lane => lane.Member));
        Assert.Equal([2UL, 4, 6], lanes.Select(lane => lane.Highest));
    }

    [Fact]
    public void An_extension_is_another_limit_of_the_same_lane()
    {
        IReadOnlyList<SequenceLane> lanes = SequenceLane.Arrange(
            [At(1, 1, "A"), At(9, 2, "A")],
            [new LeaseLimit(0, 4, 100, "A", 1), new LeaseLimit(4, 9, 200, "A", 1), new LeaseLimit(5, 9, 200, "A", 1)]);
        Assert.Equal([100UL, 200], lanes[0].Limits.Select(limit => limit.Limit));
        Assert.Equal((4, 9), (lanes[0].Limits[1].StartNs, lanes[0].Limits[1].EndNs));
    }
}
