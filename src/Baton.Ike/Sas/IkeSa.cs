using System.Net;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Negotiation;
using Baton.Ike.Resilience;
using Baton.Wire;

namespace Baton.Ike.Sas;

/// <summary>Where an IKE SA stands. The value is part of the snapshot.</summary>
internal enum IkeSaState : byte
{
    /// <summary>Initiator: IKE_SA_INIT is under way. Never in a record: a successor starts it anew.</summary>
    Connecting = 1,

    /// <summary>Responder: IKE_SA_INIT is answered, IKE_AUTH has not come.</summary>
    HalfOpen = 2,

    /// <summary>Initiator: IKE_AUTH is under way.</summary>
    Authenticating = 3,

    Up = 4,

    /// <summary>Rekeyed: it only waits for its Delete, ours or the peer's.</summary>
    Replaced = 5,

    /// <summary>Over: it only repeats its last answer for a while.</summary>
    Closed = 6,
}

/// <summary>All state of one IKE SA. <see cref="IkeSaSnapshot"/> writes everything of it that a successor needs.</summary>
/// <remarks>
/// <code>
///     initiator   Connecting --INIT answer--> Authenticating --AUTH answer--> Up --rekeyed--> Replaced --Delete--> gone
///                                                   |                         |                   |
///     responder   HalfOpen ----------AUTH request---|-----------------------> Up                  |
///                    |                              |                         |                   |
///                    '-- refused                    '-- refused: gone         '-- Delete came --> Closed --linger--> gone
///                         '--> Closed --linger--> gone
/// </code>
/// Owned by the endpoint's thread. What is to be done next is not queued anywhere: it follows from these fields (<see cref="Exchanges.NextRequest"/>), so a
/// successor that reads them does the same.
/// </remarks>
internal sealed partial class IkeSa
{
    public required IkeSaId Id { get; init; }

    /// <summary>The first of its line: rekeys go on from there.</summary>
    public required IkeSaId Line { get; init; }

    public required string ConnectionName { get; set; }

    /// <summary>Null: the configuration no longer has it.</summary>
    public Connection? Connection { get; set; }

    public required IkeSaState State { get; set; }

    public required ulong LocalSpi { get; init; }

    public ulong RemoteSpi { get; set; }

    /// <summary>Original initiator of this IKE SA: the I flag, and which keys are ours (RFC 7296 section 2.2). A rekey's initiator is that of the new SA.</summary>
    public required bool IsInitiator { get; init; }

    /// <summary>We made the first IKE SA of this line: we keep its connection up, move it by MOBIKE, and asked for addresses.</summary>
    public required bool IsClient { get; init; }

    public required IPEndPoint Local { get; set; }

    public required IPEndPoint Remote { get; set; }

    public bool NatHere { get; set; }

    public bool NatThere { get; set; }

    public bool UdpEncapsulation { get; set; }

    public IkeSuite Suite { get; set; }

    public KeyExchangeGroup Group { get; set; }

    public IkeKeys? Keys { get; set; }

    public string PeerIdentity { get; set; } = "";

    public IkePeerAbilities Abilities { get; set; }

    /// <summary>Only until it is up.</summary>
    public Handshake? Handshake { get; set; }

    // Message IDs (section 2.2): the next of ours, the next that we expect, and what was answered last.
    public uint NextRequestId { get; set; }

    public uint ExpectedRequestId { get; set; }

    public IReadOnlyList<ReadOnlyMemory<byte>> LastAnswer { get; set; } = [];

    /// <summary>SHA-256 of the first datagram of the request that <see cref="LastAnswer"/> answered: a repetition is known without a cipher.</summary>
    public byte[] LastRequestHash { get; set; } = [];

    /// <summary>Highest M1 of a synchronization from the peer (RFC 6311 section 5.1).</summary>
    public uint HighestSync { get; set; }

    public OutstandingRequest? Outstanding { get; set; }

    public List<ChildSa> Children { get; } = [];

    public List<WantedChild> Wanted { get; } = [];

    /// <summary>Inner addresses given to the peer, or to us.</summary>
    public List<IPAddress> Given { get; } = [];

    public List<IPAddress> Assigned { get; } = [];

    public Instant RekeyAt { get; set; } = Instant.Never;

    public Instant ExpireAt { get; set; } = Instant.Never;

