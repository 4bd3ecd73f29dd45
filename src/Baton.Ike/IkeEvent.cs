using System.Net;

namespace Baton.Ike;

/// <summary>One line of an IKE SA's story, for the log. Never a key.</summary>
public sealed record IkeEvent(IkeEventKind Kind, IkeSaId? Sa, ulong LocalSpi, IPEndPoint? Remote, string Detail);

public enum IkeEventKind
{
    /// <summary>A datagram was dropped; the detail is the verdict's name, and a counter has it too.</summary>
    Dropped,
    CookieSent,
    CookieReceived,
    OtherGroupAsked,
    NoProposalChosen,
    AuthenticationFailed,
    AuthenticationSucceeded,
    NatFound,
    Retransmitted,
    PeerSilent,
    ChildRefused,
    ChildRefusedByPeer,
    RekeyCollision,
    TemporaryFailure,
    CommitFailed,
    Restored,
    RestoreRefused,
    MessageIdsSynchronized,
    CountersSynchronized,

    /// <summary>What it sends lies below the ceiling that we started at.</summary>
    PeerBehind,
    AddressUpdated,
    RedirectIgnored,
    PeerError,
    LimitReached,
    UnknownConnection,
}
