using Baton.Wire;

namespace Baton.Voice.Tests;

public class GapMeterTests
{
    private static Instant At(double milliseconds) => Instant.FromMilliseconds(milliseconds);

    [Fact]
    public void Longest_gap_is_between_arrivals_and_says_where()
    {
        var gaps = new GapMeter();
        Assert.Equal(TimeSpan.Zero, gaps.Arrive(At(5)));
        gaps.Arrive(At(6));
        gaps.Arrive(At(26));
        gaps.Arrive(At(27));
        Assert.Equal(TimeSpan.FromMilliseconds(20), gaps.Longest);
        Assert.Equal(At(6), gaps.LongestAt);
        Assert.Equal(TimeSpan.FromMilliseconds(3), gaps.Open(At(30)));
    }

    [Fact]
    public void A_gap_open_at_the_mark_counts_in_full_after_it()
    {
        var gaps = new GapMeter();
        gaps.Arrive(At(0));
        gaps.Arrive(At(50));
        gaps.Mark();
        Assert.Equal(TimeSpan.Zero, gaps.Longest);
        gaps.Arrive(At(60));
        Assert.Equal(TimeSpan.FromMilliseconds(10), gaps.Longest);
    }
}