    /// <summary>When we tell the peer to delete it.</summary>
    public Instant DeleteAt { get; set; } = Instant.Never;

    public IkeSaDownReason DeleteReason { get; set; }

    /// <summary>Replaced: by whom.</summary>
    public IkeSaId? Successor { get; set; }

    /// <summary>Came of a collision that is not decided: the old IKE SA that still has the children (section 2.8.2).</summary>
    public IkeSaId? InheritsFrom { get; set; }

    /// <summary>The lower of the two nonces that made it by a rekey.</summary>
    public byte[] LowestNonce { get; set; } = [];

    public int TemporaryFailures { get; set; }

    public bool UpdateWanted { get; set; }

    public bool CookieCheckWanted { get; set; }

    public bool SynchronizeIdsWanted { get; set; }

    public ulong SynchronizeCountersBy { get; set; }

    // From here on: of this process, not of the record.

    /// <summary>The group that the peer wants its rekey with; 0: it did not say.</summary>
    public KeyExchangeGroup AskedGroup { get; set; }

    /// <summary>Asked for by command.</summary>
    public bool ProbeWanted { get; set; }

    public Instant LastHeard { get; set; }

    /// <summary>
    /// Restored, and no request has come since that changes anything: one with a higher ID proves that those between were answered without a commit. A request that
    /// changes nothing proves no more than that: it may be an old one of those, played back.
    /// </summary>
    public bool MayHaveAnsweredMore { get; set; }

    /// <summary>
    /// Restored: a request came from there that may be a recording. Our requests go there, too; whence an answer comes, there the peer is.
    /// </summary>
    public (IPEndPoint Local, IPEndPoint Remote)? Doubted { get; set; }

    /// <summary>The peer was asked to jump its counters since the takeover: once is all (RFC 6311 section 7).</summary>
    public bool CountersAsked { get; set; }

    /// <summary>When that request leaves.</summary>
    public Instant AskCountersAt { get; set; }

    /// <summary>Last commit that holds this SA's state; 0 when the ledger knows it all.</summary>
    public ulong PendingCommit { get; set; }

    /// <summary>The commit that <see cref="LastAnswer"/> waited for.</summary>
    public ulong AnswerCommit { get; set; }

    /// <summary>When <see cref="LastAnswer"/> was last sent again.</summary>
    public Instant RepeatedAt { get; set; } = new(long.MinValue / 2);

    public ulong RequestCommit { get; set; }

    /// <summary>Half open: the address that it counts for, which is the one that it was admitted with, wherever the next message came from.</summary>
    public IPAddress? CountedAt { get; set; }

    /// <summary>Of the step: in the endpoint's lists already.</summary>
    public bool IsTouched { get; set; }

    public bool IsChanged { get; set; }

    /// <summary>It has a record, or will have once a commit is through.</summary>
    public bool IsRecorded { get; set; }

    public IvReserve? Ivs { get; set; }

    public FragmentReassembler? RequestFragments { get; set; }

    public FragmentReassembler? AnswerFragments { get; set; }

    /// <summary>SHA-256 of the first datagram of the request that is being answered.</summary>
    public byte[] RequestHash { get; set; } = [];

    public ulong InitiatorSpi => IsInitiator ? LocalSpi : RemoteSpi;

    public ulong ResponderSpi => IsInitiator ? RemoteSpi : LocalSpi;

    public IkeFlags OurFlag => IsInitiator ? IkeFlags.Initiator : IkeFlags.None;

    public bool CanFragment => (Abilities & IkePeerAbilities.Fragmentation) != 0;

    /// <summary>It may carry exchanges other than those that set it up.</summary>
    public bool IsEstablished => State is IkeSaState.Up or IkeSaState.Replaced;

    public ChildSa? Child(ChildSaId id) => Children.Find(each => each.Id == id);

    public ChildSa? ChildByOutbound(uint spi) => Children.Find(each => each.OutboundSpi == spi);

    public ChildSa? ChildByInbound(uint spi) => Children.Find(each => each.InboundSpi == spi);

