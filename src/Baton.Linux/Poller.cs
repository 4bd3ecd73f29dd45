using System.Runtime.InteropServices;
using Baton.Wire;

namespace Baton.Linux;

/// <summary>Waits for any of a few descriptors to be readable, or for an instant (man 2 ppoll). One owner thread.</summary>
public sealed unsafe class Poller : IDisposable
{
    private readonly Libc.PollFd* _fds;
    private readonly int _count;

    public Poller(params ReadOnlySpan<int> fds)
    {
        _count = fds.Length;
        _fds = (Libc.PollFd*)NativeMemory.AllocZeroed((nuint)fds.Length, (nuint)sizeof(Libc.PollFd));
        for (int i = 0; i < fds.Length; i++)
            _fds[i] = new Libc.PollFd { Fd = fds[i], Events = Libc.POLLIN };
    }

    /// <summary>Returns when something is readable or <paramref name="until"/> has come.</summary>
    public void Wait(Instant until)
    {
        Libc.TimeSpec* timeout = null;
        Libc.TimeSpec spec;
        if (until != Instant.Never)
        {
            long wait = Math.Max(0, until.Nanoseconds - MonotonicClock.Now.Nanoseconds);
            spec = new Libc.TimeSpec { Seconds = wait / 1_000_000_000, Nanoseconds = wait % 1_000_000_000 };
            timeout = &spec;
        }

        for (int i = 0; i < _count; i++)
            _fds[i].Returned = 0;
        _ = Libc.Poll(_fds, (nuint)_count, timeout, null);
    }

    /// <summary>Was this descriptor, one of those given, readable (or in error) at the last <see cref="Wait"/>?</summary>
    public bool IsReady(int fd)
    {
        for (int i = 0; i < _count; i++)
        {
            if (_fds[i].Fd == fd)
                return _fds[i].Returned != 0;
        }

        return false;
    }

    public void Dispose() => NativeMemory.Free(_fds);
}

/// <summary>Wakes a <see cref="Poller"/> from another thread (man 2 eventfd).</summary>
public sealed unsafe class WakeEvent : IDisposable
{
    private int _fd;

    public WakeEvent()
    {
        _fd = Libc.EventFd(0, Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC);
        if (_fd < 0)
            throw Libc.Failure("Cannot make an eventfd", Marshal.GetLastPInvokeError());
    }

    public int Fd => _fd;

    public void Set()
    {
        ulong one = 1;
        _ = Libc.Write(_fd, &one, 8);
    }

    public void Reset()
    {
        ulong count;
        _ = Libc.Read(_fd, &count, 8);
    }

    public void Dispose()
    {
        if (_fd >= 0)
            _ = Libc.Close(_fd);
        _fd = -1;
    }
}
