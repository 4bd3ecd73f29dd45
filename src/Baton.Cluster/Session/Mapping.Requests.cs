using System.Collections.Immutable;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using P = Baton.Cluster.Protos;

namespace Baton.Cluster.Session;

public static partial class Mapping
{
    public static P.RequestHeader ToWire(RequestHeader header)
    {
        var wire = new P.RequestHeader
        {
            From = ToWire(header.From),
            HighestRevision = header.HighestRevision,
            HighestTerm = header.HighestTerm,
        };
        if (header.LedgerId is { } id) wire.LedgerId = ToWire(id);
        return wire;
    }

    public static bool TryFromWire(P.RequestHeader? wire, out RequestHeader header)
    {
        header = default;
        if (wire is null || !TryFromWire(wire.From, out Incarnation from)) return false;
        Guid? ledgerId = null;
        if (!wire.LedgerId.IsEmpty)
        {
            if (!TryFromWire(wire.LedgerId, out Guid id)) return false;
            ledgerId = id;
        }

        header = new(from, ledgerId, wire.HighestRevision, wire.HighestTerm);
        return true;
    }

    /// <summary>One request as one message; cut it with <see cref="Parts.Split(P.Request)"/> before it travels.</summary>
    public static P.Request ToWire(ulong requestId, RequestHeader header, MemberRequest request)
    {
        var wire = new P.Request { Id = requestId, Header = ToWire(header) };
        switch (request)
        {
            case MemberRequest.Register r:
                wire.Register = new() { Term = r.Term };
                foreach (SaRecord sa in r.Sas) wire.Register.Sas.Add(ToWire(sa));
                break;
            case MemberRequest.Extend r:
                wire.Extend = new() { Term = r.Term };
                foreach ((SaId id, ulong limit, ulong authenticated) in r.Limits)
                    wire.Extend.Limits.Add(new P.NewLimit { Id = id.Value, Limit = limit, LastAuthenticated = authenticated });
                break;
            case MemberRequest.RaiseCoarse r:
                wire.RaiseCoarse = new() { Term = r.Term };
                foreach ((SaId id, ulong ceiling) in r.Ceilings)
                    wire.RaiseCoarse.Ceilings.Add(new P.Ceiling { Id = id.Value, Ceiling_ = ceiling });
                break;
            case MemberRequest.ChangeInSync r:
                wire.ChangeInSync = new() { Term = r.Term, ExpectedInSyncRevision = r.ExpectedInSyncRevision };
                foreach (Incarnation member in r.InSync) wire.ChangeInSync.InSync.Add(ToWire(member));
                break;
            case MemberRequest.NameDesignee r:
                wire.NameDesignee = new() { Term = r.Term, Designee = ToWire(r.Designee) };
                break;
            case MemberRequest.MoveOn r:
                wire.MoveOn = new() { Term = r.Term };
                break;
            case MemberRequest.Promote r:
                wire.Promote = new() { Term = r.Term, Certain = r.Certain };
                if (r.Failed is { } failed) wire.Promote.Failed = ToWire(failed);
                break;
            case MemberRequest.AdoptDesignee r:
                wire.AdoptDesignee = new() { Term = r.Term };
                break;
            case MemberRequest.Surrender r:
                wire.Surrender = new() { Term = r.Term, To = ToWire(r.To) };
                break;
            case MemberRequest.Delete r:
                wire.Delete = new() { Term = r.Term };
                foreach (SaId id in r.Sas) wire.Delete.Sas.Add(id.Value);
                break;
            case MemberRequest.Commit r:
                wire.Commit = new() { Term = r.Term, First = r.First };
                foreach (LedgerCommit commit in r.Commits) wire.Commit.Commits.Add(ToWire(commit));
                break;
            default:
                throw new NotSupportedException($"no wire form for {request.GetType()}");
        }

        return wire;
    }

    public static bool TryFromWire(P.Request wire, out RequestHeader header, out MemberRequest request)
    {
        request = null!;
        return TryFromWire(wire.Header, out header) && TryBody(wire, out request);
    }

