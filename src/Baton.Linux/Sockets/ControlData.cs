using System.Buffers.Binary;
using Baton.Wire;

namespace Baton.Linux.Sockets;

/// <summary>What travels beside a packet between us and the kernel (man 3 cmsg): our address, the traffic class.</summary>
internal static unsafe class ControlData
{
    /// <summary>Room for all that we send or ask for, and for UDP_SEGMENT or UDP_GRO beside it.</summary>
    public const int Room = 128;

    /// <summary>Writes the source address (none: the kernel's choice) and the traffic class. Returns the length.</summary>
    public static int Write(byte* control, bool isV4, in IpAddress from, byte trafficClass)
    {
        int at = 0;
        if (isV4)
        {
            *(int*)Begin(control, ref at, Libc.SOL_IP, Libc.IP_TOS, sizeof(int)) = trafficClass;
            if (from != default)
            {
                var info = (Libc.PacketInfo4*)Begin(control, ref at, Libc.SOL_IP, Libc.IP_PKTINFO, sizeof(Libc.PacketInfo4));
                *info = new Libc.PacketInfo4 { Local = BinaryPrimitives.ReverseEndianness((uint)from.Low) };
            }

            return at;
        }

        *(int*)Begin(control, ref at, Libc.SOL_IPV6, Libc.IPV6_TCLASS, sizeof(int)) = trafficClass;
        if (from != default)
        {
            var info = (Libc.PacketInfo6*)Begin(control, ref at, Libc.SOL_IPV6, Libc.IPV6_PKTINFO, sizeof(Libc.PacketInfo6));
            *info = default;
            var address = new Span<byte>(info->Address, 16);
            BinaryPrimitives.WriteUInt64BigEndian(address, from.High);
            BinaryPrimitives.WriteUInt64BigEndian(address[8..], from.Low);
        }

        return at;
    }

    /// <summary>Adds behind <paramref name="length"/> bytes of other control data that the message is datagrams of this size. Returns the new length.</summary>
    public static int WriteSegmentSize(byte* control, int length, int segmentBytes)
    {
        *(ushort*)Begin(control, ref length, Libc.SOL_UDP, Libc.UDP_SEGMENT, sizeof(ushort)) = (ushort)segmentBytes;
        return length;
    }

    /// <summary>Reads the address that a packet came to, its traffic class, and the size of the datagrams that it is made of (0: it is one). What is not there stays default.</summary>
    public static void Read(byte* control, nuint length, out IpAddress to, out byte trafficClass, out int segmentBytes)
    {
        (to, trafficClass, segmentBytes) = (default, 0, 0);
        byte* end = control + length;
        for (byte* at = control; at + sizeof(Libc.ControlHeader) <= end;)
        {
            var header = (Libc.ControlHeader*)at;
            if (header->Length < (nuint)sizeof(Libc.ControlHeader) || header->Length > (nuint)(end - at))
                return;
            byte* data = at + sizeof(Libc.ControlHeader);
            switch (header->Level, header->Type)
            {
                case (Libc.SOL_IP, Libc.IP_TOS):
                    trafficClass = *data;
                    break;
                case (Libc.SOL_IPV6, Libc.IPV6_TCLASS):
                    trafficClass = (byte)*(int*)data;
                    break;
                case (Libc.SOL_UDP, Libc.UDP_GRO):
                    segmentBytes = *(int*)data;
                    break;
                case (Libc.SOL_IP, Libc.IP_PKTINFO):
                    to = IpAddress.V4(BinaryPrimitives.ReverseEndianness(((Libc.PacketInfo4*)data)->Destination));
                    break;
                case (Libc.SOL_IPV6, Libc.IPV6_PKTINFO):
                    to = IpAddress.V6(new ReadOnlySpan<byte>(data, 16));
                    break;
            }

            at += (header->Length + 7) & ~(nuint)7;
        }
    }

    /// <summary>The extended error of a message from the error queue.</summary>
    public static bool TryReadError(byte* control, nuint length, out Libc.ExtendedError error)
    {
        error = default;
        byte* end = control + length;
        for (byte* at = control; at + sizeof(Libc.ControlHeader) <= end;)
        {
            var header = (Libc.ControlHeader*)at;
            if (header->Length < (nuint)sizeof(Libc.ControlHeader) || header->Length > (nuint)(end - at))
                return false;
            if ((header->Level, header->Type) is (Libc.SOL_IP, Libc.IP_RECVERR) or (Libc.SOL_IPV6, Libc.IPV6_RECVERR))
            {
                error = *(Libc.ExtendedError*)(at + sizeof(Libc.ControlHeader));
                return true;
            }

            at += (header->Length + 7) & ~(nuint)7;
        }

        return false;
    }

    private static byte* Begin(byte* control, ref int at, int level, int type, int bytes)
    {
        byte* start = control + at;
        *(Libc.ControlHeader*)start = new Libc.ControlHeader { Length = (nuint)(sizeof(Libc.ControlHeader) + bytes), Level = level, Type = type };
        at += (sizeof(Libc.ControlHeader) + bytes + 7) & ~7;
        return start + sizeof(Libc.ControlHeader);
    }
}
