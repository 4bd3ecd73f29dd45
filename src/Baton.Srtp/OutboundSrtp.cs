using System.Buffers.Binary;
using Baton.Crypto.OpenSsl;
using Baton.Wire.Rtp;

namespace Baton.Srtp;

/// <summary>Seals RTP packets of one source under one key (RFC 3711 3.3, RFC 7714 8). Numbers come from outside, never from here. One owner.</summary>
/// <remarks>
/// <code>
///   0                     header            length            length + tag
///   | header, CSRCs, ext  | payload         | tag |            [ROC: signed with AES-CM, in the IV with GCM, never sent]
///   \_ associated (GCM) _/ \_ encrypted ___/
///   \_ signed (HMAC) _____________________/ + ROC
/// </code>
/// In the role of the <em>source</em> numbers come from a lease, and the SEQ of the packet follows from it. Where a stream is relayed,
/// <see cref="RelayedSrtp"/> stands in front.
/// </remarks>
public sealed class OutboundSrtp : IDisposable
{
    private readonly SessionKeys _keys;
    private readonly int _tagLength;

    public OutboundSrtp(uint ssrc, SrtpMasterKey master)
        : this(ssrc, SessionKeys.Derive(master, SrtpHalf.Rtp, CipherUse.Seal))
    {
    }

    internal OutboundSrtp(uint ssrc, SessionKeys keys) => (Ssrc, _keys, _tagLength) = (ssrc, keys, keys.Suite.RtpTagLength());

    public uint Ssrc { get; }

    public SrtpSuite Suite => _keys.Suite;

    /// <summary>Seals in place and writes the SEQ that belongs to the number.</summary>
    /// <param name="buffer">The RTP packet, and room for the tag behind it.</param>
    /// <param name="length">Of the RTP packet.</param>
    /// <param name="number">The index plus 1; nobody used it on this SA before.</param>
    /// <returns>Anything but <see cref="SrtpVerdict.Passed"/>: nothing was sealed, and the number is spent all the same.</returns>
    public SrtpVerdict Seal(Span<byte> buffer, int length, ulong number, out int sealedLength)
    {
        sealedLength = 0;
        if (number - 1 >= SrtpIndex.LastNumber)
            return SrtpVerdict.SpaceEnded;
        if ((uint)length > (uint)buffer.Length || buffer.Length - length < _tagLength)
            return SrtpVerdict.TooLong;
        int header = RtpPacket.MeasureHeader(buffer[..length]);
        if (header == 0)
            return SrtpVerdict.Malformed;
        if (RtpPacket.SsrcOf(buffer) != Ssrc)
            return SrtpVerdict.OtherSource;

        ulong index = number - 1;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], (ushort)index);
        Span<byte> iv = stackalloc byte[16];
        _keys.WriteIv(Ssrc, index, iv);
        Span<byte> tag = buffer.Slice(length, _tagLength);
        if (_keys.Aead is { } aead)
        {
            aead.Seal(iv[..12], buffer[..header], buffer[header..length], tag);
        }
        else
        {
            _keys.ApplyKeyStream(iv, buffer[header..length]);
            Span<byte> rollover = iv[..4];
            BinaryPrimitives.WriteUInt32BigEndian(rollover, (uint)(index >> 16));
            _keys.Signing(buffer[..length]).Append(rollover).Finish(tag);
        }

        sealedLength = length + _tagLength;
        return SrtpVerdict.Passed;
    }

    public void Dispose() => _keys.Dispose();
}