    private static bool TryBody(P.Request wire, out MemberRequest request)
    {
        request = null!;
        switch (wire.BodyCase)
        {
            case P.Request.BodyOneofCase.Register:
                var sas = new SaRecord[wire.Register.Sas.Count];
                for (int i = 0; i < sas.Length; i++)
                {
                    if (!TryFromWire(wire.Register.Sas[i], out sas[i])) return false;
                }

                request = new MemberRequest.Register(wire.Register.Term, sas);
                return true;
            case P.Request.BodyOneofCase.Extend:
                request = new MemberRequest.Extend(wire.Extend.Term,
                    Map(wire.Extend.Limits, l => (new SaId(l.Id), l.Limit, l.LastAuthenticated)));
                return true;
            case P.Request.BodyOneofCase.RaiseCoarse:
                request = new MemberRequest.RaiseCoarse(wire.RaiseCoarse.Term,
                    Map(wire.RaiseCoarse.Ceilings, c => (new SaId(c.Id), c.Ceiling_)));
                return true;
            case P.Request.BodyOneofCase.ChangeInSync:
                if (!TryList(wire.ChangeInSync.InSync, out ImmutableArray<Incarnation> inSync)) return false;
                request = new MemberRequest.ChangeInSync(wire.ChangeInSync.Term, wire.ChangeInSync.ExpectedInSyncRevision, inSync);
                return true;
            case P.Request.BodyOneofCase.NameDesignee:
                if (!TryFromWire(wire.NameDesignee.Designee, out Incarnation designee)) return false;
                request = new MemberRequest.NameDesignee(wire.NameDesignee.Term, designee);
                return true;
            case P.Request.BodyOneofCase.MoveOn:
                request = new MemberRequest.MoveOn(wire.MoveOn.Term);
                return true;
            case P.Request.BodyOneofCase.Promote:
                if (!TryOptional(wire.Promote.Failed, out Incarnation? failed)) return false;
                request = new MemberRequest.Promote(wire.Promote.Term, failed, wire.Promote.Certain);
                return true;
            case P.Request.BodyOneofCase.AdoptDesignee:
                request = new MemberRequest.AdoptDesignee(wire.AdoptDesignee.Term);
                return true;
            case P.Request.BodyOneofCase.Surrender:
                if (!TryFromWire(wire.Surrender.To, out Incarnation to)) return false;
                request = new MemberRequest.Surrender(wire.Surrender.Term, to);
                return true;
            case P.Request.BodyOneofCase.Delete:
                request = new MemberRequest.Delete(wire.Delete.Term, Map(wire.Delete.Sas, id => new SaId(id)));
                return true;
            case P.Request.BodyOneofCase.Commit:
                return TryCommits(wire.Commit, out request);
            default:
                return false;
        }
    }

    private static P.CommitEntry ToWire(LedgerCommit commit)
    {
        var wire = new P.CommitEntry();
        foreach (IkeRecord record in commit.Ike) wire.Ike.Add(ToWire(record));
        foreach (SaRecord sa in commit.Sas) wire.Sas.Add(ToWire(sa));
        foreach (IkeId id in commit.DeletedIke) wire.DeletedIke.Add(id.Value);
        wire.DeletedSas.AddRange(commit.DeletedSas);
        return wire;
    }

    private static bool TryCommits(P.Commit wire, out MemberRequest request)
    {
        request = null!;
        if (wire.Commits.Count > Protocol.MaximumCommits) return false;
        var commits = new LedgerCommit[wire.Commits.Count];
        for (int i = 0; i < commits.Length; i++)
        {
            P.CommitEntry entry = wire.Commits[i];
            if (!TryIke(entry.Ike, out IkeRecord[] ike)) return false;
            var sas = new SaRecord[entry.Sas.Count];
            for (int j = 0; j < sas.Length; j++)
            {
                if (!TryFromWire(entry.Sas[j], out sas[j])) return false;
            }

            commits[i] = new LedgerCommit(ike, sas, Map(entry.DeletedIke, id => new IkeId(id)), [.. entry.DeletedSas]);
        }

        request = new MemberRequest.Commit(wire.Term, wire.First, commits);
        return true;
    }

    private static bool TryIke(Google.Protobuf.Collections.RepeatedField<P.IkeRecord> wire, out IkeRecord[] records)
    {
        records = new IkeRecord[wire.Count];
        for (int i = 0; i < records.Length; i++)
        {
            if (!TryFromWire(wire[i], out records[i])) return false;
        }

        return true;
    }

    /// <summary>One change as one message; cut it with <see cref="Parts.Split(P.Change)"/> before it travels.</summary>
    public static P.Change ToWire(LedgerChange change)
    {
        var wire = new P.Change { IsSnapshot = change.IsSnapshot, Cluster = ToWire(change.Cluster) };
        foreach (SaRecord sa in change.Upserts) wire.Upserts.Add(ToWire(sa));
        foreach (SaId id in change.Deletes) wire.Deletes.Add(id.Value);
        foreach (IkeRecord record in change.IkeUpserts) wire.IkeUpserts.Add(ToWire(record));
        foreach (IkeId id in change.IkeDeletes) wire.IkeDeletes.Add(id.Value);
        return wire;
    }

    public static bool TryFromWire(P.Change wire, out LedgerChange change)
    {
        change = null!;
        if (!TryFromWire(wire.Cluster, out ClusterRecord cluster)) return false;
        var upserts = new SaRecord[wire.Upserts.Count];
        for (int i = 0; i < upserts.Length; i++)
        {
            if (!TryFromWire(wire.Upserts[i], out upserts[i])) return false;
        }

        if (!TryIke(wire.IkeUpserts, out IkeRecord[] ike)) return false;
        change = new(wire.IsSnapshot, cluster, upserts, Map(wire.Deletes, id => new SaId(id)))
        {
            IkeUpserts = ike,
            IkeDeletes = Map(wire.IkeDeletes, id => new IkeId(id)),
        };
        return true;
    }

    private static TTo[] Map<TFrom, TTo>(IReadOnlyList<TFrom> from, Func<TFrom, TTo> map)
    {
        var to = new TTo[from.Count];
        for (int i = 0; i < to.Length; i++) to[i] = map(from[i]);
        return to;
    }
}
