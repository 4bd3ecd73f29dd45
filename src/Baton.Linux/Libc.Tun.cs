using System.Runtime.InteropServices;

namespace Baton.Linux;

internal static unsafe partial class Libc
{
    internal const int O_RDWR = 2;
    internal const int O_NONBLOCK = 0x800;
    internal const int O_CLOEXEC = 0x80000;

    internal const nuint TUNSETIFF = 0x400454ca;
    internal const nuint TUNSETPERSIST = 0x400454cb;
    internal const nuint TUNSETOWNER = 0x400454cc;
    internal const nuint TUNSETOFFLOAD = 0x400454d0;
    internal const nuint TUNSETVNETHDRSZ = 0x400454d8;

    internal const ushort IFF_TUN = 0x0001;
    internal const ushort IFF_NO_PI = 0x1000;
    internal const ushort IFF_VNET_HDR = 0x4000;

    internal const uint TUN_F_CSUM = 0x01;
    internal const uint TUN_F_TSO4 = 0x02;
    internal const uint TUN_F_TSO6 = 0x04;
    internal const uint TUN_F_TSO_ECN = 0x08;
    internal const uint TUN_F_USO4 = 0x20;
    internal const uint TUN_F_USO6 = 0x40;

    internal const int ENODEV = 19;
    internal const int ENETDOWN = 100;
    internal const int EINVAL = 22;
    internal const int EBUSY = 16;

    /// <summary>What <c>ethtool(8)</c> asks by; the argument's first word names the question (linux/ethtool.h).</summary>
    internal const nuint SIOCETHTOOL = 0x8946;

    /// <summary>struct ifreq (man 7 netdevice): a name and a union, of which we use 16 bits for flags or a pointer.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    internal struct InterfaceRequest
    {
        [FieldOffset(0)]
        internal fixed byte Name[16];

        [FieldOffset(16)]
        internal ushort Flags;

        [FieldOffset(16)]
        internal nint Data;
    }

    /// <remarks>man 2 ioctl.</remarks>
    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int Control(int fd, nuint request, void* argument);

    /// <remarks>man 2 ioctl; for requests whose argument is a number.</remarks>
    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int Control(int fd, nuint request, nuint argument);

    /// <remarks>man 2 writev.</remarks>
    [LibraryImport(Library, EntryPoint = "writev", SetLastError = true)]
    internal static partial nint WriteVector(int fd, IoVector* vectors, int count);

    /// <remarks>man 3 if_nametoindex.</remarks>
    [LibraryImport(Library, EntryPoint = "if_nametoindex", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial uint InterfaceIndex(string name);
}
