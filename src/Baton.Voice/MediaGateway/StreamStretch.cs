using Baton.Voice.Quality;

namespace Baton.Voice.MediaGateway;

/// <summary>What passed of an RTP stream in a stretch of time, and what it is worth to a listener.</summary>
/// <param name="Lost">Expected less received.</param>
/// <param name="Bursts">Runs of lost ones. Reordering looks like one until the late packet comes, so there may be more than were.</param>
public sealed record StreamStretch(long Packets, long Lost, long Bursts, TimeSpan LongestGap, TimeSpan Jitter, byte PayloadType)
{
    /// <summary>What lies between a mouth and an ear beside what is measured: packetization, networks, and a playout buffer of a usual size.</summary>
    private static readonly TimeSpan UsualDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>Mean opinion score by the E-model (ITU-T G.107) of what passed here, as if nothing more were lost behind it. Null: nothing was expected, or nobody published what the codec is worth.</summary>
    /// <remarks>A listener's buffer is taken to be four times the jitter where that is more than the usual one.</remarks>
    public double? OpinionScore
    {
        get
        {
            long expected = Packets + Math.Max(0, Lost);
            if (expected <= 0 || CodecOf(PayloadType) is not { } codec)
                return null;
            PacketLoss loss = Lost <= 0 ? PacketLoss.None : PacketLoss.Of(expected, Lost, Math.Max(1, Bursts));
            TimeSpan buffer = Jitter * 4;
            return EModel.OpinionScore(EModel.Rate(buffer > UsualDelay ? buffer : UsualDelay, codec, loss));
        }
    }

    /// <summary>RFC 3551 6, with the values of ITU-T G.113 appendix I.</summary>
    private static LossyCodec? CodecOf(byte type) => type switch
    {
        0 or 8 => LossyCodec.G711,
        4 => new LossyCodec(15, 16.1),  // G.723.1 at 6.3 kbit/s with voice activity detection
        18 => new LossyCodec(11, 19),   // G.729A with voice activity detection
        _ => null,
    };
}
