using System.Buffers.Binary;

namespace Baton.Wire;

/// <summary>An inner IPv4 or IPv6 packet, as far as selectors need it. A view: it owns and copies nothing.</summary>
public readonly ref struct IpPacket
{
    private readonly ReadOnlySpan<byte> _bytes;

    private IpPacket(ReadOnlySpan<byte> bytes, int version)
    {
        _bytes = bytes;
        Version = version;
    }

    /// <summary>4 or 6.</summary>
    public int Version { get; }

    /// <summary>The whole packet, without what a link may have padded it with.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    public IpAddress Source => Version == 4
        ? IpAddress.V4(BinaryPrimitives.ReadUInt32BigEndian(_bytes[12..]))
        : IpAddress.V6(_bytes.Slice(8, 16));

    public IpAddress Destination => Version == 4
        ? IpAddress.V4(BinaryPrimitives.ReadUInt32BigEndian(_bytes[16..]))
        : IpAddress.V6(_bytes.Slice(24, 16));

    /// <summary>IANA protocol number; for IPv6 that of the first next-header field.</summary>
    public byte Protocol => Version == 4 ? _bytes[9] : _bytes[6];

    /// <summary>What selectors look at beyond addresses: the upper protocol and its ports (for ICMP type and code in the destination's place, RFC 4301
    /// 4.4.1.1). Extension headers of IPv6 are passed over (RFC 8200 4.1).</summary>
    /// <returns>False when the ports cannot be seen: not the first fragment, cut short, or a protocol without ports.</returns>
    public bool TryUpper(out byte protocol, out ushort sourcePort, out ushort destinationPort)
    {
        (sourcePort, destinationPort) = (0, 0);
        int at = Version == 4 ? (_bytes[0] & 15) * 4 : 40;
        protocol = Protocol;
        bool later = Version == 4 && (BinaryPrimitives.ReadUInt16BigEndian(_bytes[6..]) & 0x1FFF) != 0;
        for (int i = 0; Version == 6 && i < 8 && protocol is 0 or 43 or 44 or 60; i++)
        {
            if (at + 8 > _bytes.Length)
                return false;
            byte next = _bytes[at];
            later |= protocol == 44 && (BinaryPrimitives.ReadUInt16BigEndian(_bytes[(at + 2)..]) & 0xFFF8) != 0;
            at += protocol == 44 ? 8 : (_bytes[at + 1] + 1) * 8;
            protocol = next;
            if (later)
                return false;
        }

        if (later || at + 4 > _bytes.Length)
            return false;
        switch (protocol)
        {
            case 6 or 17 or 33 or 132 or 136:
                (sourcePort, destinationPort) = (BinaryPrimitives.ReadUInt16BigEndian(_bytes[at..]), BinaryPrimitives.ReadUInt16BigEndian(_bytes[(at + 2)..]));
                return true;
            case 1 or 58:
                sourcePort = destinationPort = BinaryPrimitives.ReadUInt16BigEndian(_bytes[at..]);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Accepts a packet whose header is whole and whose length field fits in the bytes (RFC 791 3.1, RFC 8200 3).</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out IpPacket packet)
    {
        packet = default;
        if (bytes.Length < 20)
            return false;
        int version = bytes[0] >> 4;
        if (version == 4)
        {
            int header = (bytes[0] & 15) * 4;
            int total = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
            if (header < 20 || total < header || total > bytes.Length)
                return false;
            packet = new IpPacket(bytes[..total], 4);
            return true;
        }

        if (version != 6 || bytes.Length < 40)
            return false;
        int length = 40 + BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        if (length > bytes.Length)
            return false;
        packet = new IpPacket(bytes[..length], 6);
        return true;
    }
}

/// <summary>An IPv4 or IPv6 address as two words; IPv4 is kept as ::ffff:a.b.c.d. A value: no allocation.</summary>
public readonly record struct IpAddress(ulong High, ulong Low)
{
    private const ulong Mapped = 0x0000_FFFF_0000_0000;

    public bool IsV4 => High == 0 && (Low & 0xFFFF_FFFF_0000_0000) == Mapped;

    public static IpAddress V4(uint address) => new(0, Mapped | address);

    public static IpAddress V6(ReadOnlySpan<byte> sixteen) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(sixteen), BinaryPrimitives.ReadUInt64BigEndian(sixteen[8..]));

    public static IpAddress From(System.Net.IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        return V6(bytes);
    }

    /// <summary>The address with all bits behind <paramref name="prefixLength"/> cleared (0 to 32 for IPv4, to 128 for IPv6).</summary>
    public IpAddress Masked(int prefixLength)
    {
        int bits = IsV4 ? prefixLength + 96 : prefixLength;
        ulong high = bits >= 64 ? High : bits == 0 ? 0 : High & (ulong.MaxValue << (64 - bits));
        ulong low = bits >= 128 ? Low : bits <= 64 ? 0 : Low & (ulong.MaxValue << (128 - bits));
        return new IpAddress(high, low);
    }

    public System.Net.IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
        var address = new System.Net.IPAddress(bytes);
        return IsV4 ? address.MapToIPv4() : address;
    }

    public override string ToString() => ToIPAddress().ToString();
}
