using System.Runtime.InteropServices;

namespace Baton.Linux;

internal static unsafe partial class Libc
{
    internal const int EPOLL_CLOEXEC = 0x80000;
    internal const int EPOLL_CTL_ADD = 1;
    internal const uint EPOLLIN = 1;
    internal const int SO_REUSEADDR = 2;

    /// <remarks>man 2 epoll_create1.</remarks>
    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    internal static partial int EpollCreate(int flags);

    /// <param name="fired">A struct epoll_event: <see cref="EpollEvents"/>.</param>
    /// <remarks>man 2 epoll_ctl.</remarks>
    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    internal static partial int EpollControl(int epoll, int operation, int fd, byte* fired);

    /// <remarks>man 2 epoll_wait.</remarks>
    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    internal static partial int EpollWait(int epoll, byte* fired, int most, int milliseconds);

    /// <summary>struct epoll_event (man 3type epoll_event): packed on x86-64 and nowhere else.</summary>
    internal static class EpollEvents
    {
        internal static readonly int Stride = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
        internal static readonly int DataAt = Stride - 8;
    }
}
