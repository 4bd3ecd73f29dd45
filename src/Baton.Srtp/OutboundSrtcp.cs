using System.Buffers.Binary;
using Baton.Crypto.OpenSsl;

namespace Baton.Srtp;

/// <summary>Seals RTCP packets of one sender under one key (RFC 3711 3.4, RFC 7714 9). Numbers come from a lease. One owner.</summary>
/// <remarks>All 31 bits of the index travel, so the peer follows any jump.</remarks>
public sealed class OutboundSrtcp : IDisposable
{
    private readonly SessionKeys _keys;
    private readonly bool _encrypted;

    /// <param name="encrypted">False where SDES agreed on UNENCRYPTED_SRTCP: signed only.</param>
    public OutboundSrtcp(uint ssrc, SrtpMasterKey master, bool encrypted)
        : this(ssrc, SessionKeys.Derive(master, SrtpHalf.Rtcp, CipherUse.Seal), encrypted)
    {
    }

    internal OutboundSrtcp(uint ssrc, SessionKeys keys, bool encrypted) => (Ssrc, _keys, _encrypted) = (ssrc, keys, encrypted);

    public uint Ssrc { get; }

    public SrtpSuite Suite => _keys.Suite;

    /// <summary>Seals in place.</summary>
    /// <param name="buffer">The (compound) RTCP packet, and room for tag and index behind it.</param>
    /// <param name="number">The index plus 1; nobody used it on this SA before.</param>
    /// <returns>Anything but <see cref="SrtpVerdict.Passed"/>: nothing was sealed, and the number is spent all the same.</returns>
    public SrtpVerdict Seal(Span<byte> buffer, int length, ulong number, out int sealedLength)
    {
        sealedLength = 0;
        int tagLength = Suite.RtcpTagLength();
        if (number - 1 >= SrtpIndex.LastRtcpNumber)
            return SrtpVerdict.SpaceEnded;
        if ((uint)length > (uint)buffer.Length || buffer.Length - length < tagLength + RtcpLayout.WordLength)
            return SrtpVerdict.TooLong;
        if (!RtcpLayout.IsRtcp(buffer[..length]))
            return SrtpVerdict.Malformed;
        if (RtcpLayout.SsrcOf(buffer) != Ssrc)
            return SrtpVerdict.OtherSource;

        uint index = (uint)(number - 1);
        uint word = _encrypted ? index | RtcpLayout.EncryptedFlag : index;
        Span<byte> iv = stackalloc byte[16];
        _keys.WriteIv(Ssrc, index, iv);
        Span<byte> text = buffer[RtcpLayout.HeaderLength..length];
        if (_keys.Aead is { } aead)
        {
            Span<byte> tag = buffer.Slice(length, tagLength);
            if (_encrypted)
            {
                Span<byte> associated = stackalloc byte[RtcpLayout.HeaderLength + RtcpLayout.WordLength];
                RtcpLayout.Associate(buffer, word, associated);
                aead.Seal(iv[..12], associated, text, tag);
            }
            else
            {
                // The word is signed behind the packet, and then gives way to the tag.
                Span<byte> made = stackalloc byte[16];
                BinaryPrimitives.WriteUInt32BigEndian(tag, word);
                aead.Seal(iv[..12], buffer[..(length + RtcpLayout.WordLength)], [], made);
                made.CopyTo(tag);
            }

            BinaryPrimitives.WriteUInt32BigEndian(buffer[(length + tagLength)..], word);
        }
        else
        {
            if (_encrypted)
                _keys.ApplyKeyStream(iv, text);
            BinaryPrimitives.WriteUInt32BigEndian(buffer[length..], word);
            int signed = length + RtcpLayout.WordLength;
            _keys.Signing(buffer[..signed]).Finish(buffer.Slice(signed, tagLength));
        }

        sealedLength = length + tagLength + RtcpLayout.WordLength;
        return SrtpVerdict.Passed;
    }

    public void Dispose() => _keys.Dispose();
}
