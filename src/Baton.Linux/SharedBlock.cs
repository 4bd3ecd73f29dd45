using System.Runtime.InteropServices;

namespace Baton.Linux;

/// <summary>A page of memory that a gateway and its sentinel share, with a robust mutex at its start (DESIGN: the sentinel).</summary>
/// <remarks>
/// The gateway locks the mutex on a thread of its own and keeps it for life; the sentinel waits for it. When the gateway dies the kernel walks its
/// robust list before it frees memory or closes files, and the waiter gets EOWNERDEAD (man 3 pthread_mutexattr_setrobust).
/// <code>
///    0  pthread_mutex_t (40 bytes on 64-bit glibc)     64  words of 8 bytes, each written by one side
/// </code>
/// </remarks>
public sealed unsafe class SharedBlock : IDisposable
{
    private const int Bytes = 4_096;
    private const int WordsAt = 64;

    private byte* _memory;
    private int _fd;

    private SharedBlock(int fd)
    {
        _fd = fd;
        _memory = (byte*)Libc.Map(null, Bytes, 1 | 2, 1, fd, 0);
        if (_memory == (byte*)-1)
        {
            int errno = Marshal.GetLastPInvokeError();
            _ = Libc.Close(fd);
            throw Libc.Failure("Cannot map the memory that gateway and sentinel share", errno);
        }
    }

    /// <summary>Another process of the same user opens it here as long as this one lives.</summary>
    public string PathForOthers => $"/proc/{Environment.ProcessId}/fd/{_fd}";

    public static SharedBlock Create()
    {
        const uint CloseOnExec = 1;
        int fd = Libc.MemoryFile("baton-sentinel", CloseOnExec);
        if (fd < 0 || Libc.SetLength(fd, Bytes) != 0)
            throw Libc.Failure("Cannot make the memory that gateway and sentinel share", Marshal.GetLastPInvokeError());
        var block = new SharedBlock(fd);
        long* attributes = stackalloc long[2];
        Check(Libc.MutexAttributesInit(attributes));
        Check(Libc.MutexAttributesSetShared(attributes, 1));
        Check(Libc.MutexAttributesSetRobust(attributes, 1));
        Check(Libc.MutexInit(block._memory, attributes));
        return block;
    }

    public static SharedBlock Open(string path)
    {
        int fd = Libc.Open(path, 2 | 0x80000);
        int errno = Marshal.GetLastPInvokeError();
        return fd >= 0 ? new SharedBlock(fd) : throw Libc.Failure($"Cannot open {path}", errno);
    }

    /// <summary>The i-th word; 0 to 63.</summary>
    public ulong this[int word]
    {
        get => Volatile.Read(ref *Word(word));
        set => Volatile.Write(ref *Word(word), value);
    }

    /// <summary>Waits for the mutex. True: its owner died. The caller owns it afterwards, on this thread.</summary>
    public bool LockOwnerDied()
    {
        int result = Libc.MutexLock(_memory);
        if (result == Libc.EOWNERDEAD)
            return true;
        Check(result);
        return false;
    }

    /// <summary>On the thread that locked it.</summary>
    public void Unlock() => Check(Libc.MutexUnlock(_memory));

    public void Dispose()
    {
        if (_memory == null)
            return;
        _ = Libc.Unmap(_memory, Bytes);
        _ = Libc.Close(_fd);
        _memory = null;
        _fd = -1;
    }

    private static void Check(int result)
    {
        if (result != 0)
            throw new InvalidOperationException($"A call on the shared mutex failed: {Marshal.GetPInvokeErrorMessage(result)}");
    }

    private ulong* Word(int word)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)word, 63u);
        return (ulong*)(_memory + WordsAt) + word;
    }
}
