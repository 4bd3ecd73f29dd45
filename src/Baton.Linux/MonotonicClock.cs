using System.Diagnostics;
using Baton.Wire;

namespace Baton.Linux;

/// <summary>CLOCK_MONOTONIC, for shells. The same in all processes of a machine; it does not run while the machine is suspended.</summary>
public static unsafe class MonotonicClock
{
    private const int Monotonic = 1;
    private const int Absolute = 1;

    public static Instant Now => new(Stopwatch.Frequency == 1_000_000_000
        ? Stopwatch.GetTimestamp()
        : (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency)));

    /// <summary>Sleeps until an instant, not for a span: lateness does not add up (man 2 clock_nanosleep, TIMER_ABSTIME).</summary>
    public static void SleepUntil(Instant at)
    {
        var spec = new Libc.TimeSpec { Seconds = at.Nanoseconds / 1_000_000_000, Nanoseconds = at.Nanoseconds % 1_000_000_000 };
        while (Libc.ClockSleep(Monotonic, Absolute, &spec, null) == Libc.EINTR)
        {
        }
    }
}
