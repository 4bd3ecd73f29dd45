using System.ComponentModel;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Baton.Linux;

/// <summary>Does something in another network namespace: a socket made there stays there, whoever uses it (man 7 network_namespaces).</summary>
public static partial class NetworkNamespace
{
    private const int CloneNewNet = 0x4000_0000;

    /// <summary>Runs <paramref name="action"/> on a thread of its own that has moved into the namespace at <paramref name="path"/> (such as /run/netns/x).</summary>
    /// <remarks>The thread ends afterwards, so no other work ever finds itself in that namespace. Null or empty: here.</remarks>
    /// <exception cref="IOException">There is no such namespace, or CAP_SYS_ADMIN is missing.</exception>
    public static T In<T>(string? path, Func<T> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        if (string.IsNullOrEmpty(path)) return action();
        T? result = default;
        ExceptionDispatchInfo? failed = null;
        var thread = new Thread(() =>
        {
            try
            {
                Enter(path);
                result = action();
            }
            catch (Exception e) when (e is IOException or Win32Exception or System.Net.Sockets.SocketException or UnauthorizedAccessException)
            {
                failed = ExceptionDispatchInfo.Capture(e);
            }
        })
        { Name = "in a namespace" };
        thread.Start();
        thread.Join();
        failed?.Throw();
        return result!;
    }

    private static void Enter(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, share: FileShare.ReadWrite);
        if (SetNamespace(file, CloneNewNet) != 0)
            throw new IOException($"{path}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message} (it takes CAP_SYS_ADMIN to enter a namespace)");
    }

    /// <remarks>man 2 setns. Moves the calling thread only.</remarks>
    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle space, int kind);
}
