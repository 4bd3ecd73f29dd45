using System.Buffers.Binary;

namespace Baton.Wire.Headers;

/// <summary>Time to live, or hop limit: what forwarding takes one off (RFC 1812 5.3.1, RFC 8200 3).</summary>
public static class HopLimit
{
    /// <summary>Takes one off, and keeps the IPv4 checksum right. False, with the packet untouched, where nothing would be left: it must be dropped.</summary>
    /// <remarks>The packet was parsed (<see cref="IpPacket.TryParse"/>).</remarks>
    public static bool TryDecrement(Span<byte> packet)
    {
        bool isV4 = packet[0] >> 4 == 4;
        ref byte limit = ref packet[isV4 ? 8 : 7];
        if (limit <= 1)
            return false;
        if (!isV4)
        {
            limit--;
            return true;
        }

        ushort before = BinaryPrimitives.ReadUInt16BigEndian(packet[8..]);
        limit--;
        ushort after = BinaryPrimitives.ReadUInt16BigEndian(packet[8..]);
        ushort checksum = BinaryPrimitives.ReadUInt16BigEndian(packet[10..]);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], ChecksumUpdate.Replace(checksum, before, after));
        return true;
    }
}
