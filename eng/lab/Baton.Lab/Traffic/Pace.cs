using Baton.Linux;
using Baton.Wire;

namespace Baton.Lab.Traffic;

/// <summary>Holds a sender to so many bytes a second, measured from its start.</summary>
internal sealed class Pace(double bytesPerSecond)
{
    private readonly Instant _start = MonotonicClock.Now;

    public void Await(long bytes) => MonotonicClock.SleepUntil(_start + TimeSpan.FromSeconds(bytes / bytesPerSecond));
}
