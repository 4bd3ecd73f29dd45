using Baton.Redundancy.Leases;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Members;

/// <summary>The planned end of a term (P6): freeze, drain, one write with the exact state.</summary>
public sealed partial class MemberCore
{
    private (string? To, Instant Until)? _pendingSwitchover;
    private MemberRequest.Surrender? _surrender;
    private Incarnation _successor;
    private Instant _lastRelay;

    private void OnBeginSwitchover(string? to, Instant now)
    {
        if (_state == MemberState.Active)
            _pendingSwitchover ??= (to, now + (_policy.RequestTimeout * 10));
        else if (_state is not (MemberState.Freezing or MemberState.Surrendering))
            _scope.Note(RedundancyEventKind.SwitchoverRefused, $"this member is {_state}");
    }

    /// <summary>Only to the designee, in sync, with a copy that has what this one has; and only with a way to write it down.</summary>
    private void ConsiderSwitchover(Instant now, ICollection<MemberOutput> outputs)
    {
        if (_state != MemberState.Active)
            return;
        if (_pendingSwitchover is null && !_handlerConnected && LeasesRunOut() && RelayIsOpen(now))
            _pendingSwitchover = (null, now + (_policy.RequestTimeout * 10));
        if (_pendingSwitchover is not { } wish)
            return;

        string? obstacle = Obstacle(wish.To, now);
        if (obstacle is null)
        {
            _pendingSwitchover = null;
            _successor = Copy.Designee!.Value;
            Stop();
            _state = MemberState.Freezing;
            outputs.Add(new MemberOutput.Freeze(_scope.Term, _successor));
        }
        else if (now >= wish.Until)
        {
            _pendingSwitchover = null;
            _scope.Note(RedundancyEventKind.SwitchoverRefused, obstacle);
        }
    }

    private string? Obstacle(string? to, Instant now)
    {
        if (Copy.Designee is not { } designee)
            return "no successor is designated yet";
        if (to is not null && designee.Member != to)
            return $"the successor of this term is {designee.Member}";
        if (!Copy.InSync.Contains(designee) || _removing.Contains(designee) || IsGone(designee))
            return $"{designee} is not in sync";
        if (_designeeRevision < Copy.Revision)
            return $"the copy of {designee} is not as new as this one";
        if (!HasHandler && !RelayIsOpen(now))
            return "the handler is away";
        return null;
    }

    /// <summary>Said since this member lost the handler, and long enough since: when the handler itself is gone the other notices as late as we do.</summary>
    private bool RelayIsOpen(Instant now) => Copy.Designee is { } designee && IsPresent(designee, now)
        && _neighbours[designee].HasHandler && _neighbours[designee].LastSeen >= _handlerSince + (_policy.PresenceInterval * 2);

    private bool LeasesRunOut()
    {
        foreach (OutboundLease lease in _scope.LowLeases)
        {
            if (lease.IsBelowQuarter)
                return true;
        }

        return false;
    }

    private void OnDrained(MemberInput.Drained drained)
    {
        if (_state != MemberState.Freezing)
            return;
        // SAs that the data path never used report where they stand all the same.
        var outbound = new List<(SaId, ulong)>(_outbound.Count);
        var reported = new HashSet<SaId>();
        foreach ((SaId id, ulong next) in drained.Outbound)
        {
            if (_outbound.ContainsKey(id) && reported.Add(id))
                outbound.Add((id, next));
        }

        foreach ((SaId id, OutboundLease lease) in _outbound)
        {
            if (!reported.Contains(id))
                outbound.Add((id, lease.Next));
        }

        // A window that was never based on this term's start is not exact, but old: its SA goes by the ceilings (P3).
        (SaId Id, WindowReport Window)[] inbound =
            [.. drained.Inbound.Where(w => _inbound.TryGetValue(w.Id, out InboundCeiling? ceiling) && ceiling.StartedHere)];

        _surrender = new MemberRequest.Surrender(_scope.Term, _successor, outbound, inbound);
        _state = MemberState.Surrendering;
        _lastRelay = new Instant(long.MinValue / 2);
    }

    /// <summary>Asked until it is answered or the copy tells: a write that timed out may have happened.</summary>
    private void TendSurrender(Instant now, ICollection<MemberOutput> outputs)
    {
        if (IsGone(_successor) && HasHandler)
        {
            EndWithoutSuccessor(outputs);
            return;
        }

        if (_state != MemberState.Surrendering || _surrender is null)
            return;
        if (HasHandler)
        {
            if (_desk.TimedOut(RequestKind.Surrender, now) || _desk.IsFree(RequestKind.Surrender, now))
                Ask(RequestKind.Surrender, _surrender, now, outputs);
        }
        else if (now >= _lastRelay + _policy.RequestTimeout)
        {
            _lastRelay = now;
            Send(_successor, new MemberMessage.RelaySurrender(Self, _scope.Term, _surrender), outputs);
        }
    }

    private void OnSurrenderAnswered(HandlerReply reply, ICollection<MemberOutput> outputs)
    {
        // Granted: the copy tells, and brings the successor's term with it. Another term: the copy tells as well.
        if (_state == MemberState.Surrendering
            && reply.Verdict is RequestVerdict.NotInSync or RequestVerdict.Malformed or RequestVerdict.StorageFailed)
        {
            EndWithoutSuccessor(outputs);
        }
    }

    /// <summary>The surrender did not come about. The term is over for this member all the same: it goes on in a later one, or another does.</summary>
    private void EndWithoutSuccessor(ICollection<MemberOutput> outputs)
    {
        Stop();
        _state = MemberState.Ended;
        ForgetWork();
        ForgetCommits(outputs);
        outputs.Add(new MemberOutput.SurrenderEnded(false));
        outputs.Add(new MemberOutput.BecameStandby(HighestTerm));
    }

    /// <summary>As the designee: pass the surrender of an active that lost the handler on; or show that it has happened.</summary>
    private void OnRelay(MemberMessage.RelaySurrender relay, Instant now, ICollection<MemberOutput> outputs)
    {
        if (IsWorking && _scope.Term > relay.Term)
        {
            Send(relay.From, new MemberMessage.FineCeilings(Self, _scope.Term, ++_tick, 0, 0, 0, []), outputs);
            return;
        }

        if (_state == MemberState.Standby && HasHandler && relay.Request.To == Self && Same(Copy.Holder, relay.From) && relay.Term == Copy.Term
            && (_desk.TimedOut(RequestKind.Surrender, now) || _desk.IsFree(RequestKind.Surrender, now)))
        {
            Ask(RequestKind.Surrender, relay.Request, now, outputs);
        }
    }

    private Instant SwitchoverDeadline() => _pendingSwitchover?.Until ?? Instant.Never;
}
