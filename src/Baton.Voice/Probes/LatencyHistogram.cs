namespace Baton.Voice.Probes;

/// <summary>One-way latencies in steps of 10 microseconds up to one second. Nothing is allocated by recording.</summary>
internal sealed class LatencyHistogram
{
    private const int Steps = 100_000;
    private const double StepMicroseconds = 10;

    private readonly int[] _counts = new int[Steps + 1];
    private long _total;

    public TimeSpan Longest { get; private set; }

    public void Record(TimeSpan latency)
    {
        int step = (int)Math.Clamp(latency.TotalMicroseconds / StepMicroseconds, 0, Steps);
        _counts[step]++;
        _total++;
        if (latency > Longest)
            Longest = latency;
    }

    /// <summary>The upper edge of the step in which the quantile lies, in microseconds; 0 when nothing was recorded.</summary>
    public double Quantile(double quantile)
    {
        long rank = (long)Math.Ceiling(quantile * _total);
        long below = 0;
        for (int step = 0; step <= Steps && rank > 0; step++)
        {
            below += _counts[step];
            if (below >= rank)
                return (step + 1) * StepMicroseconds;
        }

        return 0;
    }

    public void Clear()
    {
        Array.Clear(_counts);
        _total = 0;
        Longest = TimeSpan.Zero;
    }
}
