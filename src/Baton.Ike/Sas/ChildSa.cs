using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Wire;

namespace Baton.Ike.Sas;

/// <summary>What an IKE SA knows of one of its child SA pairs. The keys went to the data path and to the child's own record; they are not here.</summary>
/// <remarks>
/// <code>
///                      we rekey it, the answer is here: DeleteAt = soon
///                    .-----------------------------------------------.
///     Up  -----------+                                               v
///      |             '-- the peer rekeyed it: it will delete -->  Replaced  -- Delete sent -->  Deleting --> gone
///      |                                                             |                              ^
///      '-- command, expired, redundant: DeleteAt = now --------------|------------------------------'
///                                                                    '-- the peer's Delete --> gone
/// </code>
/// </remarks>
internal sealed class ChildSa
{
    public required ChildSaId Id { get; init; }

    /// <summary>Name of its <see cref="ChildPolicy"/>.</summary>
    public required string Policy { get; init; }

    public required uint InboundSpi { get; init; }

    public required uint OutboundSpi { get; init; }

    public required ChildSuite Suite { get; init; }

    public required ChildMode Mode { get; init; }

    public required IReadOnlyList<TrafficSelector> Local { get; init; }

    public required IReadOnlyList<TrafficSelector> Remote { get; init; }

    /// <summary>We started the exchange that made it.</summary>
    public required bool WeInitiated { get; init; }

    /// <summary>The lower of the two nonces that made it: decides a collision (RFC 7296 section 2.8.1).</summary>
    public required byte[] LowestNonce { get; init; }

    public ChildSaId? Replaces { get; init; }

    /// <summary>The SA that took its place: not rekeyed any more.</summary>
    public ChildSaId? ReplacedBy { get; set; }

    /// <summary>When we tell the peer to delete it. <see cref="Instant.Never"/>: not at all.</summary>
    public Instant DeleteAt { get; set; } = Instant.Never;

    public ChildDownReason DeleteReason { get; set; }

    public Instant RekeyAt { get; set; } = Instant.Never;

    public Instant ExpireAt { get; set; } = Instant.Never;

    /// <summary>As responder of a rekey: when outbound changes over without having heard anything on it.</summary>
    public Instant UseOutboundAt { get; set; } = Instant.Never;

    /// <summary>Message ID of the peer's CREATE_CHILD_SA request that made it; none where we asked, where it came with the IKE SA, or where that IKE SA was rekeyed since.</summary>
    public uint MadeFor { get; set; } = NoRequest;

    public const uint NoRequest = uint.MaxValue;

    /// <summary>
    /// By how much the peer, a cluster, had us jump its outbound counter so far. A successor jumps once more: its numbers lie above ours, but perhaps not by so much.
    /// </summary>
    public ulong Jumped { get; set; }

    public CarriedTraffic Bytes => _bytes;

    public CarriedTraffic Packets => _packets;

    private CarriedTraffic _bytes;
    private CarriedTraffic _packets;

    /// <summary>True: its record must say that it may carry more before that is written again.</summary>
    public bool ClaimTraffic(ulong bytes, ulong packets, TrafficLimits limits) => _bytes.Claim(bytes, limits.Bytes) | _packets.Claim(packets, limits.Packets);

    /// <summary>The group that the peer wants its rekey with; 0: it did not say. Not in a record: a successor is told again.</summary>
    public Crypto.Ike.KeyExchangeGroup AskedGroup { get; set; }

    /// <summary>Traffic reached a limit and asked for a rekey. Not in a record: traffic will tell a successor too.</summary>
    public bool AskedByTraffic { get; set; }

    /// <summary>When it will have carried nothing for too long. Not in a record: a successor gives it the whole time again.</summary>
    public Instant IdleAt { get; set; } = Instant.Never;

    /// <summary>What took its place is gone, and it is not: it is the one again.</summary>
    public void LoseSuccessor() => (ReplacedBy, DeleteAt) = (null, Instant.Never);

    public bool IsReplaced => ReplacedBy is not null;

    public bool MayBeRekeyed => !IsReplaced && DeleteAt == Instant.Never;

    public void Write(SnapshotWriter to)
    {
        to.Long(Id.Value);
        to.Text(Policy);
        to.Int(InboundSpi);
        to.Int(OutboundSpi);
        to.Short((ushort)Suite.Encryption);
        to.Short((ushort)Suite.KeyBits);
        to.Short((ushort)Suite.Integrity);
        to.Bool(Suite.Esn);
        to.Byte((byte)Mode);
        to.List(Local, to.Selector);
        to.List(Remote, to.Selector);
        to.Bool(WeInitiated);
        to.Bytes(LowestNonce);
        to.Long(Replaces?.Value ?? 0);
        to.Long(ReplacedBy?.Value ?? 0);
        to.Time(DeleteAt);
        to.Byte((byte)DeleteReason);
        to.Time(RekeyAt);
        to.Time(ExpireAt);
        to.Time(UseOutboundAt);
        to.Long(Jumped);
        to.Int(MadeFor);
        to.Long(Bytes.Claimed);
        to.Long(Packets.Claimed);
    }

    public static ChildSa Read(ref SnapshotReader from)
    {
        var child = new ChildSa
        {
            Id = new ChildSaId(from.Long()),
            Policy = from.Text(),
            InboundSpi = from.Int(),
            OutboundSpi = from.Int(),
            Suite = new ChildSuite((Crypto.Ike.EncryptionAlgorithm)from.Short(), from.Short(), (Crypto.Ike.IntegrityAlgorithm)from.Short(), from.Bool()),
            Mode = (ChildMode)from.Byte(),
            Local = from.Selectors(),
            Remote = from.Selectors(),
            WeInitiated = from.Bool(),
            LowestNonce = from.Bytes(),
            Replaces = OrNone(from.Long()),
            ReplacedBy = OrNone(from.Long()),
            DeleteAt = from.Time(),
            DeleteReason = (ChildDownReason)from.Byte(),
        };
        child.RekeyAt = from.Time();
        child.ExpireAt = from.Time();
        child.UseOutboundAt = from.Time();
        child.Jumped = from.Long();
        child.MadeFor = from.Int();
        (child._bytes, child._packets) = (CarriedTraffic.Of(from.Long()), CarriedTraffic.Of(from.Long()));
        return child;
    }

    private static ChildSaId? OrNone(ulong value) => value == 0 ? null : new ChildSaId(value);
}
