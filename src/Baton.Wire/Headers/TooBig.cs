using System.Buffers.Binary;
using Baton.Wire.Offload;

namespace Baton.Wire.Headers;

/// <summary>The answer to a packet that does not fit: ICMP "fragmentation needed" (RFC 792, RFC 1191 4) or ICMPv6 "packet too big" (RFC 4443 3.2).</summary>
/// <remarks>
/// In the name of the packet's destination: that address is routed the way the answer comes, so that no check of source addresses refuses it.
/// <code>
///   | IP | type, code, checksum | 0, MTU | as much of the packet as fits (576 bytes in all for IPv4, 1280 for IPv6) |
/// </code>
/// </remarks>
public static class TooBig
{
    /// <summary>The longest answer.</summary>
    public const int MaximumLength = 1_280;

    private const byte Icmp = 1;
    private const byte Icmp6 = 58;

    /// <param name="packet">What did not fit.</param>
    /// <param name="mtu">What would.</param>
    /// <returns>The length written; 0 where none may be sent (RFC 1122 3.2.2, RFC 4443 2.4 e): about an error, a later fragment, a group.</returns>
    public static int Write(Span<byte> answer, in IpPacket packet, int mtu) =>
        packet.Version == 4 ? WriteV4(answer, packet.Bytes, mtu) : WriteV6(answer, packet.Bytes, mtu);

    private static int WriteV4(Span<byte> answer, ReadOnlySpan<byte> packet, int mtu)
    {
        int header = (packet[0] & 15) * 4;
        bool isLaterFragment = (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x1FFF) != 0;
        bool isGroup = packet[16] >= 224;
        bool isError = packet[9] == Icmp && packet.Length > header && packet[header] is 3 or 4 or 5 or 11 or 12;
        if (isLaterFragment || isGroup || isError || packet[12] is 0 or 127 or >= 224)
            return 0;
        int quoted = Math.Min(packet.Length, 576 - 28);
        int length = 28 + quoted;
        Span<byte> ip = answer[..length];
        ip[..28].Clear();
        (ip[0], ip[1], ip[8], ip[9]) = (0x45, 0xC0, 64, Icmp);  // precedence 6, as RFC 1812 4.3.2.5 has it
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)length);
        packet[16..20].CopyTo(ip[12..]);
        packet[12..16].CopyTo(ip[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Of(ip[..20]));
        Span<byte> icmp = ip[20..];
        (icmp[0], icmp[1]) = (3, 4);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[6..], (ushort)mtu);
        packet[..quoted].CopyTo(icmp[8..]);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], InternetChecksum.Of(icmp));
        return length;
    }

    private static int WriteV6(Span<byte> answer, ReadOnlySpan<byte> packet, int mtu)
    {
        bool isError = packet[6] == Icmp6 && packet.Length > 40 && packet[40] < 128;

        // "Packet too big" is the one error that a group address may cause (RFC 4443 2.4 e 3); a source that is no host's may not.
        if (isError || packet[8] == 0xFF || packet[8..24].IndexOfAnyExcept((byte)0) < 0)
            return 0;
        int quoted = Math.Min(packet.Length, MaximumLength - 48);
        Span<byte> ip = answer[..(48 + quoted)];
        ip[..48].Clear();
        (ip[0], ip[6], ip[7]) = (0x60, Icmp6, 64);
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)(8 + quoted));
        packet[24..40].CopyTo(ip[8..]);
        packet[8..24].CopyTo(ip[24..]);
        Span<byte> icmp = ip[40..];
        icmp[0] = 2;
        BinaryPrimitives.WriteUInt32BigEndian(icmp[4..], (uint)mtu);
        packet[..quoted].CopyTo(icmp[8..]);
        ulong sum = InternetChecksum.PseudoHeader(ip[8..40], Icmp6, icmp.Length);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], InternetChecksum.Finish(InternetChecksum.Add(sum, icmp)));
        return ip.Length;
    }
}
