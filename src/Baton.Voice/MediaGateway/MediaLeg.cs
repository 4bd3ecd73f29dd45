using Baton.Linux;
using Baton.Srtp;
using Baton.Wire;

namespace Baton.Voice.MediaGateway;

/// <summary>One side of a call: its phone's addresses, its keys, and the sources that speak there.</summary>
public sealed class MediaLeg : IDisposable
{
    private readonly MediaPolicy _policy;
    private RemoteAddress _rtp;
    private RemoteAddress _rtcp;
    private readonly List<MediaSource> _sources = [];
    private InboundSrtp? _rtpTrial;
    private InboundSrtcp? _rtcpTrial;
    private byte[] _trial = [];

    internal MediaLeg(MediaCall call, byte index, MediaLegDescription description, MediaPolicy policy)
    {
        (Call, Index, Description, _policy) = (call, index, description, policy);
        (_rtp, _rtcp) = (new RemoteAddress(description.Rtp), new RemoteAddress(description.Rtcp));
        SetTrials();
    }

    private void SetTrials()
    {
        _rtpTrial?.Dispose();
        _rtcpTrial?.Dispose();
        (_rtpTrial, _rtcpTrial) = (null, null);
        if (Description.PhoneKey is not { } key)
            return;
        _rtpTrial = new InboundSrtp(0, key, _policy.WindowSize);
        _rtcpTrial = new InboundSrtcp(0, key, Description.EncryptsRtcp, _policy.WindowSize);
        _trial = new byte[MediaEngine.MostBytes];
    }

    public MediaCall Call { get; }

    public byte Index { get; }

    public MediaLegDescription Description { get; private set; }

    /// <summary>What its phone sent.</summary>
    public MediaLegCounts Counts { get; } = new();

    /// <summary>What its phone says that it hears of the other one; null: it has not said.</summary>
    public HeardReport? Heard { get; private set; }

    /// <summary>The first one in the tenure of this member: its fraction is of the time since the phone's report before, and so of a takeover.</summary>
    public HeardReport? HeardFirst { get; private set; }

    private Instant _heardIn;

    /// <summary>RTCP of its phone, in the clear.</summary>
    internal void TakeReport(ReadOnlySpan<byte> compound)
    {
        foreach (MediaSource talker in Other._sources)
        {
            HeardReport heard = Heard ?? default;
            if (talker.Half != SrtpHalf.Rtp || !HeardReport.TryRead(compound, talker.Ssrc, ref heard))
                continue;
            if (_heardIn != talker.Meter.Begun)
                (_heardIn, HeardFirst) = (talker.Meter.Begun, null);
            Heard = heard;
            HeardFirst ??= heard;
        }
    }

    /// <summary>Another description: sources go on where their keys stayed.</summary>
    internal void Change(MediaLegDescription description)
    {
        MediaLegDescription before = Description;
        Description = description;
        if (description.Rtp != before.Rtp)
            _rtp = new RemoteAddress(description.Rtp);
        if (description.Rtcp != before.Rtcp)
            _rtcp = new RemoteAddress(description.Rtcp);
        if (description.PhoneKey != before.PhoneKey || description.EncryptsRtcp != before.EncryptsRtcp)
            SetTrials();
    }

    /// <summary>The phone of a half was found elsewhere than signalled, or just where it was.</summary>
    public bool HasLearned(SrtpHalf half) => Remote(half).IsLearned;

    public IEnumerable<(uint Ssrc, StreamMeter Meter, Instant LastAt)> Streams => _sources.Where(source => source.Half == SrtpHalf.Rtp).Select(source => (source.Ssrc, source.Meter, source.LastAt));

    internal MediaLeg Other { get; set; } = null!;

    internal IReadOnlyList<MediaSource> Sources => _sources;

    /// <summary>Where packets of a half go now; none: not known.</summary>
    public UdpEndpoint RemoteOf(SrtpHalf half) => Remote(half).Current;

    internal RemoteAddress Remote(SrtpHalf half) => half == SrtpHalf.Rtp || Description.Mux ? _rtp : _rtcp;

    internal MediaSource? Find(SrtpHalf half, uint ssrc)
    {
        foreach (MediaSource source in _sources)
        {
            if (source.Ssrc == ssrc && source.Half == half)
                return source;
        }

        return null;
    }

    /// <summary>Bytes of tag behind what its phone sends.</summary>
    internal int TagOf(SrtpHalf half) => Description.PhoneKey is not { } key ? 0 : half == SrtpHalf.Rtp ? key.Suite.RtpTagLength() : key.Suite.RtcpTagLength() + 4;

    /// <summary>Null: as many as a leg may have are there, and none of them has been silent for long.</summary>
    /// <param name="isProven">Somebody vouches for it: the phone's key, its known address, or the ledger.</param>
    internal MediaSource? Add(SrtpHalf half, uint ssrc, MediaPolicy policy, Instant now, bool isProven)
    {
        int most = isProven ? policy.MostSources : Math.Min(policy.MostUnproven, policy.MostSources);
        if (_sources.Count(source => source.Half == half) >= most && !Forget(half, now - policy.SourceSilence))
            return null;
        MediaSource added = half == SrtpHalf.Rtp ? new RtpSource(this, ssrc, policy) : new RtcpSource(this, ssrc, policy);
        added.LastAt = added.KnownSince = now;
        _sources.Add(added);
        return added;
    }

    /// <summary>Lets the longest silent source go, of those that were silent since then and may go.</summary>
    private bool Forget(SrtpHalf half, Instant since)
    {
        if (_sources.Where(source => source.Half == half && source.MayGo && source.LastAt <= since).MinBy(source => source.LastAt) is not { } oldest)
            return false;
        _sources.Remove(oldest);
        oldest.Dispose();
        return true;
    }

    /// <summary>Does the first packet of an unknown source come from who has the key? Tried on a copy: a stranger makes us remember nothing.</summary>
    /// <param name="number">The number that it has: RTP is first heard with a ROC of 0 (RFC 3711 3.3.1), RTCP says it.</param>
    internal SrtpVerdict Try(SrtpHalf half, ReadOnlySpan<byte> packet, ref ulong number)
    {
        Span<byte> copy = _trial.AsSpan(0, packet.Length);
        packet.CopyTo(copy);
        if (half == SrtpHalf.Rtp)
            return _rtpTrial!.Open(copy, number, out _);
        SrtpVerdict verdict = _rtcpTrial!.ReadNumber(copy, out number);
        return verdict == SrtpVerdict.Passed ? _rtcpTrial.Open(copy, number, out _) : verdict;
    }

    public void Dispose()
    {
        foreach (MediaSource source in _sources)
            source.Dispose();
        _rtpTrial?.Dispose();
        _rtcpTrial?.Dispose();
    }
}
