using System.Net;
using Baton.Crypto.Ike;

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
    IReadOnlyList<ChildSaId> Children);

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
