using System.Buffers.Binary;

namespace Baton.Srtp;

/// <summary>Where things stand in an SRTCP packet (RFC 3711 3.4, RFC 7714 9): the same parts, in another order.</summary>
/// <remarks>
/// <code>
///            0            8                  length
///   AES-CM   | header, SSRC | encrypted      | E, index | tag 10 |      signed: all before the tag
///   GCM      | header, SSRC | encrypted      | tag 16 | E, index |      associated: header, SSRC, E, index
/// </code>
/// With E = 0 nothing is encrypted, and all but the tag is associated.
/// </remarks>
internal static class RtcpLayout
{
    internal const int HeaderLength = 8;
    internal const int WordLength = 4;
    internal const uint EncryptedFlag = 1u << 31;

    internal static bool IsRtcp(ReadOnlySpan<byte> packet) => packet.Length >= HeaderLength && packet[0] >> 6 == 2;

    internal static uint SsrcOf(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);

    /// <summary>What the tag of an encrypted packet covers besides the text: 12 bytes.</summary>
    internal static void Associate(ReadOnlySpan<byte> packet, uint word, Span<byte> associated)
    {
        packet[..HeaderLength].CopyTo(associated);
        BinaryPrimitives.WriteUInt32BigEndian(associated[HeaderLength..], word);
    }
}
