using Baton.Wire;
using Baton.Wire.Rtp;

namespace Baton.Voice.Rtp;

/// <summary>What became of a received RTP packet.</summary>
public enum RtpVerdict
{
    /// <summary>New, in order.</summary>
    Received,

    /// <summary>New, but a later one came before it.</summary>
    Reordered,

    /// <summary>The same number once more: delivered twice.</summary>
    Duplicate,

    /// <summary>Of another source than the one we listen to.</summary>
    ForeignSource,

    /// <summary>No RTP, or not of our payload type.</summary>
    Malformed,
}

/// <summary>One packet's arrival.</summary>
public readonly record struct RtpArrival(ulong Sequence, Instant At, bool Twice);

/// <summary>What one listener counts: loss (RFC 3550 A.3), interarrival jitter (A.8), duplicates, gaps. Sans-IO.</summary>
/// <remarks>
/// Unlike A.3, a duplicate is not counted as received: it would hide a loss. Unlike A.1, there is no probation
/// and no limit of misorder: a packet replayed from minutes ago must be recognised as one that was heard, not
/// taken for a restarted source. So numbers are extended to the nearest multiple of 2^16 and each is remembered.
/// </remarks>
public sealed class RtpReceiver
{
    private const ulong Base = 1UL << 32; // room below the first number, so that nothing wraps

    private readonly NumberSet _seen = new();
    private readonly List<RtpArrival> _arrivals = new(16_384);
    private readonly GapMeter _gaps = new();
    private uint _ssrc;
    private ulong _first;
    private ulong _highest;
    private double _jitter;
    private double _transit;

    /// <summary>Unique packets.</summary>
    public long Received => _seen.Count;

    public long Duplicates { get; private set; }

    public long Reordered { get; private set; }

    public long Foreign { get; private set; }

    public long Malformed { get; private set; }

    /// <summary>Cumulative number of packets lost (RFC 3550 A.3): expected less received.</summary>
    public long Lost => Received == 0 ? 0 : (long)(_highest - _first) + 1 - Received;

    /// <summary>The first number, extended beyond 16 bits; 0 before any.</summary>
    public ulong FirstSequence => Received == 0 ? 0 : _first - Base;

    public ulong LastSequence => Received == 0 ? 0 : _highest - Base;

    /// <summary>Interarrival jitter (RFC 3550 6.4.1, A.8).</summary>
    public TimeSpan Jitter => TimeSpan.FromSeconds(_jitter / Audio.G711.SampleRate);

    public GapMeter Gaps => _gaps;

    public IReadOnlyList<RtpArrival> Arrivals => _arrivals;

    public RtpVerdict Receive(ReadOnlySpan<byte> datagram, Instant now, out RtpPacket packet)
    {
        if (!RtpPacket.TryParse(datagram, out packet) || packet.PayloadType != RtpPacket.Pcmu)
        {
            Malformed++;
            return RtpVerdict.Malformed;
        }

        if (Received == 0)
        {
            _ssrc = packet.Ssrc;
            _first = _highest = Base + packet.Sequence;
        }
        else if (packet.Ssrc != _ssrc)
        {
            Foreign++;
            return RtpVerdict.ForeignSource;
        }

        ulong sequence = Extend(packet.Sequence);
        bool fresh = _seen.Add(sequence);
        _arrivals.Add(new RtpArrival(sequence - Base, now, !fresh));
        if (!fresh)
        {
            Duplicates++;
            return RtpVerdict.Duplicate;
        }

        MeasureJitter(packet.Timestamp, now);
        _gaps.Arrive(now);
        if (sequence >= _highest)
        {
            _highest = sequence;
            return RtpVerdict.Received;
        }

        _first = Math.Min(_first, sequence);
        Reordered++;
        return RtpVerdict.Reordered;
    }

    private ulong Extend(ushort sequence) => _highest + (ulong)(long)(short)(sequence - (ushort)_highest);

    /// <remarks>RFC 3550 A.8: J += (|D| - J) / 16, in timestamp units.</remarks>
    private void MeasureJitter(uint timestamp, Instant now)
    {
        double transit = (now.Nanoseconds * (Audio.G711.SampleRate / 1e9)) - timestamp;
        if (Received > 1)
            _jitter += (Math.Abs(transit - _transit) - _jitter) / 16;
        _transit = transit;
    }
}
