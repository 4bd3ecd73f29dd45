using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Baton.Crypto;
using Baton.Crypto.OpenSsl;
using Baton.Esp.Replay;
using Baton.Wire;
using Baton.Wire.Replay;

namespace Baton.Esp;

/// <summary>Opens packets of one inbound SA (RFC 4303 3.4). One owner.</summary>
/// <remarks>
/// Three steps, so that a ceiling can stand between authentic and accepted:
/// <see cref="Check"/> (cheap, before any cipher) -> Open (authentic or not) -> [ceiling] -> <see cref="Accept"/> (marks).
/// The batch does all three for what lies at or below the ceiling. Pointers instead of spans: bench/run-esp holds the step against the bare call.
/// </remarks>
public unsafe class InboundSa : IDisposable
{
    private const ulong Epoch = 1UL << 32;

    /// <summary>How many forgeries may cost a second look before authentic packets pay for more, see <see cref="SecondLook"/>.</summary>
    private const int Patience = 64;

    private readonly Aead? _aead;

    /// <summary>Null for an AEAD.</summary>
    private readonly CbcHmac? _cbc;
    private readonly ReplayWindow _window;
    private readonly uint _salt;
    private readonly uint _wireSpi;
    private readonly int _alignment;
    private readonly int _textAt;
    private int _patience = Patience;
    private readonly EspSuite _suite;
    private readonly bool _extended;

    /// <param name="windowSize">At least so many numbers below the top are told apart (RFC 4303 3.4.3): rounded up to a multiple of 64.</param>
    public InboundSa(
        uint spi, EspSuite suite, bool extended, int windowSize, ReadOnlySpan<byte> cipherKey, ReadOnlySpan<byte> saltOrIntegrityKey)
        : this(spi, suite, extended, windowSize, cipherKey, saltOrIntegrityKey, CipherProvider.Library)
    {
    }

    /// <param name="library">Another library than the process's choice: tests and benchmarks compare them.</param>
    public InboundSa(
        uint spi, EspSuite suite, bool extended, int windowSize, ReadOnlySpan<byte> cipherKey, ReadOnlySpan<byte> saltOrIntegrityKey, CipherLibrary library)
    {
        (_suite, _wireSpi, _extended) = (suite, BinaryPrimitives.ReverseEndianness(spi), extended);
        _window = new ReplayWindow((windowSize + 63) & ~63);
        _aead = EspKeys.MakeAead(suite, cipherKey, saltOrIntegrityKey, CipherUse.Open, library);
        if (_aead is null)
            _cbc = new CbcHmac(cipherKey, saltOrIntegrityKey, CipherUse.Open);
        else
            _salt = EspKeys.WireSalt(saltOrIntegrityKey);
        (_alignment, _textAt) = (suite.Alignment(), suite.PayloadOffset());
    }

    public uint Spi => BinaryPrimitives.ReverseEndianness(_wireSpi);

    public bool Extended => _extended;

    public EspSuite Suite => _suite;

    public ReplayWindow Window => _window;

    /// <summary>Two steps, one a batch: what a packet needs of this SA is on its way to the caches.</summary>
    public void FetchCipher()
    {
        CacheLines.Fetch(_aead, 24);
        _window.Fetch();
    }

    /// <inheritdoc cref="FetchCipher"/>
    public void FetchKey(int textLength) => _aead?.Fetch(textLength);

    /// <summary>The number the packet must have, and whether it can be fresh. <see cref="EspVerdict.Delivered"/> means: go on.</summary>
    public EspVerdict Check(ReadOnlySpan<byte> packet, out ulong sequence)
    {
        fixed (byte* start = packet)
            return CheckAt(start, packet.Length, out sequence);
    }

