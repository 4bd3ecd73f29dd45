using System.Net;

namespace Baton.Ike;

/// <summary>
/// What must be done, IN THIS ORDER: a commit stands before everything that waits for it. <c>AfterCommit</c> 0: at once. Otherwise only when that
/// commit is known to be where a successor will find it; if it failed, never.
/// </summary>
public abstract record IkeOutput
{
    private IkeOutput()
    {
    }

    /// <summary>Write these together or not at all. Answered by <see cref="IkeInput.Committed"/> or <see cref="IkeInput.CommitFailed"/>.</summary>
    public sealed record Commit(
        ulong CommitId, IReadOnlyList<IkeSaChange> Changes, IReadOnlyList<ChildSaPair> Created, IReadOnlyList<ChildSaId> Deleted) : IkeOutput;

    /// <summary>Send a UDP datagram; the shell adds the non-ESP marker where <paramref name="Local"/> is not port 500.</summary>
    public sealed record Send(IPEndPoint Local, IPEndPoint Remote, ReadOnlyMemory<byte> Message, ulong AfterCommit) : IkeOutput;

    /// <summary>A pair of child SAs works: inbound from now on, outbound as <see cref="ChildSaPair.OutboundAtOnce"/> says.</summary>
    public sealed record ChildUp(ChildSaPair Child, ulong AfterCommit) : IkeOutput;

    /// <summary>From now on outbound packets take this SA and no longer the one it replaces. May come again; says nothing of inbound.</summary>
    public sealed record UseOutbound(ChildSaId Child, ulong AfterCommit) : IkeOutput;

    /// <summary>Nothing is sent or accepted on it any more.</summary>
    public sealed record ChildDown(ChildSaId Child, IkeSaId Sa, ChildDownReason Reason, ulong AfterCommit) : IkeOutput;

    public sealed record IkeSaUp(IkeSaFacts Sa, ulong AfterCommit) : IkeOutput;

    /// <summary>The IKE SA was rekeyed: the children belong to <paramref name="Successor"/> from now on. The old one goes with <see cref="IkeSaDown"/>.</summary>
    public sealed record IkeSaReplaced(IkeSaId Old, IkeSaFacts Successor, IReadOnlyList<ChildSaId> Children, ulong AfterCommit) : IkeOutput;

    public sealed record IkeSaDown(IkeSaId Sa, string Connection, IkeSaDownReason Reason, ulong AfterCommit) : IkeOutput;

    /// <summary>As initiator: the addresses that the responder gave us (RFC 7296 section 2.19).</summary>
    public sealed record AddressAssigned(IkeSaId Sa, string Connection, IReadOnlyList<IPAddress> Addresses, IReadOnlyList<IPAddress> NameServers, ulong AfterCommit) : IkeOutput;

    /// <summary>All child SAs of this IKE SA now run between these (NAT, MOBIKE).</summary>
    public sealed record EndpointChanged(
        IkeSaId Sa, IReadOnlyList<ChildSaId> Children, IPEndPoint Local, IPEndPoint Remote, bool UdpEncapsulation, bool BehindNat, ulong AfterCommit) : IkeOutput;

    /// <summary>
    /// The peer, a cluster, asks us to jump our outbound counters of these child SAs by this much (RFC 6311 section 5.2). Comes again after a takeover.
    /// </summary>
    public sealed record JumpCounters(IkeSaId Sa, IReadOnlyList<ChildSaId> Children, ulong By, ulong AfterCommit) : IkeOutput;

    /// <summary>As its record says: where the children of an IKE SA that is up run, and whose they are. While standing by, from <see cref="IkeInput.Follow"/>.</summary>
    public sealed record IkeSaFollowed(IkeSaFacts Sa) : IkeOutput;

    /// <summary>The same, and it works here from now on.</summary>
    public sealed record IkeSaRestored(IkeSaFacts Sa) : IkeOutput;

    /// <summary>After a failed commit: give <see cref="IkeInput.Restore"/> for those of these that the ledger still holds.</summary>
    public sealed record RestoreWanted(IReadOnlyList<IkeSaId> Sas) : IkeOutput;

    /// <summary>For the log; changes nothing.</summary>
    public sealed record Note(IkeEvent Event) : IkeOutput;
}

/// <param name="Snapshot">Null: the IKE SA is gone and its record with it. Holds keys: seal it before it leaves the process.</param>
public sealed record IkeSaChange(IkeSaId Id, string Connection, ReadOnlyMemory<byte>? Snapshot)
{
    public bool IsDeleted => Snapshot is null;
}

public enum ChildDownReason
{
    Deleted,
    Rekeyed,
    Redundant,
    Expired,
    IkeSaGone,
    NotFoundByPeer,
    Idle,
}

public enum IkeSaDownReason
{
    Deleted,
    DeletedByPeer,
    Rekeyed,
    PeerSilent,
    AuthenticationFailed,
    NoProposalChosen,
    Refused,
    Replaced,
    Expired,
    BadPeer,
    HalfOpenTimeout,
    Configuration,

    /// <summary>Our address has left the machine, and the peer knows no MOBIKE or refuses the new one (RFC 4555 section 3.5).</summary>
    CannotMove,
}
