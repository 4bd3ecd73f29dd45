using System.Buffers.Binary;
using Baton.Crypto.OpenSsl;
using Baton.Wire.Replay;

namespace Baton.Srtp;

/// <summary>Opens RTCP packets of one sender under one key (RFC 3711 3.4, RFC 7714 9). One owner.</summary>
/// <remarks>The three steps of <see cref="InboundSrtp"/>; the index is sent, so nothing is inferred.</remarks>
public sealed class InboundSrtcp : IDisposable
{
    private readonly SessionKeys _keys;
    private readonly bool _encrypted;

    /// <summary>Where the word with E flag and index stands, from the packet's end.</summary>
    private readonly int _wordFromEnd;

    /// <param name="encrypted">What the E flag must say.</param>
    public InboundSrtcp(uint ssrc, SrtpMasterKey master, bool encrypted, int windowSize)
        : this(ssrc, SessionKeys.Derive(master, SrtpHalf.Rtcp, CipherUse.Open), encrypted, windowSize)
    {
    }

    internal InboundSrtcp(uint ssrc, SessionKeys keys, bool encrypted, int windowSize)
    {
        (Ssrc, _keys, _encrypted, Window) = (ssrc, keys, encrypted, new ReplayWindow(windowSize));
        _wordFromEnd = RtcpLayout.WordLength + (Suite.IsAead() ? 0 : Suite.RtcpTagLength());
    }

    public uint Ssrc { get; }

    public SrtpSuite Suite => _keys.Suite;

    public ReplayWindow Window { get; }

    /// <summary>The number the packet says, and whether it can be fresh.</summary>
    public SrtpVerdict Check(ReadOnlySpan<byte> packet, out ulong number)
    {
        SrtpVerdict verdict = ReadNumber(packet, out number);
        if (verdict != SrtpVerdict.Passed)
            return verdict;
        if (RtcpLayout.SsrcOf(packet) != Ssrc)
            return SrtpVerdict.OtherSource;
        return Window.IsFresh(number) ? SrtpVerdict.Passed : SrtpVerdict.Replayed;
    }

    /// <summary>The number the packet says, whoever its source is.</summary>
    public SrtpVerdict ReadNumber(ReadOnlySpan<byte> packet, out ulong number)
    {
        number = 0;
        if (!IsWhole(packet))
            return SrtpVerdict.Malformed;
        uint word = BinaryPrimitives.ReadUInt32BigEndian(packet[^_wordFromEnd..]);
        if ((word & RtcpLayout.EncryptedFlag) != 0 != _encrypted)
            return SrtpVerdict.OtherForm;
        number = (word & ~RtcpLayout.EncryptedFlag) + 1UL;
        return number > SrtpIndex.LastRtcpNumber ? SrtpVerdict.SpaceEnded : SrtpVerdict.Passed;
    }

    /// <summary>Authenticates and decrypts in place.</summary>
    /// <param name="packet">Decrypted on success, spoilt on failure.</param>
    /// <param name="number">As <see cref="Check"/> told.</param>
    /// <param name="length">Of the RTCP packet without tag and index.</param>
    public SrtpVerdict Open(Span<byte> packet, ulong number, out int length)
    {
        length = 0;
        if (!IsWhole(packet))
            return SrtpVerdict.Malformed;
        uint index = (uint)(number - 1);
        int end = packet.Length - RtcpLayout.WordLength - Suite.RtcpTagLength();
        Span<byte> iv = stackalloc byte[16];
        _keys.WriteIv(RtcpLayout.SsrcOf(packet), index, iv);
        Span<byte> text = packet[RtcpLayout.HeaderLength..end];
        if (_keys.Aead is not null)
        {
            if (!OpenAead(packet, iv[..12], text, end))
                return SrtpVerdict.BadTag;
        }
        else
        {
            int signed = end + RtcpLayout.WordLength;
            if (!_keys.Signing(packet[..signed]).Verify(packet[signed..]))
                return SrtpVerdict.BadTag;
            if (_encrypted)
                _keys.ApplyKeyStream(iv, text);
        }

        length = end;
        return SrtpVerdict.Passed;
    }

    /// <summary>Marks the number of an authentic packet that the ceiling admits. False: another packet with it was accepted meanwhile.</summary>
    public bool Accept(ulong number) => Window.TryAccept(number);

    public void Dispose() => _keys.Dispose();

    private bool IsWhole(ReadOnlySpan<byte> packet) =>
        RtcpLayout.IsRtcp(packet) && packet.Length >= RtcpLayout.HeaderLength + RtcpLayout.WordLength + Suite.RtcpTagLength();

    private bool OpenAead(Span<byte> packet, ReadOnlySpan<byte> nonce, Span<byte> text, int end)
    {
        Span<byte> word = packet[^RtcpLayout.WordLength..];
        Span<byte> tag = packet[end..^RtcpLayout.WordLength];
        if (_encrypted)
        {
            Span<byte> associated = stackalloc byte[RtcpLayout.HeaderLength + RtcpLayout.WordLength];
            RtcpLayout.Associate(packet, BinaryPrimitives.ReadUInt32BigEndian(word), associated);
            return _keys.Aead!.Open(nonce, associated, text, tag);
        }

        // The word is signed behind the packet, where the tag stands.
        Span<byte> kept = stackalloc byte[16];
        tag.CopyTo(kept);
        word.CopyTo(tag);
        return _keys.Aead!.Open(nonce, packet[..(end + RtcpLayout.WordLength)], [], kept);
    }
}
