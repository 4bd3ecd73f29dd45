using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Baton.Crypto;
using Baton.Crypto.OpenSsl;
using Baton.Wire;

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
/// and RFC 7634 2 want it). Pointers instead of spans: bench/run-esp holds the step against the bare call of the library.
/// </remarks>
public unsafe class OutboundSa : IDisposable
{
    private readonly Aead? _aead;

    /// <summary>Null for an AEAD.</summary>
    private readonly CbcHmac? _cbc;
    private readonly uint _salt;
    private readonly uint _wireSpi;
    private readonly EspSuite _suite;
    private readonly bool _extended;

    public OutboundSa(uint spi, EspSuite suite, bool extended, ReadOnlySpan<byte> cipherKey, ReadOnlySpan<byte> saltOrIntegrityKey)
        : this(spi, suite, extended, cipherKey, saltOrIntegrityKey, CipherProvider.Library)
    {
    }

    /// <param name="library">Another library than the process's choice: tests and benchmarks compare them.</param>
    public OutboundSa(
        uint spi, EspSuite suite, bool extended, ReadOnlySpan<byte> cipherKey, ReadOnlySpan<byte> saltOrIntegrityKey, CipherLibrary library)
    {
        (_suite, _wireSpi, _extended) = (suite, BinaryPrimitives.ReverseEndianness(spi), extended);
        _aead = EspKeys.MakeAead(suite, cipherKey, saltOrIntegrityKey, CipherUse.Seal, library);
        if (_aead is null)
            _cbc = new CbcHmac(cipherKey, saltOrIntegrityKey, CipherUse.Seal);
        else
            _salt = EspKeys.WireSalt(saltOrIntegrityKey);
    }

    public uint Spi => BinaryPrimitives.ReverseEndianness(_wireSpi);

    /// <summary>Extended (64-bit) sequence numbers.</summary>
    public bool Extended => _extended;

    public EspSuite Suite => _suite;

    /// <summary>Two steps, one a batch: what a packet needs of this SA is on its way to the caches.</summary>
    public void FetchCipher() => CacheLines.Fetch(_aead, 24);

    /// <inheritdoc cref="FetchCipher"/>
    public void FetchKey(int textLength) => _aead?.Fetch(textLength);

    /// <summary>Writes the ESP packet for <paramref name="payload"/>.</summary>
    /// <param name="sequence">A number that nobody used on this SA before; at least 1.</param>
    /// <param name="nextHeader">4 for IPv4 in tunnel mode, 41 for IPv6, a protocol in transport mode, 59 for a dummy.</param>
    /// <param name="destination">May hold <paramref name="payload"/> at its place in the packet already (<see cref="EspSuites.PayloadOffset"/>):
    /// then nothing is copied. It must not overlap it otherwise.</param>
    /// <returns>The length, or 0 when <paramref name="destination"/> is too small.</returns>
    public int Seal(ReadOnlySpan<byte> payload, byte nextHeader, ulong sequence, Span<byte> destination)
    {
        if (Suite.SealedLength(payload.Length) > destination.Length)
            return 0;
        fixed (byte* from = payload, packet = destination)
        {
            byte* text = packet + Suite.PayloadOffset();
            if (from != text)
                Buffer.MemoryCopy(from, text, payload.Length, payload.Length);
            return SealInPlace(packet, payload.Length, nextHeader, sequence);
        }
    }

