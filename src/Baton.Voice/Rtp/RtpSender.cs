using Baton.Wire;
using Baton.Wire.Rtp;

namespace Baton.Voice.Rtp;

/// <summary>What one speaker sends: a frame of G.711 each 20 ms on an absolute grid (RFC 3550 5.1, RFC 3551 4.2). Sans-IO.</summary>
/// <remarks>
/// Frame <c>n</c> is due at <c>start + n * 20 ms</c> whatever became of those before: a late thread catches up,
/// its lateness does not add up.
/// </remarks>
public sealed class RtpSender(ReadOnlyMemory<byte> speech, uint ssrc, ushort firstSequence, uint firstTimestamp, Instant start)
{
    public const int FrameSamples = 160;
    public const int PacketBytes = RtpPacket.HeaderBytes + FrameSamples;

    public static readonly TimeSpan FrameTime = TimeSpan.FromMilliseconds(20);

    public long Sent { get; private set; }

    /// <summary>When the next frame is to leave.</summary>
    public Instant Due => start + (FrameTime * Sent);

    /// <summary>Writes the next packet and moves on by a frame. The speech starts again when it ends.</summary>
    public int Write(Span<byte> datagram)
    {
        // A talkspurt begins with the marker (RFC 3551 4.1); ours never pauses, so it has one beginning.
        RtpPacket.WriteHeader(
            datagram,
            marker: Sent == 0,
            RtpPacket.Pcmu,
            (ushort)(firstSequence + Sent),
            firstTimestamp + (uint)(Sent * FrameSamples),
            ssrc);

        ReadOnlySpan<byte> samples = speech.Span;
        int frames = samples.Length / FrameSamples;
        samples.Slice((int)(Sent % frames) * FrameSamples, FrameSamples).CopyTo(datagram[RtpPacket.HeaderBytes..]);
        Sent++;
        return PacketBytes;
    }
}
