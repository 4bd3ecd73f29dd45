using System.Net;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;

namespace Baton.Ike;

public enum ChildMode : byte
{
    Tunnel = 0,
    Transport = 1,
}

/// <summary>A pair of ESP SAs as negotiated: all that a data path and a ledger need.</summary>
/// <remarks>
/// <see cref="InboundKeys"/> and <see cref="OutboundKeys"/> are key || salt (AEAD) or cipher key || integrity key; the taker wipes them
/// (<c>CryptographicOperations.ZeroMemory</c>) when it has made its own of them. A pair is handed out in the commit that creates it and again in the
/// <see cref="IkeOutput.ChildUp"/> that follows: the same arrays.
/// </remarks>
public sealed record ChildSaPair(
    ChildSaId Id,
    IkeSaId Sa,
    string Connection,
    string Child,
    uint InboundSpi,
    uint OutboundSpi,
    ChildSuite Suite,
    byte[] InboundKeys,
    byte[] OutboundKeys,
    ChildMode Mode,
    IReadOnlyList<TrafficSelector> Local,
    IReadOnlyList<TrafficSelector> Remote,
    IPEndPoint LocalEndpoint,
    IPEndPoint RemoteEndpoint,
    bool UdpEncapsulation)
{
    /// <summary>The pair that this one takes the place of (rekey): still accepts until its own <see cref="IkeOutput.ChildDown"/>.</summary>
    public ChildSaId? Replaces { get; init; }

    /// <summary>
    /// True, when it takes nobody's place: outbound packets take it as soon as it is up. False: with the first authentic inbound packet on it, or with
    /// <see cref="IkeOutput.UseOutbound"/>, until when the one that it replaces carries them. As responder of a rekey we cannot know when the initiator is ready
    /// (RFC 7296 section 2.8); as initiator its numbers may be used only when a successor has them, and the record comes before that is known.
    /// </summary>
    public bool OutboundAtOnce => Replaces is null;

    /// <summary>A NAT rewrites our address, and must not forget us (RFC 3948 section 4). It may change: <see cref="IkeOutput.EndpointChanged"/>.</summary>
    public bool BehindNat { get; init; }

    /// <summary>No TFC padding towards this peer (RFC 7296 section 1.3.1).</summary>
    public bool NoTfcPadding { get; init; }

    /// <summary>We started the exchange that made it.</summary>
    public bool WeInitiated { get; init; }
}
