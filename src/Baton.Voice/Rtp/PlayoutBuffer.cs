using Baton.Voice.Audio;
using Baton.Wire;

namespace Baton.Voice.Rtp;

/// <summary>What the ear got: each frame at the place of its timestamp, silence where none was there in time. Sans-IO.</summary>
/// <remarks>
/// A fixed playout delay after the first packet. A frame that comes after its moment is late and stays silent:
/// a packet held up for 100 ms is as lost to the listener as one that never came.
/// <code>
///     sent     0    20    40    60    80
///     heard         +delay 0    20    40    60    80
/// </code>
/// </remarks>
public sealed class PlayoutBuffer(TimeSpan delay)
{
    /// <summary>Two hours: a sender's wild timestamp must not take our memory.</summary>
    private const int MostFrames = 360_000;

    private byte[] _heard = [];
    private int _frames;
    private Instant _start;
    private uint _firstTimestamp;

    /// <summary>Frames that came after their moment.</summary>
    public long Late { get; private set; }

    /// <summary>When sample 0 was heard.</summary>
    public Instant Start => _start;

    public int Samples => _frames * RtpSender.FrameSamples;

    public void Put(uint timestamp, ReadOnlySpan<byte> muLaw, Instant now)
    {
        if (_frames == 0)
        {
            _firstTimestamp = timestamp;
            _start = now + delay;
        }

        long offset = (int)(timestamp - _firstTimestamp); // wraps as RFC 3550 5.1 lets it
        int frame = (int)(offset / RtpSender.FrameSamples);
        if (offset < 0 || frame >= MostFrames || muLaw.Length != RtpSender.FrameSamples)
            return; // from before the first packet: nothing was recorded there
        if (now > _start + (RtpSender.FrameTime * frame))
        {
            Late++;
            return;
        }

        Grow(frame + 1);
        muLaw.CopyTo(_heard.AsSpan(frame * RtpSender.FrameSamples));
    }

    public short[] ToPcm()
    {
        var samples = new short[Samples];
        G711.DecodeMuLaw(_heard.AsSpan(0, Samples), samples);
        return samples;
    }

    private void Grow(int frames)
    {
        if (frames <= _frames)
            return;
        int needed = frames * RtpSender.FrameSamples;
        int had = _heard.Length;
        if (needed > had)
        {
            Array.Resize(ref _heard, Math.Max(needed, Math.Max(2 * had, 60 * G711.SampleRate)));
            _heard.AsSpan(had).Fill(G711.MuLawSilence);
        }

        _frames = frames;
    }
}