    /// <summary>Authenticates and decrypts in place, and takes the padding off.</summary>
    /// <param name="packet">The ESP packet; decrypted on success, spoilt on failure.</param>
    /// <param name="sequence">As <see cref="Check"/> told.</param>
    /// <param name="payload">Where the payload lies in <paramref name="packet"/>.</param>
    /// <returns>Replayed, too: a packet from left of the window carries the same low half as one of the next 2^32, and A2.2 reads it as that.
    /// So one that does not authenticate there is tried as the old one that it may be: the operator sees a replay, not a forgery.</returns>
    public EspVerdict Open(Span<byte> packet, ulong sequence, out Range payload, out byte nextHeader)
    {
        payload = default;
        nextHeader = 0;
        if (!IsWhole(packet.Length))
            return EspVerdict.Runt;
        fixed (byte* start = packet)
        {
            EspVerdict verdict = OpenAt(start, packet.Length, sequence, out int length, out nextHeader);
            if (verdict is EspVerdict.Delivered or EspVerdict.Dummy)
                payload = new Range(_textAt, _textAt + length);
            return verdict;
        }
    }

    /// <summary>Checks, opens and marks a batch in place, in order.</summary>
    /// <param name="buffer">Holds every packet. Managed or native.</param>
    /// <param name="ceiling">Numbers above it are <see cref="EspVerdict.Held"/> and left untouched and unmarked: the caller keeps the packet, opens
    /// it and waits. <see cref="ulong.MaxValue"/> where no ceiling stands.</param>
    /// <returns>How many were delivered.</returns>
    public int Open(Span<byte> buffer, Span<EspOpenItem> items, ulong ceiling)
    {
        int delivered = 0;
        fixed (byte* start = buffer)
        {
            foreach (ref EspOpenItem item in items)
            {
                (item.PayloadAt, item.PayloadLength, item.NextHeader, item.Sequence) = (0, 0, 0, 0);
                if ((item.PacketAt | item.PacketLength) < 0 || (long)item.PacketAt + item.PacketLength > buffer.Length)
                {
                    item.Verdict = EspVerdict.Runt;
                    continue;
                }

                byte* packet = start + item.PacketAt;
                EspVerdict verdict = CheckAt(packet, item.PacketLength, out ulong sequence);
                item.Sequence = sequence;
                if (verdict == EspVerdict.Delivered)
                    verdict = sequence > ceiling ? EspVerdict.Held : OpenAndMark(packet, ref item);
                if (verdict == EspVerdict.Delivered)
                    delivered++;
                item.Verdict = verdict;
            }
        }

        return delivered;
    }

    /// <summary>Marks the number of an authentic packet that the ceiling admits. False: another packet with it was accepted meanwhile.</summary>
    public bool Accept(ulong sequence) => _window.TryAccept(sequence);

    public void Dispose()
    {
        _aead?.Dispose();
        _cbc?.Dispose();
        GC.SuppressFinalize(this);
    }

    private EspVerdict OpenAndMark(byte* packet, ref EspOpenItem item)
    {
        EspVerdict verdict = OpenAt(packet, item.PacketLength, item.Sequence, out int length, out byte nextHeader);
        item.NextHeader = nextHeader;
        if (verdict is not (EspVerdict.Delivered or EspVerdict.Dummy))
        {
            // Authentic with bad padding: its number is used all the same (RFC 4303 3.4.3 marks when the ICV held).
            if (verdict == EspVerdict.BadPadding)
                _window.TryAccept(item.Sequence);
            return verdict;
        }

        if (!_window.TryAccept(item.Sequence))
            return EspVerdict.Replayed;
        (item.PayloadAt, item.PayloadLength) = (item.PacketAt + _textAt, length);
        return verdict;
    }

    private bool IsWhole(int packetLength)
    {
        int text = packetLength - _textAt - EspSuites.IcvLength;
        return text >= _alignment && (text & (_alignment - 1)) == 0;
    }

