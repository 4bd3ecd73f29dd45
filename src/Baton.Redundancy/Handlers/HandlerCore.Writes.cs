using Baton.Redundancy.Leases;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;

namespace Baton.Redundancy.Handlers;

/// <summary>The writes of a term's holder.</summary>
public sealed partial class HandlerCore
{
    private (RequestVerdict Verdict, string? Detail) Write(Incarnation from, MemberRequest body, ICollection<HandlerOutput> outputs) => body switch
    {
        MemberRequest.Register register => Register(from, register, outputs),
        MemberRequest.Extend extend => Extend(from, extend, outputs),
        MemberRequest.RaiseCoarse raise => (RaiseCoarse(from, raise, outputs), null),
        MemberRequest.ChangeInSync change => (ChangeInSync(from, change, outputs), null),
        MemberRequest.NameDesignee name => (NameDesignee(from, name, outputs), null),
        MemberRequest.MoveOn move => (MoveOn(from, move, outputs), null),
        MemberRequest.Surrender surrender => Surrender(from, surrender, outputs),
        MemberRequest.Commit commit => CommitAll(from, commit, outputs),
        MemberRequest.Delete delete => (Delete(from, delete, outputs), null),
        _ => (RequestVerdict.Malformed, body.GetType().Name),
    };

    /// <summary>Every write names its term and is refused when that is not the current one, or not the writer's.</summary>
    private RequestVerdict? Refuse(Incarnation from, ulong term)
    {
        if (!_inForce.HasFlag(Guards.G2WritesNameTheirTerm)) // (G2)
            return null;
        if (term != Cluster.Term)
            return RequestVerdict.NotCurrentTerm;
        return Same(Cluster.Holder, from) ? null : RequestVerdict.NotHolder;
    }

    private (RequestVerdict, string?) Register(Incarnation from, MemberRequest.Register request, ICollection<HandlerOutput> outputs)
    {
        if (Refuse(from, request.Term) is { } refused)
            return (refused, null);

        var fresh = new List<SaRecord>();
        var tags = new List<ulong>();
        ulong nextId = _nextSaId;
        foreach (SaRecord asked in request.Sas)
        {
            if (IsMalformed(asked) is { } what)
                return (RequestVerdict.Malformed, what);

            // A key is registered once for ever, and each direction has its own. The same registration again is a repetition, not a second one.
            if (_inForce.HasFlag(Guards.G2WritesNameTheirTerm) && (_keyTags.Contains(asked.KeyTag) || tags.Contains(asked.KeyTag))) // (G2)
            {
                if (IsRegistered(asked))
                    continue;
                return (RequestVerdict.KeySeenBefore, $"SPI {asked.Spi:x8}");
            }

            tags.Add(asked.KeyTag);
            fresh.Add(asked with
            {
                Id = new SaId(nextId++),
                LimitTerm = request.Term,
            });
        }

        if (fresh.Count == 0)
            return (RequestVerdict.Granted, null);
        _nextSaId = nextId;
        foreach (ulong tag in tags)
            _keyTags.Add(tag);
        Commit(outputs, Cluster, fresh, [], tags);
        return (RequestVerdict.Granted, null);
    }

    private bool IsRegistered(SaRecord asked) =>
        _idsByTag.TryGetValue(asked.KeyTag, out SaId id) && _records[id] is var record && record.Spi == asked.Spi && record.Direction == asked.Direction;

    private (RequestVerdict, string?) Extend(Incarnation from, MemberRequest.Extend request, ICollection<HandlerOutput> outputs)
    {
        if (Refuse(from, request.Term) is { } refused)
            return (refused, null);

        var changed = new List<SaRecord>(request.Limits.Count);
        int tooLow = 0;
        foreach ((SaId id, ulong asked, ulong lastAuthenticated) in request.Limits)
        {
            if (!_records.TryGetValue(id, out SaRecord? record) || record.Direction != SaDirection.Outbound)
                continue; // deleted meanwhile: the copy says so

            ulong limit = Math.Min(asked, Slice.LastUsable(record.Space));
            if (limit < Slice.EndOf(record, request.Term) && _inForce.HasFlag(Guards.G4LimitNotBelowOwned)) // (G4)
            {
                tooLow++;
                continue;
            }

            ulong authenticated = Math.Max(record.LastAuthenticated, lastAuthenticated);
            if (limit == record.Limit && record.LimitTerm == request.Term && authenticated == record.LastAuthenticated)
                continue; // this very write has happened
            changed.Add(record with { Limit = limit, LimitTerm = request.Term, LastAuthenticated = authenticated });
        }

        if (changed.Count > 0)
            Commit(outputs, Cluster, changed, [], []);
        return tooLow > 0 ? (RequestVerdict.LimitTooLow, $"{tooLow} of {request.Limits.Count}") : (RequestVerdict.Granted, null);
    }

