using System.Buffers.Binary;
using Baton.Crypto.OpenSsl;
using Baton.Wire.Replay;
using Baton.Wire.Rtp;

namespace Baton.Srtp;

/// <summary>Opens RTP packets of one source under one key (RFC 3711 3.3, RFC 7714 8). One owner.</summary>
/// <remarks>Three steps, so that a ceiling can stand between authentic and accepted: <see cref="Check"/>, <see cref="Open"/>, <see cref="Accept"/>. Asking never
/// marks; only an authentic packet does.</remarks>
public sealed class InboundSrtp : IDisposable
{
    private readonly SessionKeys _keys;
    private readonly int _tagLength;

    public InboundSrtp(uint ssrc, SrtpMasterKey master, int windowSize)
        : this(ssrc, SessionKeys.Derive(master, SrtpHalf.Rtp, CipherUse.Open), windowSize)
    {
    }

    internal InboundSrtp(uint ssrc, SessionKeys keys, int windowSize) =>
        (Ssrc, _keys, _tagLength, Window) = (ssrc, keys, keys.Suite.RtpTagLength(), new ReplayWindow(windowSize));

    public uint Ssrc { get; }

    public SrtpSuite Suite => _keys.Suite;

    public ReplayWindow Window { get; }

    /// <summary>The number the packet must have, and whether it can be fresh.</summary>
    public SrtpVerdict Check(ReadOnlySpan<byte> packet, out ulong number)
    {
        number = 0;
        int header = RtpPacket.MeasureHeader(packet);
        if (header == 0 || packet.Length < header + _tagLength)
            return SrtpVerdict.Malformed;
        if (RtpPacket.SsrcOf(packet) != Ssrc)
            return SrtpVerdict.OtherSource;
        SrtpVerdict verdict = SrtpIndex.Estimate(RtpPacket.SequenceOf(packet), Window.Top, out number);
        return verdict == SrtpVerdict.Passed && !Window.IsFresh(number) ? SrtpVerdict.Replayed : verdict;
    }

    /// <summary>Authenticates and decrypts in place.</summary>
    /// <param name="packet">Decrypted on success, spoilt on failure.</param>
    /// <param name="number">As <see cref="Check"/> told.</param>
    /// <param name="length">Of the RTP packet without its tag.</param>
    public SrtpVerdict Open(Span<byte> packet, ulong number, out int length)
    {
        length = 0;
        int header = RtpPacket.MeasureHeader(packet);
        int end = packet.Length - _tagLength;
        if (header == 0 || end < header)
            return SrtpVerdict.Malformed;
        ulong index = number - 1;
        Span<byte> iv = stackalloc byte[16];
        _keys.WriteIv(RtpPacket.SsrcOf(packet), index, iv);
        if (_keys.Aead is { } aead)
        {
            if (!aead.Open(iv[..12], packet[..header], packet[header..end], packet[end..]))
                return SrtpVerdict.BadTag;
        }
        else
        {
            Span<byte> rollover = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(rollover, (uint)(index >> 16));
            if (!_keys.Signing(packet[..end]).Append(rollover).Verify(packet[end..]))
                return SrtpVerdict.BadTag;
            _keys.ApplyKeyStream(iv, packet[header..end]);
        }

        length = end;
        return SrtpVerdict.Passed;
    }

    /// <summary>Marks the number of an authentic packet that the ceiling admits. False: another packet with it was accepted meanwhile.</summary>
    public bool Accept(ulong number) => Window.TryAccept(number);

    public void Dispose() => _keys.Dispose();
}
