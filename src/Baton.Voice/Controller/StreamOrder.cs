using System.Net;
using Baton.Srtp;

namespace Baton.Voice.Controller;

/// <summary>A stream as its media gateways shall have it: one media of a call, two legs.</summary>
/// <param name="Id">Never used for another.</param>
/// <param name="Version">Grows with each change.</param>
/// <param name="Name">The Call-ID, for people.</param>
public sealed record StreamOrder(ulong Id, ulong Version, string Name, LegOrder A, LegOrder B)
{
    /// <summary>A <see cref="CallNote"/>, for the controller after this one.</summary>
    public ReadOnlyMemory<byte> Note { get; init; }

    /// <summary>For people, as the name is.</summary>
    public string FromTag { get; init; } = "";

    public string ToTag { get; init; } = "";

    /// <summary>Are these the same wish, whatever the version?</summary>
    public bool Wants(StreamOrder other) => A.Wants(other.A) && B.Wants(other.B);
}

/// <summary>One leg: ours, the phone's, and the keys between us.</summary>
/// <param name="Rtcp">Not looked at with <paramref name="Mux"/>.</param>
/// <param name="Phone">Null: it has not said, or is on hold at the zero address: it must speak first.</param>
/// <param name="Answered">False: the phone has not said yet what it wants; nothing passes.</param>
public sealed record LegOrder(
    IPAddress Address,
    int Rtp,
    int Rtcp,
    IPEndPoint? Phone,
    IPEndPoint? PhoneRtcp,
    bool Mux,
    bool Srtp,
    SrtpMasterKey? PhoneKey,
    SrtpMasterKey? OurKey,
    bool EncryptsRtcp,
    bool Answered)
{
    /// <summary>Keys are the same objects for as long as they are the same keys.</summary>
    internal bool Wants(LegOrder other) =>
        this with { PhoneKey = null, OurKey = null } == other with { PhoneKey = null, OurKey = null } && ReferenceEquals(PhoneKey, other.PhoneKey) && ReferenceEquals(OurKey, other.OurKey);
}
