using Baton.Redundancy.Leases;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Redundancy.Tracking;
using Baton.Wire;

namespace Baton.Redundancy.Members;

/// <summary>The planned end of a term (P6): everything reported to the designee, freeze, drain, what changed since, one write.</summary>
public sealed partial class MemberCore
{
    private (string? To, Instant Until)? _pendingSwitchover;
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

        string? obstacle = Obstacle(wish.To, now) ?? Unreported(now, outputs);
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
            (_pendingSwitchover, _handing) = (null, null);
            _scope.Note(RedundancyEventKind.SwitchoverRefused, obstacle);
        }
    }

    /// <summary>Tells the designee the exact state of every SA, while the packets go on. Null when it has confirmed all.</summary>
    private string? Unreported(Instant now, ICollection<MemberOutput> outputs)
    {
        if (_handing is null || _handing.Successor != Copy.Designee)
        {
            foreach (InboundCeiling ceiling in _inbound.Values)
            {
                // The designee may hold something older of it, and would go by that.
                if (ceiling.IsReportStuck)
                    return $"{ceiling.Id} has been reported and has no window any more";
            }

            _handing = BeginHanding(Copy.Designee!.Value, isFinal: false, now);
        }

        AdvanceHanding(_handing, now, outputs);
        if (_handing.IsConfirmed)
            return null;

        // However many SAs there are: as long as it goes on, the wish stands.
        _pendingSwitchover = (_pendingSwitchover!.Value.To, _handing.LastProgress + (_policy.RequestTimeout * 10));
        return $"{_handing.Successor} does not confirm the state of the SAs";
    }

    private string? Obstacle(string? to, Instant now)
    {
        if (Copy.Designee is not { } designee)
            return "no successor is designated yet";
        if (to is not null && designee.Member != to)
            return $"the successor of this term is {designee.Member}";
        if (!Copy.InSync.Contains(designee) || _removing.Contains(designee) || IsGone(designee))
            return $"{designee} is not in sync";
        if (PathsOf(designee) == PathHealth.Dead && _paths != PathHealth.Dead)
            return $"{designee} has a dead path";
        if (_designeeRevision < Copy.Revision)
            return $"the copy of {designee} is not as new as this one";
        if (!HasHandler)
            return RelayIsOpen(now) ? null : "the handler is away";

        // It works when its copy says so: without a handler it would not learn of its term, and nobody would work.
        if (!_neighbours.TryGetValue(designee, out Neighbour? neighbour) || !neighbour.HasHandler)
            return $"{designee} has no handler";
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

    private void OnDrained()
    {
        if (_state == MemberState.Freezing)
            _state = MemberState.Surrendering;
    }

    /// <summary>Asked until it is answered or the copy tells: a write that timed out may have happened.</summary>
    private void TendSurrender(Instant now, ICollection<MemberOutput> outputs)
    {
        if (IsGone(_successor) && HasHandler)
        {
            EndWithoutSuccessor(outputs);
            return;
        }

        if (_state != MemberState.Surrendering || _handing is null)
            return;
        if (!_handing.IsFinal)
            _handing = BeginHanding(_successor, isFinal: true, now);
        AdvanceHanding(_handing, now, outputs);
        if (!_handing.IsConfirmed && !_handing.IsAsked && InForce.HasFlag(Guards.G13ReportsConfirmed)) // (G13)
        {
            // Nothing has been surrendered yet, and without the designee nothing will be.
            if (now >= _handing.LastProgress + (_policy.RequestTimeout * 2))
                EndWithoutSuccessor(outputs);
            return;
        }

        if (HasHandler)
        {
            if (_desk.TimedOut(RequestKind.Surrender, now) || _desk.IsFree(RequestKind.Surrender, now))
            {
                _handing.IsAsked = true;
                Ask(RequestKind.Surrender, new MemberRequest.Surrender(_scope.Term, _successor), now, outputs);
            }
        }
        else if (!_handing.IsAsked || now >= _lastRelay + _policy.RequestTimeout)
        {
            // Where the successor cannot be reached either, the others must not wait: the term is over whatever becomes of the surrender.
            if (_handing.IsAsked && now >= _handing.LastProgress + (_policy.RequestTimeout * 2))
                TellTermOver(now, outputs);
            (_handing.IsAsked, _lastRelay) = (true, now);
            Send(_successor, new MemberMessage.RelaySurrender(Self, _scope.Term, _successor), outputs);
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

    /// <summary>As the designee: pass the surrender of an active that lost the handler on; or show that it has happened; or, without a handler too, go on alone.</summary>
    private void OnRelay(MemberMessage.RelaySurrender relay, Instant now, ICollection<MemberOutput> outputs)
    {
        if (IsWorking && _scope.Term > relay.Term)
        {
            Send(relay.From, new MemberMessage.FineCeilings(Self, _scope.Term, ++_tick, 0, 0, 0, []), outputs);
            return;
        }

        if (_state == MemberState.Standby && HasHandler && relay.To == Self && Same(Copy.Holder, relay.From) && relay.Term == Copy.Term
            && (_desk.TimedOut(RequestKind.Surrender, now) || _desk.IsFree(RequestKind.Surrender, now)))
        {
            Ask(RequestKind.Surrender, new MemberRequest.Surrender(relay.Term, Self), now, outputs);
        }
        else if (_state == MemberState.Standby && relay.To == Self && Same(Copy.Holder, relay.From) && relay.Term == Copy.Term && MayActAlone(now))
        {
            // The handler went away between the freeze and the write. The active says itself that its term is over: who waited for a suspicion
            // would wait as long as it lives. Acting alone is safe whatever else is true (P8).
            ActAlone($"the handler is away and {relay.From} has stopped in term {relay.Term}", outputs);
        }
    }

    private Instant SwitchoverDeadline() => _pendingSwitchover?.Until ?? Instant.Never;
}
