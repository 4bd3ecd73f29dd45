using System.Buffers.Binary;
using Baton.Wire;
using Baton.Wire.Rtp;

namespace Baton.Voice.MediaGateway;

/// <summary>What a relay counts of one RTP stream in one tenure: numbers with their cycles (RFC 3550 A.1), loss (A.3), interarrival jitter (A.8), silence, and what that is worth.</summary>
/// <param name="begun">Since when this member relays.</param>
public sealed class StreamMeter(Instant begun)
{
    /// <summary>A stretch lasts so long: the first one is what a takeover was like, the last whole one is how the call is now.</summary>
    public static readonly TimeSpan StretchTime = TimeSpan.FromSeconds(10);

    /// <summary>A talker that jumps by more begins anew (RFC 3550 A.1, MAX_DROPOUT); nothing is lost then.</summary>
    private const int MostDropout = 3_000;

    private const ulong Base = 1UL << 32;  // room below the first number

    private ulong _first;
    private ulong _highest;
    private int _transit;
    private double _jitter;
    private Instant? _lastAt;
    private Stretch _now;

    public StreamMeter()
        : this(default)
    {
    }

    public Instant Begun => begun;

    public long Packets { get; private set; }

    /// <summary>Expected less received: negative with duplicates.</summary>
    public long Lost => Packets == 0 ? 0 : (long)(_highest - _first) + 1 - Packets;

    /// <summary>Of those that were lost: how many between the last number of the member before this one and the first one here.</summary>
    public int LostInTakeover { get; private set; }

    /// <summary>The highest number, with its cycles above 16 bits.</summary>
    public uint Highest => (uint)(_highest - Base);

    /// <summary>In units of the stream's timestamps; 0 where nobody knows its clock: payload types that are agreed on (RFC 3551 6).</summary>
    public uint Jitter => (uint)_jitter;

    /// <summary>The longest time between two packets; where a member took over, from there to the first one too.</summary>
    public TimeSpan LongestGap { get; private set; }

    public byte PayloadType { get; private set; }

    /// <summary>The first whole stretch.</summary>
    public StreamStretch? First { get; private set; }

    /// <summary>The newest whole stretch.</summary>
    public StreamStretch? Newest { get; private set; }

    /// <summary>All of the tenure until now.</summary>
    public StreamStretch Whole => new(Packets, Lost, _bursts, LongestGap, JitterTime, PayloadType);

    private TimeSpan JitterTime => ClockOf(PayloadType) is var rate and > 0 ? TimeSpan.FromSeconds(_jitter / rate) : default;

    private long _bursts;

    /// <summary>Before the first packet: another member relayed this stream up to a number.</summary>
    /// <param name="number">Of SRTP, index plus 1: the last that it can have let pass. 0: not known.</param>
    public void FollowOn(ulong number, Instant since) => (_before, _lastAt) = (number, since);

    private ulong _before;

    /// <returns>A stretch that is whole now; else null.</returns>
    public StreamStretch? Take(ReadOnlySpan<byte> packet, Instant now)
    {
        ushort sequence = RtpPacket.SequenceOf(packet);
        byte type = (byte)(packet[1] & 0x7f);
        if (Packets == 0)
            Begin(sequence, now);
        ulong extended = _highest + (ulong)(long)(short)(sequence - (ushort)_highest);
        if (extended > _highest + MostDropout)
            _first += extended - _highest - 1;
        else if (extended > _highest + 1)
            _bursts++;
        _highest = Math.Max(_highest, extended);
        _first = Math.Min(_first, extended);
        if (ClockOf(type) is var rate and > 0)
        {
            uint timestamp = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
            uint arrived = (uint)(now.Nanoseconds / 1_000 * rate / 1_000_000);
            int transit = (int)(arrived - timestamp);
            if (Packets > 0 && type == PayloadType)
                _jitter += (Math.Abs((double)unchecked(transit - _transit)) - _jitter) / 16;
            _transit = transit;
        }

        TimeSpan gap = _lastAt is { } last ? now - last : default;
        (_lastAt, PayloadType) = (now, type);
        Packets++;
        if (gap > LongestGap)
            LongestGap = gap;
        if (gap > _now.LongestGap)
            _now.LongestGap = gap;
        return now - _now.From < StretchTime ? null : End(now);
    }

    private void Begin(ushort sequence, Instant now)
    {
        _first = _highest = Base + sequence;
        int missing = _before == 0 ? 0 : (short)(sequence - (ushort)_before);
        if (missing is > 0 and < MostDropout)
            (_first, LostInTakeover, _bursts) = (_first - (ulong)missing, missing, 1);
        _now = new Stretch { From = now };
    }

    private StreamStretch End(Instant now)
    {
        var whole = new StreamStretch(Packets - _now.Packets, Lost - _now.Lost, _bursts - _now.Bursts, _now.LongestGap, JitterTime, PayloadType);
        _now = new Stretch { From = now, Packets = Packets, Lost = Lost, Bursts = _bursts };
        First ??= whole;
        Newest = whole;
        return whole;
    }

    /// <summary>Where the stretch that goes on began.</summary>
    private struct Stretch
    {
        public Instant From;
        public long Packets, Lost, Bursts;
        public TimeSpan LongestGap;
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