    private RequestVerdict RaiseCoarse(Incarnation from, MemberRequest.RaiseCoarse request, ICollection<HandlerOutput> outputs)
    {
        if (Refuse(from, request.Term) is { } refused)
            return refused;

        var changed = new List<SaRecord>(request.Ceilings.Count);
        foreach ((SaId id, ulong ceiling) in request.Ceilings)
        {
            // A coarse ceiling only rises: an older request that comes late must not take back what has been accepted on a newer one.
            if (_records.TryGetValue(id, out SaRecord? record) && record.Direction == SaDirection.Inbound && ceiling > record.CoarseCeiling)
                changed.Add(record with { CoarseCeiling = Math.Min(ceiling, Slice.LastUsable(record.Space)) });
        }

        if (changed.Count > 0)
            Commit(outputs, Cluster, changed, [], []);
        return RequestVerdict.Granted;
    }

    private RequestVerdict ChangeInSync(Incarnation from, MemberRequest.ChangeInSync request, ICollection<HandlerOutput> outputs)
    {
        if (Refuse(from, request.Term) is { } refused)
            return refused;
        if (request.ExpectedInSyncRevision != Cluster.InSyncRevision && _inForce.HasFlag(Guards.G11SetByCompareAndSet)) // (G11)
            return RequestVerdict.StaleInSyncRevision;

        // The revision moves even when the set does not: that is how a request still under way is made void.
        Commit(outputs, Cluster with { InSync = [.. request.InSync], InSyncRevision = Cluster.InSyncRevision + 1 });
        outputs.Add(Note(RedundancyEventKind.InSyncChanged, string.Join(", ", request.InSync)));
        return RequestVerdict.Granted;
    }

    private RequestVerdict NameDesignee(Incarnation from, MemberRequest.NameDesignee request, ICollection<HandlerOutput> outputs)
    {
        if (Refuse(from, request.Term) is { } refused)
            return refused;
        if (Cluster.Designee == request.Designee)
            return RequestVerdict.Granted;
        if (Cluster.Designee is not null && _inForce.HasFlag(Guards.G6DesigneeOnce)) // (G6)
            return RequestVerdict.DesigneeAlreadyNamed;
        if (!IsInSync(request.Designee))
            return RequestVerdict.NotInSync;

        Commit(outputs, Cluster with { Designee = request.Designee });
        outputs.Add(Note(RedundancyEventKind.DesigneeNamed, request.Designee.ToString()));
        return RequestVerdict.Granted;
    }

    /// <summary>The holder goes on in Term + 2: its designee may hold a lower limit, and may have taken Term + 1 alone. That term stays its own for ever.</summary>
    private RequestVerdict MoveOn(Incarnation from, MemberRequest.MoveOn request, ICollection<HandlerOutput> outputs)
    {
        if (Same(Cluster.Holder, from) && Cluster.Term == request.Term + 2)
            return RequestVerdict.Granted;
        if (Refuse(from, request.Term) is { } refused)
            return refused;

        Commit(outputs, NextTerm(Cluster.Term + 2, from, Cluster.HolderWasInSync));
        outputs.Add(Note(RedundancyEventKind.MovedOn, from.ToString()));
        return RequestVerdict.Granted;
    }

    /// <summary>The reports are with the designee already (G13), so this is a promotion that says so. Base limits are not touched (G8).</summary>
    private (RequestVerdict, string?) Surrender(Incarnation from, MemberRequest.Surrender request, ICollection<HandlerOutput> outputs)
    {
        if (Cluster.SurrenderedTerm == request.Term && Cluster.Term == request.Term + 1 && Cluster.Holder == request.To)
            return (RequestVerdict.Granted, null);

        // The designee may pass on what the holder gave it when the holder has lost the handler.
        Incarnation author = Same(Cluster.Designee, from) && from == request.To && Cluster.Holder is { } holder ? holder : from;
        if (Refuse(author, request.Term) is { } refused)
            return (refused, null);
        if (!Same(Cluster.Designee, request.To) || !IsInSync(request.To))
            return (RequestVerdict.NotInSync, $"{request.To} is not the designee in sync");

        Commit(outputs, NextTerm(Cluster.Term + 1, request.To, holderWasInSync: true) with { SurrenderedTerm = request.Term });
        outputs.Add(Note(RedundancyEventKind.Surrendered, $"{author} to {request.To}"));
        return (RequestVerdict.Granted, null);
    }

    private RequestVerdict Delete(Incarnation from, MemberRequest.Delete request, ICollection<HandlerOutput> outputs)
    {
        if (Refuse(from, request.Term) is { } refused)
            return refused;

        var gone = new List<SaId>(request.Sas.Count);
        foreach (SaId id in request.Sas)
        {
            if (_records.ContainsKey(id) && !gone.Contains(id))
                gone.Add(id);
        }

        if (gone.Count > 0)
            Commit(outputs, Cluster, [], gone, []);
        return RequestVerdict.Granted;
    }
}
