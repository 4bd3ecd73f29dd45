using System.Buffers.Binary;

namespace Baton.Voice.Rtp;

/// <summary>An RTP packet exactly as it lies in its UDP payload (RFC 3550 5.1). A view: it owns and copies nothing.</summary>
public readonly ref struct RtpPacket
{
    public const int HeaderBytes = 12;

    /// <summary>PCMU, 8000 Hz (RFC 3551 6, table 4).</summary>
    public const byte Pcmu = 0;

    private readonly ReadOnlySpan<byte> _bytes;

    private RtpPacket(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> payload)
    {
        _bytes = bytes;
        Payload = payload;
    }

    public bool Marker => (_bytes[1] & 0x80) != 0;

    public byte PayloadType => (byte)(_bytes[1] & 0x7f);

    public ushort Sequence => BinaryPrimitives.ReadUInt16BigEndian(_bytes[2..]);

    public uint Timestamp => BinaryPrimitives.ReadUInt32BigEndian(_bytes[4..]);

    public uint Ssrc => BinaryPrimitives.ReadUInt32BigEndian(_bytes[8..]);

    public ReadOnlySpan<byte> Payload { get; }

    public static bool TryParse(ReadOnlySpan<byte> datagram, out RtpPacket packet)
    {
        packet = default;
        if (datagram.Length < HeaderBytes || datagram[0] >> 6 != 2)
            return false;
        int start = HeaderBytes + (4 * (datagram[0] & 0x0f)); // CSRCs
        if ((datagram[0] & 0x10) != 0)
        {
            // Header extension: two bytes of profile, two of length in words (RFC 3550 5.3.1).
            if (datagram.Length < start + 4)
                return false;
            start += 4 + (4 * BinaryPrimitives.ReadUInt16BigEndian(datagram[(start + 2)..]));
        }

        int padding = (datagram[0] & 0x20) != 0 ? datagram[^1] : 0;
        bool padded = (datagram[0] & 0x20) != 0;
        if (start > datagram.Length || (padded && padding == 0) || padding > datagram.Length - start)
            return false;
        packet = new RtpPacket(datagram, datagram[start..^padding]);
        return true;
    }

    public static void WriteHeader(Span<byte> datagram, bool marker, byte payloadType, ushort sequence, uint timestamp, uint ssrc)
    {
        datagram[0] = 0x80;
        datagram[1] = (byte)((marker ? 0x80 : 0) | payloadType);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[2..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(datagram[4..], timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(datagram[8..], ssrc);
    }
}
