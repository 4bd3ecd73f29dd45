using System.Runtime.InteropServices;

namespace Baton.Linux;

internal static unsafe partial class Libc
{
    internal const int SOL_IP = 0;
    internal const int SOL_IPV6 = 41;
    internal const int SOL_UDP = 17;
    internal const int IPPROTO_ESP = 50;

    /// <summary>Of sender and receiver (man 7 udp): one message is many datagrams of one size.</summary>
    internal const int UDP_SEGMENT = 103;
    internal const int UDP_GRO = 104;

    internal const int SO_SNDBUFFORCE = 32;
    internal const int SO_RCVBUFFORCE = 33;

    internal const int IP_TOS = 1;
    internal const int IP_PKTINFO = 8;
    internal const int IP_MTU_DISCOVER = 10;
    internal const int IP_RECVERR = 11;
    internal const int IP_RECVTOS = 13;
    internal const int IP_FREEBIND = 15;
    internal const int IPV6_MTU_DISCOVER = 23;
    internal const int IPV6_RECVERR = 25;
    internal const int IPV6_V6ONLY = 26;
    internal const int IPV6_RECVPKTINFO = 49;
    internal const int IPV6_PKTINFO = 50;
    internal const int IPV6_RECVTCLASS = 66;
    internal const int IPV6_TCLASS = 67;
    internal const int IPV6_FREEBIND = 78;

    /// <summary>DF set, the kernel's cache of path MTUs not asked: we keep our own (man 7 ip).</summary>
    internal const int PMTUDISC_PROBE = 3;

    /// <summary>DF clear, no forged ICMP heeded, fragments made where the link asks for it.</summary>
    internal const int PMTUDISC_OMIT = 5;

    internal const int MSG_ERRQUEUE = 0x2000;
    internal const int EIO = 5;
    internal const int EMSGSIZE = 90;
    internal const int EOPNOTSUPP = 95;

    /// <summary>struct cmsghdr (man 3 cmsg); its data follows, the next one starts at a multiple of eight.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ControlHeader
    {
        internal nuint Length;
        internal int Level;
        internal int Type;
    }

    /// <summary>struct in_pktinfo (man 7 ip).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PacketInfo4
    {
        internal int Interface;
        internal uint Local;
        internal uint Destination;
    }

    /// <summary>struct in6_pktinfo (man 7 ipv6).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PacketInfo6
    {
        internal fixed byte Address[16];
        internal int Interface;
    }

    /// <summary>struct sock_extended_err (man 7 ip, IP_RECVERR).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ExtendedError
    {
        internal uint Errno;
        internal byte Origin;
        internal byte Type;
        internal byte Code;
        private readonly byte _pad;
        internal uint Info;
        internal uint Data;
    }

    /// <remarks>man 2 recvmsg; a struct msghdr is the start of our <see cref="Message"/>.</remarks>
    [LibraryImport(Library, EntryPoint = "recvmsg", SetLastError = true)]
    internal static partial nint ReceiveMessage(int fd, Message* message, int flags);
}
