using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Handlers;

/// <summary>Who follows a holder that failed: witnesses, patience, damping.</summary>
public sealed partial class HandlerCore
{
    private readonly HashSet<Incarnation> _connected = [];

    /// <summary>Sessions that this handler saw closing. One that never came is not among them: a handler that just started knows nothing.</summary>
    private readonly HashSet<Incarnation> _closed = [];

    private readonly Dictionary<Incarnation, WitnessView> _views = [];
    private readonly List<PendingPromotion> _pending = [];
    private Instant? _lastTakeover;
    private TimeSpan _damping = TimeSpan.Zero;

    private sealed record PendingPromotion(HandlerInput.Request Request, MemberRequest.Promote Promote, Instant Since);

    private WitnessView ViewOf(Incarnation member) => _views.GetValueOrDefault(member, WitnessView.Unknown);

    private void OnConnected(Incarnation member)
    {
        _connected.Add(member);
        _closed.Remove(member);

        // A member that restarted says so by its new nonce: its former lives are over for certain.
        foreach (Incarnation other in new List<Incarnation>([.. _views.Keys, .. _connected, .. _closed]))
        {
            if (other.Member == member.Member && other != member)
                Bury(other);
        }

        if (Cluster.Holder is { } holder && holder.Member == member.Member && holder != member)
            _views[holder] = WitnessView.Dead;
    }

    private void Bury(Incarnation former)
    {
        _connected.Remove(former);
        _closed.Remove(former);
        _views.Remove(former);
    }

    private void OnPromote(HandlerInput.Request request, MemberRequest.Promote promote, Instant now, ICollection<HandlerOutput> outputs)
    {
        Incarnation from = request.Header.From;
        Instant since = now;
        for (int i = _pending.Count - 1; i >= 0; i--)
        {
            // The same question again: the old one needs no answer of its own, and its patience goes on.
            if (_pending[i].Request.Header.From == from)
            {
                if (_pending[i].Promote.Term == promote.Term)
                    since = _pending[i].Since;
                _pending.RemoveAt(i);
            }
        }

        var pending = new PendingPromotion(request, promote, since);
        if (Judge(pending, now) is { } verdict)
            Conclude(pending, verdict, now, outputs);
        else
            _pending.Add(pending);
    }

    /// <summary>Asks again for every promotion that waits for a witness' word. Returns when the next one's patience ends.</summary>
    private Instant ReconsiderPending(Instant now, ICollection<HandlerOutput> outputs)
    {
        Instant next = Instant.Never;
        for (int i = 0; i < _pending.Count;)
        {
            PendingPromotion pending = _pending[i];
            if (Judge(pending, now) is { } verdict)
            {
                _pending.RemoveAt(i);
                Conclude(pending, verdict, now, outputs);
                continue;
            }

            next = Instant.Min(next, PatienceEnds(pending));
            i++;
        }

        return next;
    }

    private RequestVerdict? Judge(PendingPromotion pending, Instant now)
    {
        Incarnation from = pending.Request.Header.From;
        MemberRequest.Promote promote = pending.Promote;
        if (Cluster.Holder is not { } holder)
            return RequestVerdict.Granted;
        if (Same(holder, from) && Cluster.Term > promote.Term)
            return RequestVerdict.Granted; // this very promotion has happened
        if (promote.Term != Cluster.Term)
            return RequestVerdict.NotCurrentTerm;
        if (promote.Failed is not { } failed || !Same(holder, failed) || holder == from)
            return RequestVerdict.NotHolder;

        bool patienceOver = now >= PatienceEnds(pending);
        bool certain = IsCertain(promote);
        if (!IsInSync(from))
        {
            // Who is not in the set would refuse a whole coarse ceiling: only if nobody of the set is there, and not for a silence that a moment may end.
            if (SomebodyInSyncLives(holder))
                return RequestVerdict.NotInSync;
            if (!patienceOver && (!certain || Cluster.InSync.Length > 0))
                return null;
        }

        if (!certain)
        {
            switch (ViewOf(holder))
            {
                case WitnessView.Suspected:
                    break;
                case WitnessView.Alive:
                    return patienceOver ? RequestVerdict.HolderAlive : null;
                default:
                    if (_closed.Contains(holder))
                        break;
                    if (!patienceOver)
                        return null;
                    if (_connected.Contains(holder))
                        return RequestVerdict.HolderAlive;
                    break; // a detection time long neither heard nor connected
            }
        }

        return _lastTakeover is { } last && now < last + _damping ? RequestVerdict.Damped : RequestVerdict.Granted;
    }

