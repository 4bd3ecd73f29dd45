using Baton.Linux;

namespace Baton.Voice.Shell;

/// <summary>A thread that moves packets: real-time where the system lets it, so that what is measured is the path and not the witness.</summary>
internal static class PacketThread
{
    /// <summary>In the path, like the router: as urgent as that.</summary>
    public const int InPath = 10;

    /// <summary>At the ends: never before the gateways that are measured.</summary>
    public const int AtEnd = 5;

    /// <summary>Each of these blocks in a system call between two packets, as SCHED_FIFO asks.</summary>
    public static Thread Create(string name, int priority, Action run) => new(() =>
    {
        // Refused without root: gaps of our own sending are reported (sendGapMs), so a late witness shows.
        _ = Scheduling.TryRealTime(priority);
        run();
    })
    { IsBackground = true, Name = name };
}