    /// <summary>Earliest instant at which something can be done about it: what waits for an answer to something else is not due.</summary>
    public Instant Due
    {
        get
        {
            Instant due = ExpireAt;
            foreach (ChildSa child in Children) due = Instant.Min(Instant.Min(due, child.ExpireAt), Instant.Min(child.UseOutboundAt, child.IdleAt));
            if (Outstanding is not null) return Instant.Min(due, Outstanding.ResendAt);
            if (!IsEstablished) return due;
            due = Instant.Min(due, DeleteAt);
            return State == IkeSaState.Up && InheritsFrom is null ? Instant.Min(due, NextRequestDue) : due;
        }
    }

    private Instant NextRequestDue
    {
        get
        {
            Instant due = SynchronizeCountersBy > 0 ? Instant.Min(RekeyAt, AskCountersAt) : RekeyAt;
            foreach (ChildSa child in Children) due = Instant.Min(due, Instant.Min(child.DeleteAt, child.MayBeRekeyed ? child.RekeyAt : Instant.Never));
            foreach (WantedChild wanted in Wanted) due = Instant.Min(due, wanted.NotBefore);
            return Connection is { Liveness: var quiet } && quiet > TimeSpan.Zero ? Instant.Min(due, LastHeard + quiet) : due;
        }
    }

    /// <summary>What the connection says of a child of that name; null: it says nothing of it any more.</summary>
    public ChildPolicy? PolicyOf(string child) => Connection?.Children.FirstOrDefault(each => each.Name == child);

    /// <summary>One that is to stay, not one that is on its way out.</summary>
    public bool HasChild(string policy) => Children.Exists(each => each.Policy == policy && !each.IsReplaced && each.DeleteAt == Instant.Never && !IsGoing(each));

    /// <summary>Our Delete of it is under way.</summary>
    public bool IsGoing(ChildSa child) => Outstanding is { Kind: RequestKind.DeleteChildren } ours && ours.Children.Contains(child.Id);

    /// <summary>On its way out, whatever becomes of it: nothing new begins on it.</summary>
    public bool IsEnding => State is IkeSaState.Replaced or IkeSaState.Closed || DeleteAt != Instant.Never || Outstanding is { Kind: RequestKind.DeleteIke };

    /// <summary>What a child of it may carry before it is rekeyed; null: nobody says so any more.</summary>
    public TrafficLimits? LimitsOf(ChildSa child) => PolicyOf(child.Policy) is { } policy ? TrafficLimits.Of(policy.Lifetime, child.InboundSpi) : null;

    public IkeSaFacts Facts => new(
        Id, ConnectionName, LocalSpi, RemoteSpi, IsClient, Local, Remote, UdpEncapsulation, PeerIdentity, Suite, Group, Abilities, [.. Given],
        [.. Children.Select(each => each.Id)])
    {
        BehindNat = NatHere,
        RekeyAt = State == IkeSaState.Up && DeleteAt == Instant.Never ? RekeyAt : Instant.Never,
        ExpireAt = ExpireAt,
        Assigned = [.. Assigned],
        Beyond = Assigned.Count > 0 ? [.. Children.SelectMany(each => each.Remote).Distinct()] : [],
    };

    /// <summary>Ciphers are made when first used: a standby that only holds records pays for none.</summary>
    public IkeCipher Outbound => _outbound ??= NewCipher(IsInitiator);

    public IkeCipher Inbound => _inbound ??= NewCipher(!IsInitiator);

    /// <summary>A peer that takes no fragments gets one datagram, whatever its size.</summary>
    public int MaxDatagram(IkeEndpointPolicy policy) => CanFragment ? policy.MaxDatagram : IkeMessage.MaximumLength;

    private IkeCipher? _outbound;
    private IkeCipher? _inbound;

    /// <summary>Wipes what it holds. It is used no more.</summary>
    public void Release()
    {
        _outbound?.Dispose();
        _inbound?.Dispose();
        Keys?.Dispose();
        Outstanding?.Wipe();
        Handshake?.Dispose();
    }

    private IkeCipher NewCipher(bool ofInitiator) => new(Suite.Cipher, Keys!.Encryption(ofInitiator), Keys.Integrity(ofInitiator));
}

/// <summary>A child SA that is still to be made.</summary>
/// <param name="Source">The packet that asked for it; null: nobody waits.</param>
/// <param name="Group">Asked for by the peer (INVALID_KE_PAYLOAD); 0: the policy's first.</param>
internal sealed record WantedChild(
    string Policy, Payloads.TrafficSelector? Source, Payloads.TrafficSelector? Destination, Instant NotBefore, KeyExchangeGroup Group = 0);
