using Baton.Redundancy.Leases;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Members;

/// <summary>The copy of the ledger, and the role that follows from it.</summary>
public sealed partial class MemberCore
{
    private readonly Dictionary<SaId, OutboundLease> _outbound = [];
    private readonly Dictionary<SaId, InboundCeiling> _inbound = [];
    private readonly Dictionary<IkeId, IkeRecord> _ike = [];
    private ulong _highestSaId;

    private void OnChanged(LedgerChange change, Instant now, ICollection<MemberOutput> outputs)
    {
        ClusterRecord? before = _scope.Cluster;
        if (change.IsSnapshot)
        {
            if (before is not null && (change.Cluster.LedgerId != before.LedgerId || change.Cluster.Revision < before.Revision))
            {
                // A ledger behind this copy has lost records: nothing it grants may be used.
                _scope.Note(RedundancyEventKind.RefusedGrantOfOlderLedger, $"revision {change.Cluster.Revision}, this copy has {before.Revision}");
                return;
            }

            if (!_copyFollows && IsWorking && _handlerConnected)
                _scope.Note(RedundancyEventKind.HandlerBack, "");
            if (!_copyFollows)
                _nextPresence = default;
            _copyFollows = true;
        }
        else if (!_copyFollows || before is null || change.Cluster.Revision != before.Revision + 1)
        {
            return; // not the next one: only a snapshot closes a gap
        }

        if (change.IsSnapshot)
            change = EndStaging(change);
        Apply(change);
        outputs.Add(new MemberOutput.RecordsChanged(change));
        TellRose(outputs);
        FollowRecord(before, now, outputs);
        ConfirmCopy(outputs);
    }

    private void Apply(LedgerChange change)
    {
        foreach (SaRecord record in change.Upserts)
            Replace(record, change.Cluster.Revision);
        foreach (SaId id in change.Deletes)
            Remove(id);
        if (change.IsSnapshot)
            _ike.Clear();
        foreach (IkeRecord record in change.IkeUpserts)
            _ike[record.Id] = record;
        foreach (IkeId id in change.IkeDeletes)
            _ike.Remove(id);
        _scope.Cluster = change.Cluster;
    }

    private void Replace(SaRecord record, ulong revision)
    {
        _highestSaId = Math.Max(_highestSaId, record.Id.Value);

        // The sealed part is for whoever builds the SA, and never changes: kept here it would be a quarter of what a hundred thousand of them weigh.
        record = record with { Sealed = default };
        if (record.Direction == SaDirection.Outbound)
            ReplaceOutbound(record, revision);
        else
            ReplaceInbound(record);
    }

    private void Remove(SaId id)
    {
        _outbound.Remove(id);
        if (_inbound.Remove(id, out InboundCeiling? ceiling))
            ceiling.Record = null;
    }

    private void ReplaceOutbound(SaRecord record, ulong revision)
    {
        bool own = IsWorking && record.LimitTerm == _scope.Term;
        if (!_outbound.TryGetValue(record.Id, out OutboundLease? lease))
        {
            _outbound[record.Id] = lease = new OutboundLease(_scope, record);
            if (own)
                lease.BeginRegistered();
        }
        else
        {
            if (IsWorking)
                lease.BeCurrent(); // its range comes from the record of the promotion, not from what this term wrote since
            lease.Record = record;
        }

        if (own)
            AwaitDesignee(lease, record.Limit, revision);
    }

    private void ReplaceInbound(SaRecord record)
    {
        if (!_inbound.TryGetValue(record.Id, out InboundCeiling? ceiling))
            _inbound[record.Id] = ceiling = new InboundCeiling(_scope, record.Id);
        if (ceiling.Record is not null)
            ceiling.BeCurrent(); // its floor comes from the record of the promotion
        ceiling.Record = record;
        ceiling.BeCurrent();
        if (ceiling.CoarseChanged())
            NoteRose(ceiling);
    }

