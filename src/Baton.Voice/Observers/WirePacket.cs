using System.Buffers.Binary;

namespace Baton.Voice.Observers;

internal enum WireDirection : byte
{
    ToPeer = 0,
    ToCluster = 1,
}

internal enum WireKind
{
    Esp,
    Ike,
    Keepalive,
    Other,
}

/// <summary>What an onlooker without keys can read of a datagram on the NAT traversal port (RFC 3948 2).</summary>
/// <remarks>
/// <code>
///     ESP         SPI (not zero) | sequence, low half | IV ...
///     IKE         00 00 00 00 | IKE header
///     keepalive   FF
/// </code>
/// </remarks>
internal static class WirePacket
{
    private const int IkeHeaderBytes = 28;
    private const int LeastEspBytes = 8 + 8 + 16; // header, explicit IV, ICV: anything shorter no suite of ours makes

    public static WireKind Classify(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length == 1 && datagram[0] == 0xff)
            return WireKind.Keepalive;
        if (datagram.Length < 4)
            return WireKind.Other;
        if (BinaryPrimitives.ReadUInt32BigEndian(datagram) == 0)
            return datagram.Length >= 4 + IkeHeaderBytes ? WireKind.Ike : WireKind.Other;
        return datagram.Length >= LeastEspBytes ? WireKind.Esp : WireKind.Other;
    }

    public static uint Spi(ReadOnlySpan<byte> esp) => BinaryPrimitives.ReadUInt32BigEndian(esp);

    public static uint SequenceLow(ReadOnlySpan<byte> esp) => BinaryPrimitives.ReadUInt32BigEndian(esp[4..]);

    /// <summary>The explicit IV of RFC 4106 3.1 and RFC 7634 2: with Baton it is the whole 64-bit sequence number.</summary>
    public static ulong ExplicitIv(ReadOnlySpan<byte> esp) => BinaryPrimitives.ReadUInt64BigEndian(esp[8..]);
}
