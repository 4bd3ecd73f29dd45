using Baton.Linux;
using Baton.Srtp;
using Baton.Wire;

namespace Baton.Voice.MediaGateway;

/// <summary>One side of a call as signalled: where its phone is, and the keys of SRTP where it speaks that.</summary>
/// <param name="Rtp">Where the phone listens; none: it must speak first.</param>
/// <param name="Rtcp">The same for RTCP; not looked at with <paramref name="Mux"/>.</param>
/// <param name="Mux">RTP and RTCP share a port (RFC 5761).</param>
/// <param name="PhoneKey">What the phone seals with; null: plain.</param>
/// <param name="OurKey">What we seal with, for it.</param>
public sealed record MediaLegDescription(UdpEndpoint Rtp, UdpEndpoint Rtcp, bool Mux, SrtpMasterKey? PhoneKey, SrtpMasterKey? OurKey)
{
    /// <summary>False: the session agreed on UNENCRYPTED_SRTCP.</summary>
    public bool EncryptsRtcp { get; init; } = true;

    /// <summary>False: its phone has not said yet what it wants. Nothing passes in the call.</summary>
    public bool IsAnswered { get; init; } = true;
}

/// <summary>A call: two legs, and what one says the other hears.</summary>
public sealed class MediaCall : IDisposable
{
    internal MediaCall(ulong id, MediaLegDescription a, MediaLegDescription b, Instant now, MediaPolicy policy)
    {
        (Id, LastAt) = (id, now);
        (A, B) = (new MediaLeg(this, 0, a, policy), new MediaLeg(this, 1, b, policy));
        (A.Other, B.Other) = (B, A);
    }

    public ulong Id { get; }

    public MediaLeg A { get; }

    public MediaLeg B { get; }

    /// <summary>When media last passed either way, or the call was set up.</summary>
    public Instant LastAt { get; internal set; }

    public MediaLeg Leg(byte index) => index == 0 ? A : B;

    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
    }
}
