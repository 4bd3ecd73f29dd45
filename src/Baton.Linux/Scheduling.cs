using System.Runtime.InteropServices;

namespace Baton.Linux;

/// <summary>Real-time priority, niceness, locked memory: what makes a deadline of milliseconds hold. Each tells why when it is refused.</summary>
public static unsafe class Scheduling
{
    /// <summary>SCHED_FIFO for the calling thread (man 7 sched). It must block often: never poll in a loop under it.</summary>
    /// <returns>Null when granted; else the reason and its price.</returns>
    public static string? TryRealTime(int priority)
    {
        const int Fifo = 1;
        _ = Libc.ProcessControl(29, 1, 0, 0, 0);  // PR_SET_TIMERSLACK: a nanosecond instead of 50 microseconds
        if (Libc.SetScheduler(0, Fifo, &priority) == 0)
            return null;
        return $"no real-time priority ({Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}; it needs CAP_SYS_NICE or RLIMIT_RTPRIO): "
            + "under full load a heartbeat may be late and a takeover false";
    }

    /// <summary>Niceness for every thread the process has now; later ones inherit it.</summary>
    public static bool TryNice(int nice)
    {
        bool all = true;
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
            all &= Libc.SetPriority(0, uint.Parse(Path.GetFileName(task), System.Globalization.CultureInfo.InvariantCulture), nice) == 0;
        return all;
    }

    /// <summary>Keeps what the process has and will have in memory (man 2 mlockall).</summary>
    public static bool TryLockMemory() => Libc.LockAllMemory(1 | 2) == 0;

    /// <summary>No core dump: writing one would delay the notice of a death by seconds (RLIMIT_CORE).</summary>
    public static void NoCoreDump()
    {
        var none = default(Libc.ResourceLimit);
        _ = Libc.SetLimit(4, &none);
    }
}

/// <summary>Ties the life of this process to its parent's.</summary>
public static class ProcessTie
{
    /// <summary>The kernel kills this process when the thread that started it ends (man 2 prctl, PR_SET_PDEATHSIG).</summary>
    /// <param name="parent">The parent's id when it started us: if it is gone already, this process exits.</param>
    public static void DieWithParent(int? parent = null)
    {
        const int SetParentDeathSignal = 1;
        const int Kill = 9;
        _ = Libc.ProcessControl(SetParentDeathSignal, Kill, 0, 0, 0);
        if (parent is { } expected && Libc.ParentId() != expected)
            Environment.Exit(1);
    }
}
