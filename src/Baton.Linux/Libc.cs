using System.Runtime.InteropServices;

namespace Baton.Linux;

/// <summary>The system calls that we make, one declaration each. Layouts are those of glibc on 64-bit Linux; tests assert their sizes.</summary>
internal static unsafe partial class Libc
{
    private const string Library = "libc";

    internal const int AF_UNIX = 1;
    internal const int AF_INET = 2;
    internal const int AF_INET6 = 10;
    internal const int SOCK_DGRAM = 2;
    internal const int SOCK_NONBLOCK = 0x800;
    internal const int SOCK_CLOEXEC = 0x80000;
    internal const int SOL_SOCKET = 1;
    internal const int SO_SNDBUF = 7;
    internal const int SO_RCVBUF = 8;
    internal const int SO_SNDTIMEO = 21;
    internal const int SO_RXQ_OVFL = 40;
    internal const int MSG_TRUNC = 0x20;
    internal const int MSG_DONTWAIT = 0x40;

    internal const int EINTR = 4;
    internal const int ENXIO = 6;
    internal const int EAGAIN = 11;
    internal const int ENOBUFS = 105;
    internal const int ECONNREFUSED = 111;
    internal const int EOWNERDEAD = 130;

    internal const short POLLIN = 1;

    [StructLayout(LayoutKind.Sequential)]
    internal struct IoVector
    {
        internal void* Base;
        internal nuint Length;
    }

    /// <summary>struct mmsghdr: a struct msghdr and the bytes that went.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Message
    {
        internal void* Name;
        internal uint NameLength;
        internal IoVector* Vectors;
        internal nuint VectorCount;
        internal void* Control;
        internal nuint ControlLength;
        internal int Flags;
        private readonly uint _endOfHeader;               // msghdr is padded to a multiple of eight
        internal uint Transferred;
        private readonly uint _padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        internal int Fd;
        internal short Events;
        internal short Returned;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct TimeSpec
    {
        internal long Seconds;
        internal long Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ResourceLimit
    {
        internal ulong Soft;
        internal ulong Hard;
    }

    /// <remarks>man 2 socket.</remarks>
    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    internal static partial int Socket(int family, int type, int protocol);

    /// <remarks>man 2 bind.</remarks>
    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    internal static partial int Bind(int fd, byte* address, uint length);

    /// <remarks>man 2 getsockname.</remarks>
    [LibraryImport(Library, EntryPoint = "getsockname", SetLastError = true)]
    internal static partial int GetSocketName(int fd, byte* address, uint* length);

    /// <remarks>man 2 setsockopt.</remarks>
    [LibraryImport(Library, EntryPoint = "setsockopt", SetLastError = true)]
    internal static partial int SetSocketOption(int fd, int level, int option, void* value, uint length);

    /// <remarks>man 2 recvmmsg.</remarks>
    [LibraryImport(Library, EntryPoint = "recvmmsg", SetLastError = true)]
    internal static partial int ReceiveMessages(int fd, Message* messages, uint count, int flags, void* timeout);

    /// <remarks>man 2 sendmmsg. Stops at the first message that fails and tells how many went.</remarks>
    [LibraryImport(Library, EntryPoint = "sendmmsg", SetLastError = true)]
    internal static partial int SendMessages(int fd, Message* messages, uint count, int flags);

    /// <remarks>man 2 close.</remarks>
    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int fd);

    /// <remarks>man 2 ppoll.</remarks>
    [LibraryImport(Library, EntryPoint = "ppoll", SetLastError = true)]
    internal static partial int Poll(PollFd* fds, nuint count, TimeSpec* timeout, void* signals);

    /// <remarks>man 2 eventfd.</remarks>
    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    internal static partial int EventFd(uint initial, int flags);

    /// <remarks>man 2 read.</remarks>
    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(int fd, void* buffer, nuint length);

    /// <remarks>man 2 write.</remarks>
    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int fd, void* buffer, nuint length);

    /// <remarks>man 2 clock_nanosleep. Returns the error, does not set errno.</remarks>
    [LibraryImport(Library, EntryPoint = "clock_nanosleep")]
    internal static partial int ClockSleep(int clock, int flags, TimeSpec* request, TimeSpec* remain);

