using System.Buffers.Binary;

namespace Baton.Wire.Rtp;

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

    public ushort Sequence => SequenceOf(_bytes);

    public uint Timestamp => BinaryPrimitives.ReadUInt32BigEndian(_bytes[4..]);

    public uint Ssrc => SsrcOf(_bytes);

    public ReadOnlySpan<byte> Payload { get; }

    public static bool TryParse(ReadOnlySpan<byte> datagram, out RtpPacket packet)
    {
        packet = default;
        int start = MeasureHeader(datagram);
        if (start == 0)
            return false;
        int padding = (datagram[0] & 0x20) != 0 ? datagram[^1] : 0;
        bool padded = (datagram[0] & 0x20) != 0;
        if ((padded && padding == 0) || padding > datagram.Length - start)
            return false;
        packet = new RtpPacket(datagram, datagram[start..^padding]);
        return true;
    }

    /// <summary>How long the header is, with its sources and its extension (RFC 3550 5.1, 5.3.1): the part that SRTP leaves in the clear. 0: not a whole
    /// header of version 2. Padding is not looked at: SRTP encrypts it.</summary>
    public static int MeasureHeader(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length < HeaderBytes || datagram[0] >> 6 != 2)
            return 0;
        int length = HeaderBytes + (4 * (datagram[0] & 0x0f)); // CSRCs
        if ((datagram[0] & 0x10) != 0)
        {
            // Header extension: two bytes of profile, two of length in words.
            if (datagram.Length < length + 4)
                return 0;
            length += 4 + (4 * BinaryPrimitives.ReadUInt16BigEndian(datagram[(length + 2)..]));
        }

        return length <= datagram.Length ? length : 0;
    }

    /// <param name="header">Measured by <see cref="MeasureHeader"/>.</param>
    public static ushort SequenceOf(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt16BigEndian(header[2..]);

    /// <param name="header">Measured by <see cref="MeasureHeader"/>.</param>
    public static uint SsrcOf(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32BigEndian(header[8..]);

    public static void WriteHeader(Span<byte> datagram, bool marker, byte payloadType, ushort sequence, uint timestamp, uint ssrc)
    {
        datagram[0] = 0x80;
        datagram[1] = (byte)((marker ? 0x80 : 0) | payloadType);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[2..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(datagram[4..], timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(datagram[8..], ssrc);
    }
}
