using System.Buffers.Binary;

namespace Baton.Wire.Headers;

/// <summary>The two bits of explicit congestion notification (RFC 3168 5).</summary>
public enum Ecn : byte
{
    NotEct = 0,
    Ect1 = 1,
    Ect0 = 2,
    Ce = 3,
}

/// <summary>The traffic class of an IPv6 header, the TOS byte of an IPv4 header: six bits of DSCP, two of ECN (RFC 2474, 3168).</summary>
/// <remarks>The packet was parsed (<see cref="IpPacket.TryParse"/>). Writing keeps the IPv4 checksum right.</remarks>
public static class TrafficClass
{
    public static byte Read(ReadOnlySpan<byte> packet) =>
        packet[0] >> 4 == 4 ? packet[1] : (byte)(BinaryPrimitives.ReadUInt16BigEndian(packet) >> 4);

    public static void Write(Span<byte> packet, byte value)
    {
        ushort before = BinaryPrimitives.ReadUInt16BigEndian(packet);
        if (packet[0] >> 4 != 4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet, (ushort)((before & 0xF00F) | (value << 4)));
            return;
        }

        packet[1] = value;
        ushort after = BinaryPrimitives.ReadUInt16BigEndian(packet);
        ushort checksum = BinaryPrimitives.ReadUInt16BigEndian(packet[10..]);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], ChecksumUpdate.Replace(checksum, before, after));
    }

    public static Ecn EcnOf(byte trafficClass) => (Ecn)(trafficClass & 3);

    public static byte WithEcn(byte trafficClass, Ecn ecn) => (byte)((trafficClass & 0xFC) | (byte)ecn);
}
