using Baton.Wire;
using Baton.Wire.Rtp;

namespace Baton.Voice.MediaGateway;

/// <summary>What the phone of a leg sent and what passed of it; in the tenure of this member.</summary>
public sealed class MediaLegCounts
{
    public long Packets { get; internal set; }

    /// <summary>Of RTP, with headers, without tags.</summary>
    public long Bytes { get; internal set; }

    public long RtcpPackets { get; internal set; }

    public long Dropped { get; internal set; }
}

/// <summary>What a relay counts of one RTP stream: numbers with their cycles (RFC 3550 A.1), loss (A.3), interarrival jitter (A.8).</summary>
public sealed class StreamMeter
{
    private const ulong Base = 1UL << 32;  // room below the first number

    private ulong _first;
    private ulong _highest;
    private int _transit;
    private double _jitter;

    public long Packets { get; private set; }

    /// <summary>Expected less received: negative with duplicates.</summary>
    public long Lost => Packets == 0 ? 0 : (long)(_highest - _first) + 1 - Packets;

    /// <summary>The highest number, with its cycles above 16 bits.</summary>
    public uint Highest => (uint)(_highest - Base);

    /// <summary>In units of the stream's timestamps; 0 where nobody knows its clock: payload types that are agreed on (RFC 3551 6).</summary>
    public uint Jitter => (uint)_jitter;

    public byte PayloadType { get; private set; }

    public void Take(ReadOnlySpan<byte> packet, Instant now)
    {
        ushort sequence = RtpPacket.SequenceOf(packet);
        byte type = (byte)(packet[1] & 0x7f);
        if (Packets == 0)
            _first = _highest = Base + sequence;
        ulong extended = _highest + (ulong)(long)(short)(sequence - (ushort)_highest);
        _highest = Math.Max(_highest, extended);
        _first = Math.Min(_first, extended);
        if (ClockOf(type) is var rate and > 0)
        {
            uint timestamp = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
            uint arrived = (uint)(now.Nanoseconds / 1_000 * rate / 1_000_000);
            int transit = (int)(arrived - timestamp);
            if (Packets > 0 && type == PayloadType)
                _jitter += (Math.Abs((double)unchecked(transit - _transit)) - _jitter) / 16;
            _transit = transit;
        }

        PayloadType = type;
        Packets++;
    }

    /// <summary>RFC 3551 6, tables 4 and 5.</summary>
    private static int ClockOf(byte type) => type switch
    {
        6 => 16_000,
        10 or 11 => 44_100,
        14 => 90_000,
        16 => 11_025,
        17 => 22_050,
        <= 18 => 8_000,
        >= 25 and <= 34 => 90_000,
        _ => 0,
    };
}
