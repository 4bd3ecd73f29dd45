using System.Runtime.InteropServices;

namespace Baton.Linux;

internal static unsafe partial class Libc
{
    internal const int AF_NETLINK = 16;
    internal const int AF_PACKET = 17;
    internal const int SOCK_RAW = 3;
    internal const int SO_RCVTIMEO = 20;
    internal const int NETLINK_ROUTE = 0;

    internal const int EPERM = 1;
    internal const int ENOENT = 2;
    internal const int ESRCH = 3;
    internal const int EEXIST = 17;
    internal const int EADDRNOTAVAIL = 99;

    /// <summary>struct sockaddr_nl (man 7 netlink).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct NetlinkAddress
    {
        internal ushort Family;
        private readonly ushort _pad;
        internal uint PortId;
        internal uint Groups;
    }

    /// <summary>struct nlmsghdr (man 7 netlink).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct NetlinkHeader
    {
        internal uint Length;
        internal ushort Type;
        internal ushort Flags;
        internal uint Sequence;
        internal uint PortId;
    }

    /// <summary>struct ifinfomsg (man 7 rtnetlink).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct LinkMessage
    {
        internal byte Family;
        private readonly byte _pad;
        internal ushort Type;
        internal int Index;
        internal uint Flags;
        internal uint Change;
    }

    /// <summary>struct ifaddrmsg (man 7 rtnetlink).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct AddressMessage
    {
        internal byte Family;
        internal byte PrefixLength;
        internal byte Flags;
        internal byte Scope;
        internal uint Index;
    }

    /// <summary>struct rtmsg (man 7 rtnetlink).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct RouteMessage
    {
        internal byte Family;
        internal byte DestinationLength;
        internal byte SourceLength;
        internal byte TrafficClass;
        internal byte Table;
        internal byte Protocol;
        internal byte Scope;
        internal byte Type;
        internal uint Flags;
    }

    /// <summary>struct ndmsg (man 7 rtnetlink).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct NeighbourMessage
    {
        internal byte Family;
        private readonly byte _pad1;
        private readonly ushort _pad2;
        internal int Index;
        internal ushort State;
        internal byte Flags;
        internal byte Type;
    }

    /// <summary>struct sockaddr_ll (man 7 packet).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PacketAddress
    {
        internal ushort Family;
        internal ushort Protocol;
        internal int Index;
        internal ushort HardwareType;
        internal byte PacketType;
        internal byte AddressLength;
        internal fixed byte Address[8];
    }

    /// <remarks>man 2 sendto.</remarks>
    [LibraryImport(Library, EntryPoint = "sendto", SetLastError = true)]
    internal static partial nint SendTo(int fd, void* buffer, nuint length, int flags, void* address, uint addressLength);

    /// <remarks>man 2 recv.</remarks>
    [LibraryImport(Library, EntryPoint = "recv", SetLastError = true)]
    internal static partial nint Receive(int fd, void* buffer, nuint length, int flags);
}
