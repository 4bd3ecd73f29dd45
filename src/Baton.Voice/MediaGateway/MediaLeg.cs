using Baton.Linux;
using Baton.Srtp;
using Baton.Wire;

namespace Baton.Voice.MediaGateway;

/// <summary>One side of a call: its phone's addresses, its keys, and the sources that speak there.</summary>
public sealed class MediaLeg : IDisposable
{
    private readonly RemoteAddress _rtp;
    private readonly RemoteAddress _rtcp;
    private readonly List<MediaSource> _sources = [];
    private readonly InboundSrtp? _rtpTrial;
    private readonly InboundSrtcp? _rtcpTrial;
    private readonly byte[] _trial = [];

    internal MediaLeg(MediaCall call, byte index, MediaLegDescription description, MediaPolicy policy)
    {
        (Call, Index, Description) = (call, index, description);
        (_rtp, _rtcp) = (new RemoteAddress(description.Rtp), new RemoteAddress(description.Rtcp));
        if (description.PhoneKey is not { } key)
            return;
        _rtpTrial = new InboundSrtp(0, key, policy.WindowSize);
        _rtcpTrial = new InboundSrtcp(0, key, description.EncryptsRtcp, policy.WindowSize);
        _trial = new byte[MediaEngine.MostBytes];
    }

    public MediaCall Call { get; }

    public byte Index { get; }

    public MediaLegDescription Description { get; }

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

    /// <summary>Null: as many as a leg may have are there, and none of them has been silent for long.</summary>
    /// <param name="isProven">Somebody vouches for it: the phone's key, its known address, or the ledger.</param>
    internal MediaSource? Add(SrtpHalf half, uint ssrc, MediaPolicy policy, Instant now, bool isProven)
    {
        int most = isProven ? policy.MostSources : Math.Min(policy.MostUnproven, policy.MostSources);
        if (_sources.Count(source => source.Half == half) >= most && !Forget(half, now - policy.SourceSilence))
            return null;
        MediaSource added = half == SrtpHalf.Rtp ? new RtpSource(this, ssrc, policy) : new RtcpSource(this, ssrc, policy);
        added.LastAt = now;
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