    /// <summary>Holder of a term, and nothing else, makes an active.</summary>
    private void FollowRecord(ClusterRecord? before, Instant now, ICollection<MemberOutput> outputs)
    {
        if (_state == MemberState.Joining)
            _state = MemberState.Standby;

        if (!Same(Copy.Holder, Self))
        {
            bool superseded = Copy.Term > _scope.Term || (Copy.Term == _scope.Term && Copy.Holder is not null);
            if (IsWorking && superseded)
                Depose($"{Copy.Holder} holds term {Copy.Term}", outputs);
            return;
        }

        if (Copy.Term > _scope.Term)
        {
            bool goesOn = before is not null && before.Term == _scope.Term && Same(before.Holder, Self) && _moveOnAskedIn == _scope.Term
                && Copy.Term == _scope.Term + 2 && _scope.ReceiveStart != 0;
            bool wasWorking = IsWorking;
            if (_state is MemberState.Freezing or MemberState.Surrendering)
                outputs.Add(new MemberOutput.SurrenderEnded(false));
            BeginTerm(Copy.Term, mayReceive: true, goesOn, Copy.HolderWasInSync, outputs);
            _scope.Note(goesOn && wasWorking ? RedundancyEventKind.MovedOn : RedundancyEventKind.Promoted, "");
            if (!goesOn && !Copy.HolderWasInSync && Copy.SurrenderedTerm + 1 != Copy.Term && Copy.Term > 1)
                _scope.Note(RedundancyEventKind.StartedCold, "receiving starts at the coarse ceilings");
        }
        else if (Copy.Term == _scope.Term && _state == MemberState.Alone)
        {
            _state = MemberState.Active;
            if (_scope.Admitting == 0)
            {
                BeginReceiving(Copy.HolderWasInSync);
                outputs.Add(new MemberOutput.ReceivingAllowed(_scope.Term));
            }

            _scope.Note(RedundancyEventKind.Adopted, "");
        }
    }

    /// <summary>A term begins: a handful of numbers change, and every SA finds its range when it is next used (P5).</summary>
    private void BeginTerm(ulong term, bool mayReceive, bool goesOn, bool wasInSync, ICollection<MemberOutput> outputs)
    {
        _counters.TermsWorked++;
        (string? To, Instant Until)? wish = _pendingSwitchover;
        ForgetWork();
        if (goesOn && wish is { } still)
            _pendingSwitchover = (still.To, _scope.Now + (_policy.RequestTimeout * 10)); // the operator's wish outlives a move to Term + 2
        if (!goesOn)
            ForgetCommits(outputs);
        _state = mayReceive && Same(Copy.Holder, Self) && Copy.Term == term ? MemberState.Active : MemberState.Alone;
        (_scope.Term, _termSince) = (term, _scope.Now);
        if (WaitingCommits == 0)
            BeginCommits();
        _scope.Work++;
        _scope.Sending = _scope.Work;
        outputs.Add(new MemberOutput.BecameActive(term, mayReceive));
        if (goesOn)
            ResumeReceiving(outputs);
        else if (mayReceive)
            BeginReceiving(wasInSync);
        else
            _scope.Admitting = 0;
    }

    /// <summary>Stops all sending and accepting at once; what was computed stays readable.</summary>
    private void Stop()
    {
        _scope.Sending = 0;
        _scope.Admitting = 0;
    }

    private void Depose(string why, ICollection<MemberOutput> outputs)
    {
        bool surrendered = _state is MemberState.Freezing or MemberState.Surrendering;
        bool done = surrendered && Copy.SurrenderedTerm == _scope.Term;
        Stop();
        _state = MemberState.Standby;
        ForgetWork();
        ForgetWishes();
        ForgetCommits(outputs);
        if (surrendered)
            outputs.Add(new MemberOutput.SurrenderEnded(done));
        outputs.Add(new MemberOutput.BecameStandby(HighestTerm));
        _scope.Note(done ? RedundancyEventKind.Surrendered : RedundancyEventKind.Deposed, why);
    }

    private void ForgetWork()
    {
        ForgetRequests();
        _scope.Forget();
        ForgetSending();
        ForgetReceiving();
        ForgetInSyncSet();
        _pendingSwitchover = null;
        _handing = null;
    }

    /// <summary>The highest term heard of, from anybody.</summary>
    private ulong HighestTerm => Math.Max(Math.Max(_scope.Term, _scope.Cluster?.Term ?? 0), _seenTerm);
}
