using System.Buffers.Binary;
using System.Net;
using Baton.Wire.Offload;

namespace Baton.Wire;

/// <summary>Ethernet frames that tell neighbours where an address is now: gratuitous ARP (RFC 5227 3) and unsolicited neighbour advertisements (RFC 4861 7.2.6).</summary>
public static class NeighbourFrames
{
    /// <summary>The longest of them: an Ethernet header, IPv6, and an advertisement with its option.</summary>
    public const int MaximumLength = 14 + 40 + 32;

    /// <summary>A gratuitous ARP for an IPv4 address. Some neighbours heed only requests, some only replies: send both.</summary>
    /// <param name="hardware">Six bytes: where the address is.</param>
    /// <returns>The length written.</returns>
    public static int GratuitousArp(Span<byte> frame, ReadOnlySpan<byte> hardware, IPAddress address, bool reply)
    {
        Span<byte> arp = Ethernet(frame, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], hardware, 0x0806);
        ReadOnlySpan<byte> start = [0, 1, 8, 0, 6, 4, 0, reply ? (byte)2 : (byte)1];  // Ethernet, IPv4, their lengths, opcode (RFC 826)
        start.CopyTo(arp);
        hardware.CopyTo(arp[8..]);
        address.TryWriteBytes(arp[14..18], out _);
        if (reply)
            hardware.CopyTo(arp[18..]);
        else
            arp[18..24].Clear();
        address.TryWriteBytes(arp[24..28], out _);
        return 14 + 28;
    }

    /// <summary>An unsolicited neighbour advertisement with the override flag, to all nodes.</summary>
    /// <param name="isRouter">Set where this machine forwards: a host that had it as router would forget it otherwise (RFC 4861 7.2.5).</param>
    /// <returns>The length written.</returns>
    public static int UnsolicitedAdvertisement(Span<byte> frame, ReadOnlySpan<byte> hardware, IPAddress address, bool isRouter)
    {
        Span<byte> ip = Ethernet(frame, [0x33, 0x33, 0, 0, 0, 1], hardware, 0x86DD)[..72];
        ip.Clear();
        (ip[0], ip[5], ip[6], ip[7]) = (0x60, 32, 58, 255);
        address.TryWriteBytes(ip[8..24], out _);
        (ip[24], ip[25], ip[39]) = (0xFF, 0x02, 1);
        Span<byte> icmp = ip[40..];
        icmp[0] = 136;
        icmp[4] = (byte)(0x20 | (isRouter ? 0x80 : 0));  // Override, not Solicited
        address.TryWriteBytes(icmp[8..24], out _);
        (icmp[24], icmp[25]) = (2, 1);  // target link-layer address, eight bytes
        hardware.CopyTo(icmp[26..]);
        ulong sum = InternetChecksum.PseudoHeader(ip[8..40], 58, icmp.Length);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], InternetChecksum.Finish(InternetChecksum.Add(sum, icmp)));
        return 14 + 72;
    }

    /// <summary>An ARP probe: who has this address? It names no sender, so no cache changes (RFC 5227 1.1).</summary>
    /// <returns>The length written.</returns>
    public static int ArpProbe(Span<byte> frame, ReadOnlySpan<byte> hardware, IPAddress address)
    {
        int length = GratuitousArp(frame, hardware, address, reply: false);
        frame[28..32].Clear();
        return length;
    }

    /// <summary>A neighbour solicitation as an ICMPv6 message, without IP header; its checksum is left to the kernel (RFC 3542 3.1).</summary>
    /// <returns>The length written.</returns>
    public static int Solicitation(Span<byte> message, ReadOnlySpan<byte> hardware, IPAddress address)
    {
        message[..32].Clear();
        message[0] = 135;
        address.TryWriteBytes(message[8..24], out _);
        (message[24], message[25]) = (1, 1);  // source link-layer address, eight bytes
        hardware.CopyTo(message[26..]);
        return 32;
    }

    /// <summary>The group whose members hear who asks for an address (RFC 4291 2.7.1).</summary>
    public static void SolicitedNode(Span<byte> group, IPAddress address)
    {
        address.TryWriteBytes(group, out _);
        ((ReadOnlySpan<byte>)[0xFF, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xFF]).CopyTo(group);
    }

    private static Span<byte> Ethernet(Span<byte> frame, ReadOnlySpan<byte> to, ReadOnlySpan<byte> from, ushort type)
    {
        to.CopyTo(frame);
        from.CopyTo(frame[6..]);
        BinaryPrimitives.WriteUInt16BigEndian(frame[12..], type);
        return frame[14..];
    }
}
