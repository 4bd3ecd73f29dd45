using System.Net;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;

namespace Baton.Ike;

/// <summary>One peer, or one kind of peer, as configured. Immutable.</summary>
/// <param name="Name">Unique; stands in records and logs.</param>
/// <param name="Credentials">Who we are, who the peer must be, and how both show it.</param>
public sealed record Connection(string Name, ConnectionCredentials Credentials)
{
    /// <summary>Our address and IKE port (500, or 4500 from the start). Null as pure responder: wherever the request came to.</summary>
    public IPEndPoint? Local { get; init; }

    /// <summary>The peer's address and IKE port. Null: any peer, and we never initiate.</summary>
    public IPEndPoint? Remote { get; init; }

    /// <summary>Ports to float to when a NAT is found (RFC 7296 section 2.23); ignored where the connection starts on them.</summary>
    public int LocalNatPort { get; init; } = 4500;

    public int RemoteNatPort { get; init; } = 4500;

    /// <summary>ESP in UDP even without a NAT: we say wrong NAT detection hashes, so that the peer does it too. Our fast path.</summary>
    public bool ForceUdpEncapsulation { get; init; }

    public IReadOnlyList<IkeProposalPolicy> IkeProposals { get; init; } = IkeProposalPolicy.Defaults;

    /// <summary>At least one; as initiator the first is made in IKE_AUTH, the others follow.</summary>
    public required IReadOnlyList<ChildPolicy> Children { get; init; }

    /// <summary>Bring it up at the start and again whenever it is gone.</summary>
    public bool KeepUp { get; init; }

    /// <summary>Names of pools (<see cref="IkeEndpointPolicy.Pools"/>) from which peers get addresses, at most one of each family is used.</summary>
    public IReadOnlyList<string> GivesAddressesFrom { get; init; } = [];

    public IReadOnlyList<IPAddress> GivesNameServers { get; init; } = [];

    /// <summary>As initiator: ask for an inner address of this family.</summary>
    public bool AsksForIPv4 { get; init; }

    public bool AsksForIPv6 { get; init; }

    public bool Mobike { get; init; } = true;

    /// <summary>Rekey and end of the IKE SA.</summary>
    public Lifetime IkeLifetime { get; init; } = new(TimeSpan.FromHours(4), TimeSpan.FromHours(4.5));

    /// <summary>Silence after which we ask for a sign of life (RFC 7296 section 2.4). Zero: never.</summary>
    public TimeSpan Liveness { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A new IKE SA of the same peer identity ends the older ones, also without INITIAL_CONTACT.</summary>
    public bool OneSaPerPeer { get; init; }
}

/// <summary>One kind of child SA of a connection.</summary>
public sealed record ChildPolicy(string Name)
{
    public IReadOnlyList<ChildProposalPolicy> Proposals { get; init; } = ChildProposalPolicy.Defaults;

    /// <summary>What may be on our side. Empty: our outer address, or the address that we were given.</summary>
    public IReadOnlyList<TrafficSelector> Local { get; init; } = [];

    /// <summary>What may be on the peer's side. Empty: its outer address, or the address that it was given.</summary>
    public IReadOnlyList<TrafficSelector> Remote { get; init; } = [];

    public ChildMode Mode { get; init; } = ChildMode.Tunnel;

    public ChildLifetime Lifetime { get; init; } = new();

    /// <summary>Deleted after so long without a packet, and the IKE SA with its last child; zero: never. For what packets bring up again.</summary>
    public TimeSpan IdleAfter { get; init; }

    /// <summary>As initiator: make it when the IKE SA comes up (else only when <see cref="IkeInput.Acquire"/> asks).</summary>
    public bool Start { get; init; } = true;
}

/// <param name="Rekey">A new one is made after this long, less a random part of <paramref name="Jitter"/> of it (RFC 7296 section 2.8).</param>
/// <param name="Hard">It ends after this long whatever happened.</param>
/// <param name="Jitter">0 to 1.</param>
public sealed record Lifetime(TimeSpan Rekey, TimeSpan Hard, double Jitter = 0.1);

/// <summary>When a child SA is rekeyed, whatever comes first; 0: no such limit. <see cref="TrafficLimits"/> says how each SA gets a little less. It ends by time and by its numbers.</summary>
/// <remarks>
/// Bytes and packets are of both directions and of all members: a sixteenth of a limit is claimed in the record ahead of use, so a takeover brings the rekey nearer by at most that, and never lets the SA carry
/// more. What is beyond the limit is what the data path carries between the telling that reaches it and the rekey, and what a member carried that failed before it told anything.
/// </remarks>
public sealed record ChildLifetime
{
    public Lifetime Time { get; init; } = new(TimeSpan.FromHours(1), TimeSpan.FromHours(1.25));

    public ulong Bytes { get; init; }

    public ulong Packets { get; init; }

    /// <summary>Rekey when fewer outbound numbers than this are left.</summary>
    public ulong SequenceHeadroom { get; init; } = 1UL << 28;
}
