using System.Buffers.Binary;
using Baton.Crypto;
using Baton.Crypto.OpenSsl;

namespace Baton.Esp;

/// <summary>Seals packets of one outbound SA (RFC 4303 3.3). Numbers come from a lease, never from here. One owner.</summary>
/// <remarks>
/// <code>
///  0        4        8            8+iv                                       end-16   end
///  +--------+--------+------------+-----------+---------+--------+-----------+--------+
///  | SPI    | seq lo | IV         | payload   | 1,2,3.. | padlen | next hdr  | ICV    |
///  +--------+--------+------------+-----------+---------+--------+-----------+--------+
///  \_ associated data (SPI, [seq hi], seq lo) \_______ encrypted ____________/
/// </code>
/// The IV of an AEAD is the 64-bit number, so that a number used once is a nonce used once (P2; RFC 8750's rule, sent explicitly as RFC 4106 3.1
/// and RFC 7634 2 want it).
/// </remarks>
public sealed class OutboundSa : IDisposable
{
    private readonly EspKeys _keys;

    public OutboundSa(uint spi, EspSuite suite, bool extended, ReadOnlySpan<byte> cipherKey, ReadOnlySpan<byte> saltOrIntegrityKey)
    {
        (Spi, Extended) = (spi, extended);
        _keys = new EspKeys(suite, cipherKey, saltOrIntegrityKey, CipherUse.Seal);
    }

    public uint Spi { get; }

    /// <summary>Extended (64-bit) sequence numbers.</summary>
    public bool Extended { get; }

    public EspSuite Suite => _keys.Suite;

    /// <summary>Writes the ESP packet for <paramref name="payload"/>.</summary>
    /// <param name="sequence">A number that nobody used on this SA before; at least 1.</param>
    /// <param name="nextHeader">4 for IPv4 in tunnel mode, 41 for IPv6, a protocol in transport mode, 59 for a dummy.</param>
    /// <param name="destination">May overlap <paramref name="payload"/> only when that lies at its place in the packet already.</param>
    /// <returns>The length, or 0 when <paramref name="destination"/> is too small.</returns>
    public int Seal(ReadOnlySpan<byte> payload, byte nextHeader, ulong sequence, Span<byte> destination)
    {
        int length = Suite.SealedLength(payload.Length);
        if (length > destination.Length)
            return 0;
        int ivLength = Suite.IvLength();
        int textAt = EspSuites.HeaderLength + ivLength;
        Span<byte> packet = destination[..length];
        Span<byte> text = packet[textAt..^EspSuites.IcvLength];
        payload.CopyTo(text);

        int padding = text.Length - payload.Length - 2;
        for (int i = 0; i < padding; i++)
            text[payload.Length + i] = (byte)(i + 1);
        text[^2] = (byte)padding;
        text[^1] = nextHeader;

        BinaryPrimitives.WriteUInt32BigEndian(packet, Spi);
        BinaryPrimitives.WriteUInt32BigEndian(packet[4..], (uint)sequence);
        Span<byte> iv = packet.Slice(EspSuites.HeaderLength, ivLength);
        if (Suite.IsAead())
        {
            BinaryPrimitives.WriteUInt64BigEndian(iv, sequence);
            Span<byte> nonce = stackalloc byte[Aead.NonceLength];
            _keys.FillNonce(nonce, iv);
            Span<byte> associated = stackalloc byte[12];
            associated = EspAssociated.Write(associated, Spi, sequence, Extended);
            _keys.Aead.Seal(nonce, associated, text, packet[^EspSuites.IcvLength..]);
        }
        else
        {
            _keys.MakeIv(sequence, iv);
            _keys.Cbc.Apply(iv, text);
            Span<byte> high = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(high, (uint)(sequence >> 32));

            // With ESN the high half is signed behind the packet, and not sent (RFC 4303 2.2.1).
            _keys.Hmac.Compute(packet[..^EspSuites.IcvLength], Extended ? high : default, packet[^EspSuites.IcvLength..]);
        }

        return length;
    }

    public void Dispose() => _keys.Dispose();
}

/// <summary>The associated data of ESP's AEADs (RFC 4106 5, RFC 7634 2.1): SPI and number, 8 bytes, or 12 with ESN.</summary>
internal static class EspAssociated
{
    internal static Span<byte> Write(Span<byte> twelve, uint spi, ulong sequence, bool extended)
    {
        BinaryPrimitives.WriteUInt32BigEndian(twelve, spi);
        if (!extended)
        {
            BinaryPrimitives.WriteUInt32BigEndian(twelve[4..], (uint)sequence);
            return twelve[..8];
        }

        BinaryPrimitives.WriteUInt64BigEndian(twelve[4..], sequence);
        return twelve;
    }
}
