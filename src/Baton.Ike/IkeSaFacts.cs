using System.Net;
using Baton.Crypto.Ike;
using Baton.Wire;

namespace Baton.Ike;

/// <summary>What a shell may want to show or remember of an IKE SA that is up, as of the step that put it out. No secret in it.</summary>
/// <param name="WeInitiated">We made the first IKE SA of this line, whoever rekeyed it since.</param>
public sealed record IkeSaFacts(
    IkeSaId Id,
    string Connection,
    ulong LocalSpi,
    ulong RemoteSpi,
    bool WeInitiated,
    IPEndPoint Local,
    IPEndPoint Remote,
    bool UdpEncapsulation,
    string PeerIdentity,
    Negotiation.IkeSuite Suite,
    KeyExchangeGroup Group,
    IkePeerAbilities Abilities,
    IReadOnlyList<IPAddress> GivenToPeer,
    IReadOnlyList<ChildSaId> Children)
{
    /// <summary>A NAT rewrites our address.</summary>
    public bool BehindNat { get; init; }

    /// <summary>As initiator: the inner addresses that were given to us (RFC 7296 section 2.19).</summary>
    public IReadOnlyList<IPAddress> Assigned { get; init; } = [];

    /// <summary>When it is rekeyed; <see cref="Instant.Never"/>: another took its place.</summary>
    public Instant RekeyAt { get; init; } = Instant.Never;

    /// <summary>When it ends whatever happened.</summary>
    public Instant ExpireAt { get; init; } = Instant.Never;

    /// <summary>What lies behind the peer: the far selectors of all children; only where addresses were given to us.</summary>
    public IReadOnlyList<Payloads.TrafficSelector> Beyond { get; init; } = [];
}

/// <summary>How long a child SA has, as of now.</summary>
/// <param name="RekeyAt"><see cref="Instant.Never"/>: it is not rekeyed, another took its place or it goes.</param>
/// <param name="Limits">What it may carry before that; null: its connection is configured no more.</param>
/// <param name="BytesBefore">At most, by members of which this one is the successor; of the limits so much is gone.</param>
public sealed record ChildSaFacts(ChildSaId Id, Instant RekeyAt, Instant ExpireAt, TrafficLimits? Limits, ulong BytesBefore, ulong PacketsBefore);

/// <summary>What the peer said that it can do.</summary>
[Flags]
public enum IkePeerAbilities : ushort
{
    None = 0,

    /// <summary>RFC 7383.</summary>
    Fragmentation = 1,

    /// <summary>RFC 4555.</summary>
    Mobike = 2,

    /// <summary>RFC 6311, agreed by both sides.</summary>
    MessageIdSync = 4,

    /// <summary>RFC 6311, agreed by both sides.</summary>
    ReplayCounterSync = 8,

    /// <summary>RFC 7427.</summary>
    SignatureHashes = 16,
}
