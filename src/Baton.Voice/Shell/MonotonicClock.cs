using System.Diagnostics;
using Baton.Wire;

namespace Baton.Voice.Shell;

/// <summary>CLOCK_MONOTONIC: one clock for all processes of a machine, so that times of different logs can be laid side by side.</summary>
public static class MonotonicClock
{
    /// <summary>On Linux the frequency is 10^9 and this is the kernel's own count.</summary>
    public static Instant Now => new((long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency)));

    /// <summary>Sleeps until the instant, or not at all when it has passed.</summary>
    public static void SleepUntil(Instant due)
    {
        TimeSpan left = due - Now;
        if (left > TimeSpan.Zero)
            Thread.Sleep(Math.Max(1, (int)left.TotalMilliseconds));
    }
}
