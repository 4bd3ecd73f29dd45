using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Baton.Wire;
using Microsoft.Win32.SafeHandles;

namespace Baton.Linux.Sockets;

/// <summary>Unix sockets of a backplane (man 7 unix): opened for this user alone, a file that a dead process left taken away first, and a send that waits a moment for a full queue.</summary>
/// <remarks>
/// The kernel lets few datagrams wait at a Unix socket (net.unix.max_dgram_qlen, 10 as it comes), where a UDP socket has megabytes, and it refuses one more instead
/// of dropping it. So a batch that is refused waits until the receiver has taken some; a receiver that takes nothing meanwhile (it is stopped, or hangs) is not waited
/// for again until <see cref="NotAgainFor"/> has passed, so that it holds up nobody who has work for others.
/// </remarks>
internal static unsafe class Backplane
{
    private static readonly TimeSpan NotAgainFor = TimeSpan.FromMilliseconds(100);

    /// <summary>The kernel rounds it up to a tick of its own, at most 10 ms.</summary>
    private const int WaitMicroseconds = 2_000;

    /// <summary>By label: until when nobody waits for it.</summary>
    private static readonly ConcurrentDictionary<ulong, Instant> Stuck = new();

    /// <summary>A datagram socket at the path; <see cref="BackplaneEndPoint.Unnamed"/>: at none, for sending only.</summary>
    /// <exception cref="IOException">It cannot be opened; the text says why.</exception>
    public static int OpenDatagram(BackplaneEndPoint local)
    {
        int fd = Libc.Socket(Libc.AF_UNIX, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        if (fd < 0)
            throw Libc.Failure("Cannot open a Unix socket", Marshal.GetLastPInvokeError());
        try
        {
            var wait = new Libc.TimeSpec { Nanoseconds = WaitMicroseconds };  // a struct timeval: the same two words, the second in microseconds
            _ = Libc.SetSocketOption(fd, Libc.SOL_SOCKET, Libc.SO_SNDTIMEO, &wait, (uint)sizeof(Libc.TimeSpec));
            if (local == BackplaneEndPoint.Unnamed)
                return fd;
            Prepare(local, fd, SocketType.Dgram);
            fixed (byte* name = local.Name)
            {
                if (Libc.Bind(fd, name, (uint)local.Name.Length) != 0)
                    throw Libc.Failure($"Cannot bind {local}", Marshal.GetLastPInvokeError());
            }

            return fd;
        }
        catch
        {
            _ = Libc.Close(fd);
            throw;
        }
    }

    /// <summary>Before a bind: the folder is there (made with mode 0700 where it was not), no dead process' file is in the way, and the file will have mode 0600 from
    /// its first moment, since it gets the socket's own (man 7 unix).</summary>
    public static void Prepare(BackplaneEndPoint local, int fd, SocketType type)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(local.Path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            using (var handle = new SafeFileHandle(fd, ownsHandle: false))
                File.SetUnixFileMode(handle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            if (IsStale(local, type))
                File.Delete(local.Path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"Cannot bind {local}: {e.Message}", e);
        }
    }

    /// <summary>At the end of a socket's life: its file goes.</summary>
    public static void Remove(BackplaneEndPoint? local)
    {
        if (local is null || local == BackplaneEndPoint.Unnamed)
            return;
        try
        {
            File.Delete(local.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start takes it away.
        }
    }

    /// <summary>The message that the kernel refused because the receiver's queue is full, once more, with a wait.</summary>
    /// <returns>True: it went.</returns>
    public static bool TrySendPatiently(int fd, Libc.Message* message)
    {
        ulong label = UdpEndpoint.Read((byte*)message->Name).Address.Low;
        Instant now = MonotonicClock.Now;
        if (Stuck.TryGetValue(label, out Instant until) && now < until)
            return false;
        if (Libc.SendMessages(fd, message, 1, 0) == 1)
            return true;
        Stuck[label] = MonotonicClock.Now + NotAgainFor;
        return false;
    }

    /// <summary>A socket's file at which nobody listens is what a killed process left. Anything else stays, and the bind will say so.</summary>
    private static bool IsStale(BackplaneEndPoint local, SocketType type)
    {
        int fd = Libc.Open(local.Path, Libc.O_CLOEXEC);
        int errno = Marshal.GetLastPInvokeError();
        if (fd >= 0)
            _ = Libc.Close(fd);
        if (fd >= 0 || errno != Libc.ENXIO)
            return false;
        using var probe = new Socket(AddressFamily.Unix, type, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(local.Path));
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }
}
