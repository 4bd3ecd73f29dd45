using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Baton.Redundancy;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Google.Protobuf;
using P = Baton.Cluster.Protos;

namespace Baton.Cluster.Session;

/// <summary>Between the records of Baton.Redundancy and the messages on the wire: every field, both ways.</summary>
/// <remarks>To the wire never fails. From the wire is strict: what no member of this cluster could have meant is
/// <c>false</c>, never an exception and never a default in its place.</remarks>
public static partial class Mapping
{
    public static P.Incarnation ToWire(Incarnation incarnation) => new() { Member = incarnation.Member, Nonce = incarnation.Nonce };

    public static bool TryFromWire(P.Incarnation? wire, out Incarnation incarnation)
    {
        incarnation = default;
        if (wire is null || wire.Member.Length is 0 or > Protocol.MaximumNameLength) return false;
        incarnation = new(wire.Member, wire.Nonce);
        return true;
    }

    public static ByteString ToWire(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = id.TryWriteBytes(bytes, bigEndian: true, out _);
        return ByteString.CopyFrom(bytes);
    }

    public static bool TryFromWire(ByteString wire, out Guid id)
    {
        id = default;
        if (wire.Length != 16) return false;
        id = new Guid(wire.Span, bigEndian: true);
        return true;
    }

    public static P.ClusterRecord ToWire(ClusterRecord record)
    {
        var wire = new P.ClusterRecord
        {
            LedgerId = ToWire(record.LedgerId),
            Revision = record.Revision,
            Term = record.Term,
            HolderWasInSync = record.HolderWasInSync,
            InSyncRevision = record.InSyncRevision,
            Commits = record.Commits,
        };
        if (record.Holder is { } holder) wire.Holder = ToWire(holder);
        if (record.Designee is { } designee) wire.Designee = ToWire(designee);
        if (record.SurrenderedTerm is { } term) wire.SurrenderedTerm = term;
        foreach (Incarnation member in record.InSync) wire.InSync.Add(ToWire(member));
        return wire;
    }

    public static bool TryFromWire(P.ClusterRecord? wire, out ClusterRecord record)
    {
        record = ClusterRecord.Empty(default);
        if (wire is null || !TryFromWire(wire.LedgerId, out Guid ledgerId)) return false;
        if (!TryOptional(wire.Holder, out Incarnation? holder) || !TryOptional(wire.Designee, out Incarnation? designee)) return false;
        if (!TryList(wire.InSync, out ImmutableArray<Incarnation> inSync)) return false;
        record = new(ledgerId, wire.Revision, wire.Term, holder, wire.HolderWasInSync, designee, wire.InSyncRevision, inSync,
            wire.HasSurrenderedTerm ? wire.SurrenderedTerm : null) { Commits = wire.Commits };
        return true;
    }

    public static P.SaRecord ToWire(SaRecord sa)
    {
        var wire = new P.SaRecord
        {
            Id = sa.Id.Value,
            Direction = (P.SaDirection)sa.Direction,
            Spi = sa.Spi,
            SpaceBits = (uint)sa.Space.Bits,
            SpaceWireBits = (uint)sa.Space.WireBits,
            SpaceSafeJump = sa.Space.SafeJump,
            KeyTag = sa.KeyTag,
            SliceSize = sa.SliceSize,
            Limit = sa.Limit,
            LimitTerm = sa.LimitTerm,
            CoarseCeiling = sa.CoarseCeiling,
            LastAuthenticated = sa.LastAuthenticated,
            Sealed = UnsafeByteOperations.UnsafeWrap(sa.Sealed),  // records are immutable
        };
        return wire;
    }

    public static bool TryFromWire(P.SaRecord? wire, out SaRecord sa)
    {
        sa = null!;
        if (wire is null || wire.Direction is not (P.SaDirection.Outbound or P.SaDirection.Inbound)) return false;
        if (wire.SpaceBits is 0 or > 64 || wire.SpaceWireBits == 0 || wire.SpaceWireBits > wire.SpaceBits) return false;
        if (wire.Sealed.Length > Protocol.MaximumSealedBytes) return false;
        sa = new(new SaId(wire.Id), (SaDirection)wire.Direction, wire.Spi,
            new CounterSpace((int)wire.SpaceBits, (int)wire.SpaceWireBits, wire.SpaceSafeJump),
            wire.KeyTag, wire.SliceSize, wire.Limit, wire.LimitTerm, wire.CoarseCeiling,
            wire.LastAuthenticated, wire.Sealed.Memory);
        return true;
    }

    public static P.IkeRecord ToWire(IkeRecord record) => new()
    {
        Id = record.Id.Value,
        Version = record.Version,
        KeyTag = record.KeyTag,
        Sealed = UnsafeByteOperations.UnsafeWrap(record.Sealed),  // records are immutable
    };

    public static bool TryFromWire(P.IkeRecord? wire, out IkeRecord record)
    {
        record = null!;
        if (wire is null || wire.Sealed.Length > IkeRecord.MaximumSealedBytes) return false;
        record = new(new IkeId(wire.Id), wire.Version, wire.KeyTag, wire.Sealed.Memory);
        return true;
    }

    public static P.Reply ToWire(ulong requestId, HandlerReply reply)
    {
        var wire = new P.Reply { RequestId = requestId, Verdict = (P.Verdict)((int)reply.Verdict + 1), Revision = reply.Revision };
        if (reply.Detail is not null) wire.Detail = reply.Detail;
        return wire;
    }

    public static bool TryFromWire(P.Reply wire, out HandlerReply reply)
    {
        int verdict = (int)wire.Verdict - 1;
        bool known = verdict is >= 0 and <= (int)RequestVerdict.Malformed;
        reply = new(known ? (RequestVerdict)verdict : RequestVerdict.Malformed, wire.Revision, wire.HasDetail ? wire.Detail : null);
        return known;
    }

    private static bool TryOptional(P.Incarnation? wire, out Incarnation? incarnation)
    {
        incarnation = null;
        if (wire is null) return true;
        if (!TryFromWire(wire, out Incarnation present)) return false;
        incarnation = present;
        return true;
    }

    private static bool TryList(Google.Protobuf.Collections.RepeatedField<P.Incarnation> wire, out ImmutableArray<Incarnation> list)
    {
        list = [];
        var builder = new Incarnation[wire.Count];
        for (int i = 0; i < builder.Length; i++)
        {
            if (!TryFromWire(wire[i], out builder[i])) return false;
        }

        list = ImmutableCollectionsMarshal.AsImmutableArray(builder);
        return true;
    }
}