    private bool IsCertain(MemberRequest.Promote promote) =>
        promote.Certain || (promote.Failed is { } failed && ViewOf(failed) == WitnessView.Dead);

    private Instant PatienceEnds(PendingPromotion pending) => pending.Since
        + (IsInSync(pending.Request.Header.From) || IsCertain(pending.Promote) ? _policy.WitnessPatience : _policy.ColdPatience);

    private bool SomebodyInSyncLives(Incarnation failed)
    {
        foreach (Incarnation member in Cluster.InSync)
        {
            if (member != failed && _connected.Contains(member) && ViewOf(member) != WitnessView.Dead)
                return true;
        }

        return false;
    }

    private void Conclude(PendingPromotion pending, RequestVerdict verdict, Instant now, ICollection<HandlerOutput> outputs)
    {
        Incarnation from = pending.Request.Header.From;
        if (verdict == RequestVerdict.Granted && !(Same(Cluster.Holder, from) && (Cluster.Term > pending.Promote.Term)))
            Promote(from, now, outputs, RedundancyEventKind.Promoted);
        if (verdict == RequestVerdict.Damped)
            outputs.Add(Note(RedundancyEventKind.Damped, $"{from} waits {_damping.TotalMilliseconds} ms after the last takeover"));
        Reply(outputs, pending.Request, verdict);
    }

    /// <summary>Term + 1 is the designee's, for ever; anybody else gets Term + 2. The first term of all is 1.</summary>
    private void Promote(Incarnation successor, Instant now, ICollection<HandlerOutput> outputs, RedundancyEventKind kind)
    {
        bool first = Cluster.Holder is null;
        ulong term = first || Same(Cluster.Designee, successor) ? Cluster.Term + 1 : Cluster.Term + 2;
        Commit(outputs, NextTerm(term, successor, holderWasInSync: IsInSync(successor)));
        outputs.Add(Note(kind, $"{successor}{(Cluster.HolderWasInSync || first ? "" : ", not in sync")}"));
        if (!first)
            Damp(now);
    }

    /// <summary>The designee took Term + 1 alone: compare and set Term to Term + 1.</summary>
    private RequestVerdict Adopt(Incarnation from, MemberRequest.AdoptDesignee request, Instant now, ICollection<HandlerOutput> outputs)
    {
        if (Same(Cluster.Holder, from) && Cluster.Term == request.Term + 1)
            return RequestVerdict.Granted;
        if (Cluster.Term != request.Term)
            return RequestVerdict.NotCurrentTerm;
        if (!Same(Cluster.Designee, from))
            return RequestVerdict.NotHolder;
        Promote(from, now, outputs, RedundancyEventKind.Adopted);
        return RequestVerdict.Granted;
    }

    /// <summary>More than one takeover in the window: the next one waits, each time twice as long.</summary>
    private void Damp(Instant now)
    {
        if (_lastTakeover is { } last && now - last < _policy.DampingWindow)
        {
            TimeSpan doubled = _damping == TimeSpan.Zero ? _policy.WitnessPatience * 2 : _damping * 2;
            _damping = doubled < _policy.DampingMaximum ? doubled : _policy.DampingMaximum;
        }
        else
        {
            _damping = TimeSpan.Zero;
        }

        _lastTakeover = now;
    }
}
