using Baton.Redundancy.Handlers;
using Baton.Redundancy.Leases;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Redundancy.Tracking;
using Baton.Wire;

namespace Baton.Redundancy.Members;

/// <summary>As a standby: keeps the active's ceilings, confirms, and follows when the active fails.</summary>
public sealed partial class MemberCore
{
    private ulong _seenTerm;

    /// <summary>The term whose fine ceilings this member keeps.</summary>
    private ulong _tableTerm;

    private Instant _nextPresence;
    private PathHealth _paths = PathHealth.Good;
    private (Incarnation Of, ulong Term)? _suspicion;
    private Instant _suspectedSince;
    private Instant? _unansweredSince;

    /// <summary>What a holder last said itself: in this term it works no more.</summary>
    private (Incarnation Of, ulong Term) _over;
    private Instant _nextTermOver;

    private void OnMessage(MemberMessage message, Instant now, ICollection<MemberOutput> outputs)
    {
        _counters.MessagesReceived++;
        if (message.From == Self || _scope.Cluster is null)
            return;
        switch (message)
        {
            case MemberMessage.FineCeilings ceilings:
                OnFineCeilings(ceilings, now, outputs);
                break;
            case MemberMessage.Confirm confirm:
                OnConfirm(confirm, now, outputs);
                break;
            case MemberMessage.Present present:
                OnPresent(present, now);
                break;
            case MemberMessage.ExactStates states:
                OnExactStates(states, now, outputs);
                break;
            case MemberMessage.TermOver over:
                _over = (over.From, over.Term);
                break;
            case MemberMessage.RelaySurrender relay:
                OnRelay(relay, now, outputs);
                break;
        }
    }

    private void OnFineCeilings(MemberMessage.FineCeilings message, Instant now, ICollection<MemberOutput> outputs)
    {
        if (!Follows(message, outputs))
            return;
        _tableTerm = Math.Max(_tableTerm, message.Term);
        foreach ((SaId id, ulong ceiling) in message.Ceilings)
        {
            if (!_inbound.TryGetValue(id, out InboundCeiling? sa))
            {
                if (id.Value <= _highestSaId)
                    continue; // deleted: an id is never used again
                _inbound[id] = sa = new InboundCeiling(_scope, id);
            }

            sa.Keep(message.Term, message.Tick, ceiling);
        }

        Send(message.From, new MemberMessage.Confirm(Self, message.Term, message.Tick, message.FullCopy, message.Part, ConfirmableRevision), outputs);
    }

    /// <summary>Does this member stand by for the active that speaks?</summary>
    private bool Follows(MemberMessage message, ICollection<MemberOutput> outputs)
    {
        ulong known = HighestTerm;
        if (IsWorking && message.Term > _scope.Term)
        {
            // Somebody works in a higher term: obey it, whatever the record that this member can reach says.
            _seenTerm = Math.Max(_seenTerm, message.Term);
            DeposeBy(message, outputs);
        }

        // (G10) Who works confirms nothing, and nobody confirms for a lower term than it knows: its floor may be fixed already.
        if (InForce.HasFlag(Guards.G10NoConfirmAfterWork) && (IsWorking || message.Term < known))
            return false;
        if (Copy.Term == message.Term && !Same(Copy.Holder, message.From))
            return false;
        _seenTerm = Math.Max(_seenTerm, message.Term);
        return true;
    }

    /// <summary>A member that has taken a term confirms no limit of a lower one (G5), wherever the question comes from.</summary>
    private ulong ConfirmableRevision => Copy.Term >= _scope.Term ? Copy.Revision : 0;

    private void DeposeBy(MemberMessage message, ICollection<MemberOutput> outputs)
    {
        bool surrendering = _state is MemberState.Freezing or MemberState.Surrendering;
        bool toSuccessor = _handing is { IsAsked: true } && _successor == message.From && message.Term == _scope.Term + 1;
        bool gaveUp = _state == MemberState.Ended;
        Stop();
        _state = MemberState.Standby;
        ForgetWork();
        ForgetWishes();
        ForgetCommits(outputs);
        if (surrendering)
            outputs.Add(new MemberOutput.SurrenderEnded(toSuccessor));
        if (!gaveUp)
            outputs.Add(new MemberOutput.BecameStandby(HighestTerm));
        _scope.Note(RedundancyEventKind.Deposed, $"{message.From} works in term {message.Term}");
    }

    /// <summary>The designee's copy advanced: the active may use what it holds now.</summary>
    private void ConfirmCopy(ICollection<MemberOutput> outputs)
    {
        if (_state == MemberState.Standby && Same(Copy.Designee, Self) && Copy.Term > _scope.Term && Copy.Holder is { } holder)
            Send(holder, new MemberMessage.Confirm(Self, Copy.Term, 0, 0, 0, Copy.Revision), outputs);
    }

    /// <summary>What the designated successor says of its paths; null: there is none, or it is not there.</summary>
    public PathHealth? SuccessorPaths(Instant now) => _scope.Cluster is not null && Copy.Designee is { } designee && IsPresent(designee, now)
        ? _neighbours[designee].Paths : null;

    private void ShowPresence(Instant now, ICollection<MemberOutput> outputs)
    {
        if (now < _nextPresence || Copy.Holder is not { } holder || holder.Member == Self.Member)
            return;
        _nextPresence = now + _policy.PresenceInterval;
        var present = new MemberMessage.Present(Self, Copy.Term, Copy.Revision, HasHandler, _paths);
        Send(holder, present, outputs);
        foreach (Incarnation other in Copy.InSync)
        {
            if (other.Member != Self.Member)
                Send(other, present, outputs);
        }

        ConfirmCopy(outputs); // a confirmation may have been lost
    }

