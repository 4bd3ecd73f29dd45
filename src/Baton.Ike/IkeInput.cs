using System.Net;
using Baton.Ike.Payloads;
using Baton.Wire;

namespace Baton.Ike;

/// <summary>What an <see cref="IkeEndpoint"/> is told. One at a time, by one thread.</summary>
public abstract record IkeInput
{
    private IkeInput()
    {
    }

    /// <summary>A UDP datagram that is IKE: without the non-ESP marker (RFC 3948 section 2.2). <paramref name="Local"/> says at which of our ports it came in.</summary>
    public sealed record Datagram(IPEndPoint Local, IPEndPoint Remote, ReadOnlyMemory<byte> Message) : IkeInput;

    /// <summary>The instant that <see cref="IkeEndpoint.Step"/> asked for has come; also harmless at any other time.</summary>
    public sealed record Tick : IkeInput;

    /// <summary>Bring a connection up, if it is not up or coming up; of one that is up, the children that it has lost. Unknown names are noted and ignored.</summary>
    public sealed record Initiate(string Connection) : IkeInput;

    /// <summary>An inner packet wants out and no child SA carries it (RFC 7296 section 2.9): its own addresses and ports.</summary>
    public sealed record Acquire(string Connection, TrafficSelector Source, TrafficSelector Destination) : IkeInput;

    public sealed record RekeyChild(ChildSaId Child) : IkeInput;

    public sealed record RekeyIke(IkeSaId Sa) : IkeInput;

    public sealed record DeleteChild(ChildSaId Child) : IkeInput;

    public sealed record DeleteIke(IkeSaId Sa) : IkeInput;

    /// <summary>Ask the peer for a sign of life now (RFC 7296 section 2.4).</summary>
    public sealed record Probe(IkeSaId Sa) : IkeInput;

    /// <summary>The commit is where a successor will find it.</summary>
    public sealed record Committed(ulong Commit) : IkeInput;

    /// <summary>
    /// The commit is refused for certain. The endpoint forgets the IKE SAs of that commit without a word to the peer and names them in
    /// <see cref="IkeOutput.RestoreWanted"/>, as soon as every other commit of theirs is answered. A later commit with a new state of one of them must be refused,
    /// too: it was made on this one. (Unknown is not failed: the shell asks the ledger until it knows.)
    /// </summary>
    public sealed record CommitFailed(ulong Commit, string Why) : IkeInput;

    /// <summary>
    /// What this member's data path counted for a child SA since the member works, both directions together for the limits; what members before it carried, the record
    /// says. (Where a refused commit brings the IKE SA back from its record, this member's own counts twice: a rekey comes early, never late.)
    /// <paramref name="LastInbound"/>: last authentic packet, or <see cref="Instant"/> 0 if none yet. <paramref name="SequenceHeadroom"/>: numbers left before the outbound counter ends.
    /// </summary>
    public sealed record Traffic(ChildSaId Child, ulong Bytes, ulong Packets, Instant LastInbound, ulong SequenceHeadroom) : IkeInput;

    /// <summary>An authentic ESP packet came from another address or port of the peer (RFC 7296 section 2.23: only where the peer is behind a NAT).</summary>
    public sealed record EndpointMoved(IkeSaId Sa, IPEndPoint Remote) : IkeInput;

    /// <summary>
    /// Our own address changed: as initiator with MOBIKE, tell the peer (RFC 4555 section 3.5). Say it also of what was restored from a record that is older than the move; what
    /// is so already changes nothing.
    /// </summary>
    public sealed record LocalMoved(IkeSaId Sa, IPEndPoint Local) : IkeInput;

    /// <summary>
    /// Standing by: know these IKE SAs by name, in place of what was known of them. They sleep: nothing of them is kept but what finds them. While working it is void.
    /// </summary>
    public sealed record Follow(IReadOnlyList<RestoredIkeSa> Sas) : IkeInput;

    /// <summary>Standing by: their records are gone, or changed and to be followed anew.</summary>
    public sealed record Unfollow(IReadOnlyList<IkeSaId> Sas) : IkeInput;

    /// <summary>The source of this one's IVs has some again: what had to wait for them goes on.</summary>
    public sealed record IvsGiven(IkeSaId Sa) : IkeInput;

    /// <summary>
    /// Work from now on, with the IKE SAs that were followed and these; or take these up again after <see cref="IkeOutput.RestoreWanted"/>. Costs nothing for those
    /// that sleep: each wakes when something is for it, the others some at a time (<see cref="IkeEndpointPolicy.WakeEvery"/>).
    /// </summary>
    public sealed record Restore(IReadOnlyList<RestoredIkeSa> Sas) : IkeInput;

    /// <summary>
    /// An authentic packet on this child SA lies <paramref name="By"/> below the ceiling that a successor started at: until the peer jumps (RFC 6311 section 5.2),
    /// or the child is rekeyed, nothing that it sends is accepted.
    /// </summary>
    public sealed record InboundBehind(ChildSaId Child, ulong By) : IkeInput;

    /// <summary>What a clock on the wall shows now: for the validity of certificates. Told at the start and now and then.</summary>
    public sealed record WallClock(DateTimeOffset At) : IkeInput;

    /// <summary>We no longer work in this term: everything in memory is forgotten, nothing is sent.</summary>
    public sealed record StandDown : IkeInput;

    /// <summary>Other connections from now on. SAs of connections that are gone are deleted; the others keep what they negotiated until they rekey.</summary>
    public sealed record SetConnections(IReadOnlyList<Connection> Connections) : IkeInput;
}

/// <param name="Age">How long ago the snapshot was committed; timers go on from there.</param>
public sealed record RestoredIkeSa(IkeSaId Id, ReadOnlyMemory<byte> Snapshot, TimeSpan Age);