    /// <remarks>man 2 prctl.</remarks>
    [LibraryImport(Library, EntryPoint = "prctl", SetLastError = true)]
    internal static partial int ProcessControl(int option, ulong a, ulong b, ulong c, ulong d);

    /// <remarks>man 2 getppid.</remarks>
    [LibraryImport(Library, EntryPoint = "getppid")]
    internal static partial int ParentId();

    /// <remarks>man 2 sched_setscheduler; pid 0 is the calling thread.</remarks>
    [LibraryImport(Library, EntryPoint = "sched_setscheduler", SetLastError = true)]
    internal static partial int SetScheduler(int pid, int policy, int* priority);

    /// <remarks>man 2 setpriority; on Linux a thread's.</remarks>
    [LibraryImport(Library, EntryPoint = "setpriority", SetLastError = true)]
    internal static partial int SetPriority(int which, uint who, int priority);

    /// <remarks>man 2 mlockall.</remarks>
    [LibraryImport(Library, EntryPoint = "mlockall", SetLastError = true)]
    internal static partial int LockAllMemory(int flags);

    /// <remarks>man 2 setrlimit.</remarks>
    [LibraryImport(Library, EntryPoint = "setrlimit", SetLastError = true)]
    internal static partial int SetLimit(int resource, ResourceLimit* limit);

    /// <remarks>man 2 memfd_create.</remarks>
    [LibraryImport(Library, EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int MemoryFile(string name, uint flags);

    /// <remarks>man 2 open.</remarks>
    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags);

    /// <remarks>man 2 ftruncate.</remarks>
    [LibraryImport(Library, EntryPoint = "ftruncate", SetLastError = true)]
    internal static partial int SetLength(int fd, long length);

    /// <remarks>man 2 mmap. Fails with MAP_FAILED, (void*)-1.</remarks>
    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    internal static partial void* Map(void* address, nuint length, int protection, int flags, int fd, long offset);

    /// <remarks>man 2 munmap.</remarks>
    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    internal static partial int Unmap(void* address, nuint length);

    /// <remarks>man 3 pthread_mutexattr_init.</remarks>
    [LibraryImport(Library, EntryPoint = "pthread_mutexattr_init")]
    internal static partial int MutexAttributesInit(void* attributes);

    /// <remarks>man 3 pthread_mutexattr_setpshared.</remarks>
    [LibraryImport(Library, EntryPoint = "pthread_mutexattr_setpshared")]
    internal static partial int MutexAttributesSetShared(void* attributes, int shared);

    /// <remarks>man 3 pthread_mutexattr_setrobust.</remarks>
    [LibraryImport(Library, EntryPoint = "pthread_mutexattr_setrobust")]
    internal static partial int MutexAttributesSetRobust(void* attributes, int robust);

    /// <remarks>man 3 pthread_mutex_init.</remarks>
    [LibraryImport(Library, EntryPoint = "pthread_mutex_init")]
    internal static partial int MutexInit(void* mutex, void* attributes);

    /// <remarks>man 3 pthread_mutex_lock. Returns the error.</remarks>
    [LibraryImport(Library, EntryPoint = "pthread_mutex_lock")]
    internal static partial int MutexLock(void* mutex);

    /// <remarks>man 3 pthread_mutex_unlock.</remarks>
    [LibraryImport(Library, EntryPoint = "pthread_mutex_unlock")]
    internal static partial int MutexUnlock(void* mutex);

    internal const int MADV_HUGEPAGE = 14;
    internal const int MADV_COLLAPSE = 25;

    /// <remarks>man 2 madvise. EINVAL where the kernel knows no huge pages.</remarks>
    [LibraryImport(Library, EntryPoint = "madvise", SetLastError = true)]
    internal static partial int Advise(void* address, nuint lengthBytes, int advice);

    /// <summary>The error of the last call, with what to do about it where we know.</summary>
    /// <param name="errno">As it was right after the call: making a text may call others.</param>
    internal static IOException Failure(string what, int errno)
    {
        string advice = errno switch
        {
            1 or 13 => " (it needs a right that this user lacks)",
            24 => " (too many open files: raise the limit, ulimit -n)",
            98 => " (the address is in use: is another instance running?)",
            99 => " (this machine does not have that address)",
            _ => "",
        };
        return new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(errno)}{advice}");
    }
}