    /// <summary>Seals a batch with consecutive numbers: one pass, nothing allocated, nothing copied where payloads lie at their places.</summary>
    /// <param name="buffer">Holds every payload and takes every packet. Managed or native.</param>
    /// <param name="firstSequence">Item i is sealed with <c>firstSequence + i</c>: the caller's lease covers all of them.</param>
    /// <returns>How many were sealed. An item that does not fit in <paramref name="buffer"/> is <see cref="EspVerdict.TooLong"/>; its number is
    /// spent unused.</returns>
    public int Seal(Span<byte> buffer, Span<EspSealItem> items, ulong firstSequence)
    {
        int header = Suite.PayloadOffset();
        int done = 0;
        fixed (byte* start = buffer)
        {
            for (int i = 0; i < items.Length; i++)
            {
                ref EspSealItem item = ref items[i];
                item.PacketLength = 0;
                if (!Lies(item.PayloadAt, item.PayloadLength, buffer.Length)
                    || !Lies(item.PacketAt, Suite.SealedLength(item.PayloadLength), buffer.Length))
                {
                    item.Verdict = EspVerdict.TooLong;
                    continue;
                }

                byte* packet = start + item.PacketAt;
                if (item.PayloadAt != item.PacketAt + header)
                    Buffer.MemoryCopy(start + item.PayloadAt, packet + header, item.PayloadLength, item.PayloadLength);
                item.PacketLength = SealInPlace(packet, item.PayloadLength, item.NextHeader, firstSequence + (uint)i);
                item.Verdict = EspVerdict.Delivered;
                done++;
            }
        }

        return done;
    }

    public void Dispose()
    {
        _aead?.Dispose();
        _cbc?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A length that is not negative, at a place that is not negative, ends within the buffer.</summary>
    private static bool Lies(int at, int length, int within) => (at | length) >= 0 && (long)at + length <= within;

    /// <summary>The payload stands at its place; memory is enough and does not move.</summary>
    [SkipLocalsInit]
    private int SealInPlace(byte* packet, int payloadLength, byte nextHeader, ulong sequence)
    {
        if (_aead is null)
            return SealCbc(packet, payloadLength, nextHeader, sequence);
        byte* text = packet + EspSuites.AeadPayloadOffset;
        int textLength = (payloadLength + 2 + 3) & ~3;
        int padding = textLength - payloadLength - 2;

        // 1, 2, 3, pad length, next header in one store: what it writes too much, the ICV overwrites.
        Unsafe.WriteUnaligned(text + payloadLength, Trailers[padding] | ((ulong)nextHeader << (8 * (padding + 1))));

        ulong wire = BinaryPrimitives.ReverseEndianness(sequence);
        ulong spiAndLow = _wireSpi | (wire & 0xFFFF_FFFF_0000_0000);
        Unsafe.WriteUnaligned(packet, spiAndLow);
        Unsafe.WriteUnaligned(packet + EspSuites.HeaderLength, wire);

        // One store each: the library reads them whole, and a load that spans two stores must wait for both.
        Vector128<ulong> nonce = Vector128.Create(_salt | (wire << 32), wire >> 32);
        Vector128<ulong> associated = _extended ? Vector128.Create(_wireSpi | (wire << 32), wire >> 32) : Vector128.Create(spiAndLow, 0);
        _aead.Seal((byte*)&nonce, (byte*)&associated, _extended ? 12 : 8, text, textLength, text + textLength);
        return EspSuites.AeadPayloadOffset + textLength + EspSuites.IcvLength;
    }

    private static ReadOnlySpan<uint> Trailers => [0, 0x0101, 0x02_0201, 0x0303_0201];

    private int SealCbc(byte* packet, int payloadLength, byte nextHeader, ulong sequence)
    {
        const int block = EvpCbc.BlockLength;
        const int textAt = EspSuites.HeaderLength + block;
        int textLength = (payloadLength + 2 + block - 1) & -block;
        var text = new Span<byte>(packet + textAt, textLength);
        int padding = textLength - payloadLength - 2;
        for (int i = 0; i < padding; i++)
            text[payloadLength + i] = (byte)(i + 1);
        text[^2] = (byte)padding;
        text[^1] = nextHeader;
        BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(packet, 4), Spi);
        BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(packet + 4, 4), (uint)sequence);
        var iv = new Span<byte>(packet + EspSuites.HeaderLength, block);
        _cbc!.MakeIv(sequence, iv);
        _cbc.Cbc.Apply(iv, text);

        // With ESN the high half is signed behind the packet, and not sent (RFC 4303 2.2.1).
        Span<byte> high = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(high, (uint)(sequence >> 32));
        var icv = new Span<byte>(packet + textAt + textLength, EspSuites.IcvLength);
        _cbc.Hmac.Compute(new ReadOnlySpan<byte>(packet, textAt + textLength), _extended ? high : default, icv);
        return textAt + textLength + EspSuites.IcvLength;
    }
}
