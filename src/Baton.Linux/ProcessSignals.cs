using System.Runtime.InteropServices;

namespace Baton.Linux;

/// <summary>Signals that one process sends another (man 7 signal).</summary>
public enum ProcessSignal
{
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

public static partial class ProcessSignals
{
    /// <summary>True: it was sent. False: there is no such process any more, or it is another user's.</summary>
    public static bool TrySend(int pid, ProcessSignal signal) => pid > 0 && Kill(pid, (int)signal) == 0;

    /// <remarks>man 2 kill.</remarks>
    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
