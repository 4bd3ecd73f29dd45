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

    /// <summary>Bring a connection up, if it is not up or coming up. Unknown names are noted and ignored.</summary>
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
    /// What the data path counted for a child SA since it came up, both directions together for the limits. <paramref name="LastInbound"/>: last authentic packet,
    /// or <see cref="Instant"/> 0 if none yet. <paramref name="SequenceHeadroom"/>: numbers left before the outbound counter ends.
    /// </summary>
    public sealed record Traffic(ChildSaId Child, ulong Bytes, ulong Packets, Instant LastInbound, ulong SequenceHeadroom) : IkeInput;

    /// <summary>An authentic ESP packet came from another address or port of the peer (RFC 7296 section 2.23: only where the peer is behind a NAT).</summary>
    public sealed record EndpointMoved(IkeSaId Sa, IPEndPoint Remote) : IkeInput;

    /// <summary>
    /// Our own address changed: as initiator with MOBIKE, tell the peer (RFC 4555 section 3.5). Say it also of what was restored from a record that is older than the move; what
    /// is so already changes nothing.
    /// </summary>
    public sealed record LocalMoved(IkeSaId Sa, IPEndPoint Local) : IkeInput;

    /// <summary>Take over these IKE SAs, or take them up again after <see cref="IkeOutput.RestoreWanted"/>.</summary>
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