    /// <summary>Does this member's own witness suspect the holder, and how surely? A former life of this member is over for certain, and so is a term of
    /// which its holder says so.</summary>
    private WitnessView ViewOfHolder(Incarnation holder) =>
        holder.Member == Self.Member || _over == (holder, Copy.Term) ? WitnessView.Dead : ViewOf(holder);

    /// <summary>An active whose heartbeats go on is suspected by nobody, and nobody would work. With a handler it goes on by itself.</summary>
    private void TellTermOver(Instant now, ICollection<MemberOutput> outputs)
    {
        if (HasHandler || now < _nextTermOver)
            return;
        _nextTermOver = now + _policy.RequestTimeout;
        foreach (Incarnation member in _neighbours.Keys)
            Send(member, new MemberMessage.TermOver(Self, _scope.Term), outputs);
    }

    private void ConsiderSuccession(Instant now, ICollection<MemberOutput> outputs)
    {
        if (Copy.Holder is not { } holder)
        {
            if (HasHandler && (_desk.TimedOut(RequestKind.Promote, now) || _desk.IsFree(RequestKind.Promote, now)))
                Ask(RequestKind.Promote, new MemberRequest.Promote(0, null, true), now, outputs);
            return;
        }

        if (holder == Self)
        {
            TakeUpAgain(now, outputs);
            return;
        }

        WitnessView view = ViewOfHolder(holder);
        if (view is not (WitnessView.Dead or WitnessView.Suspected) || holder == Self)
        {
            (_suspicion, _unansweredSince) = (null, null);
            return;
        }

        if (_suspicion != (holder, Copy.Term))
        {
            (_suspicion, _suspectedSince, _unansweredSince) = ((holder, Copy.Term), now, null);
            _scope.Note(RedundancyEventKind.Suspected, $"{holder}: {(_over == (holder, Copy.Term) ? "its term is over, it says" : view)}");
        }

        if (HasHandler && now >= _suspectedSince + Stagger()
            && (_desk.TimedOut(RequestKind.Promote, now) || _desk.IsFree(RequestKind.Promote, now)))
        {
            _unansweredSince ??= now;
            Ask(RequestKind.Promote, new MemberRequest.Promote(Copy.Term, holder, view == WitnessView.Dead), now, outputs);
        }

        if (MayActAlone(now))
            ActAlone($"the handler is away and {Copy.Holder} is suspected", outputs);
    }

    /// <summary>
    /// This member gave way to a designee that acted alone, and that one died before it was adopted: the record still names this member, and nobody
    /// suspects one that lives. It goes on in Term + 2; Term + 1 stays the dead one's. While the designee lives it will be adopted.
    /// </summary>
    private void TakeUpAgain(Instant now, ICollection<MemberOutput> outputs)
    {
        if (Copy.Designee is { } designee && (IsGone(designee) || ViewOf(designee) == WitnessView.Suspected))
            AskMoveOn(now, outputs);
    }

    /// <summary>Once, only the designee, only when the handler cannot be reached.</summary>
    private bool MayActAlone(Instant now)
    {
        if (!Same(Copy.Designee, Self) || Copy.Term < _scope.Term || _state != MemberState.Standby || HighestTerm > Copy.Term)
            return false;
        if (_handlerConnected && !_copyFollows)
            return now >= Instant.Max(_handlerSince, _suspectedSince) + _policy.HandlerPatience;
        return !HasHandler || (_unansweredSince is { } since && now >= since + _policy.HandlerPatience);
    }

    private void ActAlone(string why, ICollection<MemberOutput> outputs)
    {
        bool receives = !InForce.HasFlag(Guards.G7AloneReceivesLater); // (G7)
        _unansweredSince = null;
        _suspicion = null;
        _scope.Note(RedundancyEventKind.ActedAlone, why);
        BeginTerm(Copy.Term + 1, receives, goesOn: false, wasInSync: Copy.InSync.Contains(Self), outputs);
    }

    private void AskAdoption(Instant now, ICollection<MemberOutput> outputs)
    {
        if (HasHandler && Copy.Term + 1 == _scope.Term && Same(Copy.Designee, Self)
            && (_desk.TimedOut(RequestKind.Adopt, now) || _desk.IsFree(RequestKind.Adopt, now)))
        {
            Ask(RequestKind.Adopt, new MemberRequest.AdoptDesignee(Copy.Term), now, outputs);
        }
    }

    private void OnPromotionAnswered(bool granted, Instant now, ICollection<MemberOutput> outputs)
    {
        _unansweredSince = null;
        if (!granted || InForce.HasFlag(Guards.G3CopyBeforeWork)) // (G3) the copy says when: it then has the revision of the promotion
            return;
        if (_state == MemberState.Standby && !Same(Copy.Holder, Self))
        {
            ulong term = Copy.Holder is null || Same(Copy.Designee, Self) ? Copy.Term + 1 : Copy.Term + 2;
            BeginTerm(term, mayReceive: true, goesOn: false, Copy.InSync.Contains(Self), outputs);
        }
    }

    private Instant SuccessionDeadline(Instant now)
    {
        if (_scope.Cluster is null)
            return Instant.Never;
        if (Copy.Holder is null)
            return HasHandler ? now + _policy.RequestTimeout / 4 : Instant.Never;
        if (Copy.Holder == Self)
            return now + _policy.RequestTimeout;
        if (_suspicion is null)
            return Instant.Never;
        Instant next = now + (_policy.HandlerPatience / 10);
        return _unansweredSince is { } since ? Instant.Min(next, since + _policy.HandlerPatience) : next;
    }
}
