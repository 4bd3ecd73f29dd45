using System.Buffers.Binary;
using Baton.Wire;
using Baton.Wire.Offload;

namespace Baton.Esp.Modes;

/// <summary>Where ESP stands in a packet of transport mode, and what its headers become (RFC 4303 3.1.1, RFC 4301 4.1). Pure.</summary>
/// <remarks>
/// <code>
///   IPv4   | header, options                    | TCP ... |     IPv6   | header, hop-by-hop, routing | [dest. options] TCP ... |
///          \______ stays in the clear __________/\_payload/            \____ stays in the clear _____/\______ payload _________/
/// </code>
/// Whole datagrams only: a fragment is refused (RFC 4303 3.3.4).
/// </remarks>
public static class TransportMode
{
    public const byte Esp = 50;

    private const byte HopByHop = 0;
    private const byte Routing = 43;
    private const byte Fragment = 44;
    private const byte DestinationOptions = 60;

    /// <summary>Where the payload of ESP begins, and the next header of its trailer. Outward: the packet's protocol; inward: 50.</summary>
    /// <param name="headerLength">Bytes in front of ESP.</param>
    /// <param name="protocolAt">The byte that names what follows them.</param>
    /// <returns>False for a fragment, or extension headers that are not whole.</returns>
    public static bool TrySplit(in IpPacket packet, out int headerLength, out int protocolAt)
    {
        ReadOnlySpan<byte> bytes = packet.Bytes;
        if (packet.Version == 4)
        {
            (headerLength, protocolAt) = ((bytes[0] & 15) * 4, 9);
            return (BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]) & 0x3FFF) == 0;  // more fragments, offset
        }

        (headerLength, protocolAt) = (40, 6);
        (int at, int nameAt) = (40, 6);
        while (bytes[nameAt] is HopByHop or Routing or DestinationOptions)
        {
            if (at + 8 > bytes.Length)
                return false;
            byte kind = bytes[nameAt];
            nameAt = at;
            at += (bytes[at + 1] + 1) * 8;
            if (at > bytes.Length)
                return false;

            // Destination options in front of a routing header are for the nodes on the way; the last ones go inside (RFC 4303 3.1.1).
            if (kind != DestinationOptions)
                (headerLength, protocolAt) = (at, nameAt);
        }

        return bytes[nameAt] != Fragment;
    }

    /// <summary>Seals a whole IP packet: <paramref name="destination"/> gets its headers, then ESP. For raw ESP (protocol 50).</summary>
    /// <returns>The length; 0 when the packet is a fragment, or <paramref name="destination"/> too small or the result too long for IP: then no number
    /// was used.</returns>
    public static int Seal(OutboundSa sa, in IpPacket packet, ulong sequence, Span<byte> destination)
    {
        if (!TrySplit(packet, out int headerLength, out int protocolAt))
            return 0;
        ReadOnlySpan<byte> payload = packet.Bytes[headerLength..];
        int length = headerLength + sa.Suite.SealedLength(payload.Length);
        if (length > destination.Length || length > 0xFFFF)
            return 0;
        packet.Bytes[..headerLength].CopyTo(destination);
        _ = sa.Seal(payload, packet.Bytes[protocolAt], sequence, destination[headerLength..]);
        destination[protocolAt] = Esp;
        WriteLength(destination, packet.Version, headerLength, length);
        return length;
    }

    /// <summary>Undoes <see cref="Seal"/> after the ESP part was opened: the headers move up to the payload, which stays where it lies.</summary>
    /// <param name="packet">The whole packet, its ESP part opened in place.</param>
    /// <param name="headerLength">As <see cref="TrySplit"/> told of the packet as it arrived; so <paramref name="protocolAt"/>.</param>
    /// <param name="payload">Where the payload lies, within the ESP part.</param>
    /// <returns>The packet that was protected, within <paramref name="packet"/>.</returns>
    public static Span<byte> Join(Span<byte> packet, int headerLength, int protocolAt, Range payload, byte nextHeader)
    {
        (int offset, int length) = payload.GetOffsetAndLength(packet.Length - headerLength);
        Span<byte> whole = packet.Slice(offset, headerLength + length);
        packet[..headerLength].CopyTo(whole);
        whole[protocolAt] = nextHeader;
        WriteLength(whole, whole[0] >> 4, headerLength, whole.Length);
        return whole;
    }

    /// <summary>Puts a fresh IP header in front of a payload that came by UDP (RFC 3948): the socket kept the header it came with.</summary>
    /// <param name="header">Its first 20 bytes (IPv4) or 40 (IPv6) are written: they stand directly in front of the payload.</param>
    /// <param name="source">As the datagram arrived: the payload's checksum may need <see cref="TransportChecksum"/>.</param>
    public static void WriteHeader(Span<byte> header, int payloadLength, byte nextHeader, in IpAddress source, in IpAddress destination, byte hopLimit)
    {
        header = header[..(source.IsV4 ? 20 : 40)];
        header.Clear();
        if (source.IsV4)
        {
            header[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)(20 + payloadLength));
            BinaryPrimitives.WriteUInt16BigEndian(header[6..], 0x4000);  // whole, and nobody may cut it: no identification is needed (RFC 6864 4.1)
            (header[8], header[9]) = (hopLimit, nextHeader);
            BinaryPrimitives.WriteUInt32BigEndian(header[12..], (uint)source.Low);
            BinaryPrimitives.WriteUInt32BigEndian(header[16..], (uint)destination.Low);
            BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Of(header));
            return;
        }

        header[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)payloadLength);
        (header[6], header[7]) = (nextHeader, hopLimit);
        BinaryPrimitives.WriteUInt64BigEndian(header[8..], source.High);
        BinaryPrimitives.WriteUInt64BigEndian(header[16..], source.Low);
        BinaryPrimitives.WriteUInt64BigEndian(header[24..], destination.High);
        BinaryPrimitives.WriteUInt64BigEndian(header[32..], destination.Low);
    }

    private static void WriteLength(Span<byte> packet, int version, int headerLength, int length)
    {
        if (version == 6)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)(length - 40));
            return;
        }

        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)length);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], InternetChecksum.Of(packet[..headerLength]));
    }
}
