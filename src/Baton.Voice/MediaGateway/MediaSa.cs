using Baton.Redundancy;
using Baton.Redundancy.Records;
using Baton.Srtp;

namespace Baton.Voice.MediaGateway;

/// <summary>What an SA of a call does.</summary>
public enum MediaSaRole : byte
{
    /// <summary>Opens what the phone of its leg sends: a ceiling.</summary>
    Opens,

    /// <summary>Seals what the other phone talks, for its leg. RTP by the talker's own numbers, a ceiling; RTCP by numbers of its own, a lease.</summary>
    Seals,
}

/// <summary>Names one SA of a call: one source under one key, RTP and RTCP apart.</summary>
/// <param name="Leg">0 or 1: whose key it is.</param>
public readonly record struct MediaSa(ulong Call, byte Leg, MediaSaRole Role, SrtpHalf Half, uint Ssrc)
{
    /// <summary>Outbound: the numbers are ours, and leased. Inbound: somebody else draws them, and ceilings bound them, also what is relayed.</summary>
    public SaDirection Direction => Role == MediaSaRole.Seals && Half == SrtpHalf.Rtcp ? SaDirection.Outbound : SaDirection.Inbound;

    public CounterSpace Space => Half == SrtpHalf.Rtp ? CounterSpace.Srtp : CounterSpace.Srtcp;

    /// <summary>The leg at which its source speaks.</summary>
    internal byte TalkersLeg => Role == MediaSaRole.Opens ? Leg : (byte)(1 - Leg);
}

/// <summary>An SA that must be registered before packets of it pass.</summary>
/// <param name="First">The number it begins with.</param>
public readonly record struct WantedMediaSa(MediaSa Sa, ulong First);
