using Baton.Voice.Probes;

namespace Baton.Voice.Tests.Probes;

public class LatencyHistogramTests
{
    [Fact]
    public void Quantiles_are_those_of_the_sorted_values_to_ten_microseconds()
    {
        var histogram = new LatencyHistogram();
        for (int microseconds = 100; microseconds > 0; microseconds--)
            histogram.Record(TimeSpan.FromMicroseconds(microseconds * 100));
        Assert.InRange(histogram.Quantile(0.5), 5000, 5010);
        Assert.InRange(histogram.Quantile(0.99), 9900, 9910);
        Assert.Equal(TimeSpan.FromMilliseconds(10), histogram.Longest);
        histogram.Record(TimeSpan.FromSeconds(100)); // beyond the last step
        Assert.True(histogram.Quantile(1) >= 1_000_000);
        histogram.Clear();
        Assert.Equal(0, histogram.Quantile(0.5));
    }
}
