using Baton.Redundancy.Handlers;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Redundancy.Tracking;
using Baton.Wire;

namespace Baton.Redundancy.Members;

/// <summary>Who follows: the active names the healthiest that is in sync, and of several standbys the healthiest asks first.</summary>
/// <remarks>
/// A designee is named once in a term (G6), so a better one costs a move to Term + 2, two slices of numbers:
/// <code>
///   term begins ── DesigneePatience: a healthier neighbour that is not in sync yet is waited for ──► the healthiest in sync is named
///   named ── gone with another standby there, or does not confirm in time ─────────────────────────► Term + 2
///         ── for DesigneePatience less than good, and one in sync is good ─────────────────────────► Term + 2
///         ── our own paths are dead, and one in sync is healthier: the role must go there ─────────► Term + 2
/// </code>
/// </remarks>
public sealed partial class MemberCore
{
    private Instant _termSince;

    private PathHealth PathsOf(Incarnation member) => _neighbours.TryGetValue(member, out Neighbour? neighbour) ? neighbour.Paths : PathHealth.Good;

    /// <summary>One in a term, from the set; and when it fails, or is outdone, this member goes on in Term + 2 to name another.</summary>
    private void TendDesignee(Instant now, ICollection<MemberOutput> outputs)
    {
        if (_state != MemberState.Active || !HasHandler)
            return;
        if (Copy.Designee is { } designee)
        {
            if (!DesigneeFails(designee, now) && !IsOutdone(designee, now))
                return;
            if (InForce.HasFlag(Guards.G6DesigneeOnce)) // (G6) never another in this term
            {
                AskMoveOn(now, outputs);
                return;
            }
        }

        if ((_desk.TimedOut(RequestKind.Designee, now) || _desk.IsFree(RequestKind.Designee, now)) && HealthiestInSync() is { } best && !IsBetterExpected(best, now))
            Ask(RequestKind.Designee, new MemberRequest.NameDesignee(_scope.Term, best), now, outputs);
    }

    private Incarnation? HealthiestInSync()
    {
        Incarnation? best = null;
        foreach (Incarnation member in Copy.InSync)
        {
            if (!IsGone(member) && ViewOf(member) != WitnessView.Suspected && !_removing.Contains(member) && member != Copy.Designee
                && (best is not { } other || PathsOf(member) > PathsOf(other)))
                best = member;
        }

        return best;
    }

    /// <summary>A term has only one designee: worth a short wait for one that could do the work.</summary>
    private bool IsBetterExpected(Incarnation best, Instant now)
    {
        if (now >= _termSince + _policy.DesigneePatience)
            return false;
        foreach ((Incarnation member, Neighbour neighbour) in _neighbours)
        {
            if (neighbour.Paths > PathsOf(best) && !Copy.InSync.Contains(member) && IsPresent(member, now))
                return true;
        }

        return false;
    }

    private bool IsOutdone(Incarnation designee, Instant now)
    {
        if (PathsOf(designee) == PathHealth.Good)
            return false;
        bool lasts = now >= _neighbours[designee].PathsSince + _policy.DesigneePatience;
        foreach (Incarnation member in Copy.InSync)
        {
            PathHealth paths = PathsOf(member);
            if (paths > PathsOf(designee) && (_paths == PathHealth.Dead || (lasts && paths == PathHealth.Good)) && IsPresent(member, now))
                return true;
        }

        return false;
    }

    private bool DesigneeFails(Incarnation designee, Instant now)
    {
        if (Instant.Min(SendingDeadline(), CommitDeadline()) <= now)
            return true;
        if (!IsGone(designee))
            return false;
        foreach (Incarnation member in _neighbours.Keys)
        {
            if (member != designee && IsPresent(member, now))
                return true;
        }

        return false;
    }

    /// <summary>On in Term + 2: Term + 1 stays the designee's for ever.</summary>
    private void AskMoveOn(Instant now, ICollection<MemberOutput> outputs)
    {
        if (!HasHandler || !Same(Copy.Holder, Self) || Copy.Term != _scope.Term)
            return;
        if (!_desk.TimedOut(RequestKind.MoveOn, now) && !_desk.IsFree(RequestKind.MoveOn, now))
            return;
        _moveOnAskedIn = _scope.Term;
        Ask(RequestKind.MoveOn, new MemberRequest.MoveOn(_scope.Term), now, outputs);
    }

    /// <summary>
    /// How long this standby leaves a failed active to others: those in sync that are healthier go first, and of equals the designee. Who waits for nobody
    /// asks at once, whatever its own health. Who is not in sync would refuse a whole coarse ceiling: it comes last.
    /// </summary>
    private TimeSpan Stagger()
    {
        if (!Copy.InSync.Contains(Self) && !Same(Copy.Designee, Self))
            return _policy.HandlerPatience / 3;
        int before = 0;
        foreach (Incarnation other in Copy.InSync)
        {
            if (other.Member == Self.Member || IsGone(other) || ViewOf(other) == WitnessView.Suspected)
                continue;
            if (PathsOf(other) > _paths || (PathsOf(other) == _paths && Same(Copy.Designee, other)))
                before++;
        }

        return before * (_policy.HandlerPatience / 10);
    }
}
