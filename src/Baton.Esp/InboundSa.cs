using System.Buffers.Binary;
using Baton.Crypto;
using Baton.Crypto.OpenSsl;
using Baton.Esp.Replay;

namespace Baton.Esp;

/// <summary>Opens packets of one inbound SA (RFC 4303 3.4). One owner.</summary>
/// <remarks>
/// Three steps, so that a ceiling can stand between authentic and accepted:
/// <see cref="Check"/> (cheap, before any cipher) -> <see cref="Open"/> (authentic or not) -> [ceiling] -> <see cref="Accept"/> (marks).
/// </remarks>
public sealed class InboundSa : IDisposable
{
    private readonly EspKeys _keys;

    public InboundSa(
        uint spi, EspSuite suite, bool extended, int windowSize, ReadOnlySpan<byte> cipherKey, ReadOnlySpan<byte> saltOrIntegrityKey)
    {
        (Spi, Extended) = (spi, extended);
        Window = new ReplayWindow(windowSize);
        _keys = new EspKeys(suite, cipherKey, saltOrIntegrityKey, CipherUse.Open);
    }

    public uint Spi { get; }

    public bool Extended { get; }

    public EspSuite Suite => _keys.Suite;

    public ReplayWindow Window { get; }

    /// <summary>The number the packet must have, and whether it can be fresh. <see cref="EspVerdict.Delivered"/> means: go on.</summary>
    public EspVerdict Check(ReadOnlySpan<byte> packet, out ulong sequence)
    {
        sequence = 0;
        int text = packet.Length - EspSuites.HeaderLength - Suite.IvLength() - EspSuites.IcvLength;
        if (text < Suite.Alignment() || text % Suite.Alignment() != 0)
            return EspVerdict.Runt;
        uint low = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        sequence = Extended ? ExtendedSequence.Infer(low, Window.Top, Window.Size) : low;
        return Window.IsFresh(sequence) ? EspVerdict.Delivered : EspVerdict.Replayed;
    }

    /// <summary>Authenticates and decrypts in place, and takes the padding off.</summary>
    /// <param name="packet">The ESP packet; decrypted on success, spoilt on failure.</param>
    /// <param name="sequence">As <see cref="Check"/> told.</param>
    /// <returns>Replayed, too: a packet from left of the window carries the same low half as one of the next 2^32, and A2.2 reads it as that.
    /// So one that does not authenticate there is tried as the old one that it may be: the operator sees a replay, not a forgery.</returns>
    /// <param name="payload">Where the payload lies in <paramref name="packet"/>.</param>
    public EspVerdict Open(Span<byte> packet, ulong sequence, out Range payload, out byte nextHeader)
    {
        payload = default;
        nextHeader = 0;
        int ivLength = Suite.IvLength();
        int textAt = EspSuites.HeaderLength + ivLength;
        Span<byte> text = packet[textAt..^EspSuites.IcvLength];
        ReadOnlySpan<byte> iv = packet.Slice(EspSuites.HeaderLength, ivLength);
        ReadOnlySpan<byte> icv = packet[^EspSuites.IcvLength..];
        if (Suite.IsAead())
        {
            Span<byte> nonce = stackalloc byte[Aead.NonceLength];
            _keys.FillNonce(nonce, iv);
            Span<byte> associated = stackalloc byte[12];
            associated = EspAssociated.Write(associated, Spi, sequence, Extended);
            if (!_keys.Aead.Open(nonce, associated, text, icv))
            {
                if (!MayBeOld(sequence))
                    return EspVerdict.BadIcv;

                // Both AEADs are a key stream and a tag: opening once more gives the ciphertext back.
                _ = _keys.Aead.Open(nonce, associated, text, icv);
                associated = EspAssociated.Write(associated, Spi, sequence - Epoch, Extended);
                return _keys.Aead.Open(nonce, associated, text, icv) ? EspVerdict.Replayed : EspVerdict.BadIcv;
            }
        }
        else
        {
            Span<byte> high = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(high, (uint)(sequence >> 32));
            if (!_keys.Hmac.Verify(packet[..^EspSuites.IcvLength], Extended ? high : default, icv))
            {
                if (!MayBeOld(sequence))
                    return EspVerdict.BadIcv;
                BinaryPrimitives.WriteUInt32BigEndian(high, (uint)((sequence - Epoch) >> 32));
                return _keys.Hmac.Verify(packet[..^EspSuites.IcvLength], high, icv) ? EspVerdict.Replayed : EspVerdict.BadIcv;
            }

            _keys.Cbc.Apply(iv, text);
        }

        int padding = text[^2];
        nextHeader = text[^1];
        int length = text.Length - 2 - padding;
        if (length < 0)
            return EspVerdict.BadPadding;
        for (int i = 0; i < padding; i++)
        {
            if (text[length + i] != i + 1)
                return EspVerdict.BadPadding;
        }

        payload = new Range(textAt, textAt + length);
        return nextHeader == 59 ? EspVerdict.Dummy : EspVerdict.Delivered;
    }

    private const ulong Epoch = 1UL << 32;

    /// <summary>Read as of the next 2^32 (A2.2): the same low half was there before, left of the window.</summary>
    private bool MayBeOld(ulong sequence) => Extended && sequence >= Epoch && sequence - Epoch < Window.Top && !Window.IsFresh(sequence - Epoch);

    /// <summary>Marks the number of an authentic packet that the ceiling admits. False: another packet with it was accepted meanwhile.</summary>
    public bool Accept(ulong sequence) => Window.TryAccept(sequence);

    public void Dispose() => _keys.Dispose();
}