    private EspVerdict CheckAt(byte* packet, int packetLength, out ulong sequence)
    {
        if (!IsWhole(packetLength))
        {
            sequence = 0;
            return EspVerdict.Runt;
        }

        uint low = BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(packet + 4));
        sequence = _extended ? ExtendedSequence.Infer(low, _window.Top, _window.Size) : low;
        return _window.IsFresh(sequence) ? EspVerdict.Delivered : EspVerdict.Replayed;
    }

    /// <summary>The packet is whole (<see cref="IsWhole"/>); memory does not move.</summary>
    private EspVerdict OpenAt(byte* packet, int packetLength, ulong sequence, out int payloadLength, out byte nextHeader)
    {
        payloadLength = 0;
        nextHeader = 0;
        byte* text = packet + _textAt;
        int textLength = packetLength - _textAt - EspSuites.IcvLength;
        if (!(_aead is null ? OpenCbc(packet, text, textLength, sequence) : OpenAead(packet, text, textLength, sequence)))
            return SecondLook(packet, text, textLength, sequence);
        if (_patience < Patience)
            _patience++;

        int padding = text[textLength - 2];
        nextHeader = text[textLength - 1];
        int length = textLength - 2 - padding;
        if (length < 0)
            return EspVerdict.BadPadding;
        for (int i = 0; i < padding; i++)
        {
            if (text[length + i] != i + 1)
                return EspVerdict.BadPadding;
        }

        payloadLength = length;
        return nextHeader == 59 ? EspVerdict.Dummy : EspVerdict.Delivered;
    }

    [SkipLocalsInit]
    private bool OpenAead(byte* packet, byte* text, int textLength, ulong sequence)
    {
        // The nonce is the salt and the IV as sent; the associated data holds the whole number.
        ulong iv = Unsafe.ReadUnaligned<ulong>(packet + EspSuites.HeaderLength);
        ulong wire = BinaryPrimitives.ReverseEndianness(sequence);
        Vector128<ulong> nonce = Vector128.Create(_salt | (iv << 32), iv >> 32);
        Vector128<ulong> associated = _extended
            ? Vector128.Create(_wireSpi | (wire << 32), wire >> 32)
            : Vector128.Create(_wireSpi | (wire & 0xFFFF_FFFF_0000_0000), 0);
        return _aead!.Open((byte*)&nonce, (byte*)&associated, _extended ? 12 : 8, text, textLength, text + textLength);
    }

    private bool OpenCbc(byte* packet, byte* text, int textLength, ulong sequence)
    {
        if (!VerifyHmac(packet, textLength, sequence))
            return false;
        _cbc!.Cbc.Apply(new ReadOnlySpan<byte>(packet + EspSuites.HeaderLength, EvpCbc.BlockLength), new Span<byte>(text, textLength));
        return true;
    }

    private bool VerifyHmac(byte* packet, int textLength, ulong sequence)
    {
        // With ESN the high half is signed behind the packet, and not sent (RFC 4303 2.2.1).
        Span<byte> high = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(high, (uint)(sequence >> 32));
        int signed = _textAt + textLength;
        return _cbc!.Hmac.Verify(
            new ReadOnlySpan<byte>(packet, signed), _extended ? high : default, new ReadOnlySpan<byte>(packet + signed, EspSuites.IcvLength));
    }

    /// <summary>Not authentic as read. Is it an old packet that A2.2 reads as one of the next 2^32? Then it is a replay.</summary>
    /// <remarks>Only for the operator's eyes: it is refused either way. So a flood of forgeries, which would make us decrypt twice more each, gets
    /// no second look beyond <see cref="Patience"/> failed ones, and one more for each authentic packet. A proven replay costs nothing of it.</remarks>
    private EspVerdict SecondLook(byte* packet, byte* text, int textLength, ulong sequence)
    {
        if (!_extended || sequence < Epoch || sequence - Epoch >= _window.Top || _window.IsFresh(sequence - Epoch) || _patience == 0)
            return EspVerdict.BadIcv;
        bool old;
        if (_aead is null)
        {
            old = VerifyHmac(packet, textLength, sequence - Epoch);
        }
        else
        {
            // Both AEADs are a key stream and a tag: opening once more gives the ciphertext back.
            _ = OpenAead(packet, text, textLength, sequence);
            old = OpenAead(packet, text, textLength, sequence - Epoch);
        }

        if (old)
            return EspVerdict.Replayed;
        _patience--;
        return EspVerdict.BadIcv;
    }
}
