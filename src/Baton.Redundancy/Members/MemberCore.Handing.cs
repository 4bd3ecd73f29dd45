using Baton.Redundancy.Leases;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Members;

/// <summary>The exact state of every SA to the designee, before a planned switchover (P6): in parts, while this member still works; and, frozen, once more of
/// those that changed since.</summary>
/// <remarks>
/// <code>
///   Active ── all SAs, a few parts under way at a time ──► all confirmed ──► Freezing ── Drained ──► those that changed ──► all confirmed (G13) ──► Surrender
/// </code>
/// So the packets of a switchover wait for what changed in the last moments and for one row at the handler, not for every SA (P5). What the designee holds
/// counts only when the record says that the term was surrendered; a report that was sent and is out of date is harmless until then, and (G13) the surrender is
/// asked for when none is.
/// </remarks>
public sealed partial class MemberCore
{
    /// <summary>SAs in one part: the work of a fraction of a millisecond at either end.</summary>
    private const int ReportSize = 200;

    private const int ReportsUnderWay = 4;

    private sealed class Handing(Incarnation successor, Instant now)
    {
        public Incarnation Successor { get; } = successor;
        public List<OutboundLease> Outbound = [];
        public List<InboundCeiling> Inbound = [];
        public int NextOutbound;
        public int NextInbound;

        /// <summary>The second pass: only what changed since it was reported.</summary>
        public bool IsFinal;
        public bool IsAsked;
        public Instant LastProgress = now;
        public readonly List<Report> UnderWay = [];

        public bool IsConfirmed => NextOutbound == Outbound.Count && NextInbound == Inbound.Count && UnderWay.Count == 0;
    }

    private sealed class Report(MemberMessage.ExactStates message, Instant now)
    {
        public MemberMessage.ExactStates Message { get; } = message;
        public Instant SentAt { get; set; } = now;
        public int Sent { get; set; } = 1;
    }

    private Handing? _handing;

    /// <summary>One pass over all SAs of the copy.</summary>
    private Handing BeginHanding(Incarnation successor, bool isFinal, Instant now) => new(successor, now)
    {
        Outbound = [.. _outbound.Values],
        Inbound = [.. _inbound.Values],
        IsFinal = isFinal,
    };

    /// <summary>Sends what is due, a few parts under way at a time.</summary>
    private void AdvanceHanding(Handing handing, Instant now, ICollection<MemberOutput> outputs)
    {
        foreach (Report one in handing.UnderWay)
        {
            if (now < RepeatAt(one.SentAt, one.Sent))
                continue;
            (one.SentAt, one.Sent) = (now, one.Sent + 1);
            _counters.Repeats++;
            Send(handing.Successor, one.Message, outputs);
        }

        while (handing.UnderWay.Count < ReportsUnderWay && NextReport(handing) is { } message)
        {
            handing.UnderWay.Add(new Report(message, now));
            Send(handing.Successor, message, outputs);
        }
    }

    /// <summary>Null when nothing is left to be told in this pass.</summary>
    private MemberMessage.ExactStates? NextReport(Handing handing)
    {
        var outbound = new List<(SaId Id, ulong Next)>();
        for (; handing.NextOutbound < handing.Outbound.Count && outbound.Count < ReportSize; handing.NextOutbound++)
        {
            OutboundLease lease = handing.Outbound[handing.NextOutbound];
            if (lease.Report(handing.IsFinal, out ulong next))
                outbound.Add((lease.Id, next));
        }

        var inbound = new List<(SaId Id, WindowReport Window)>();
        for (; handing.NextInbound < handing.Inbound.Count && outbound.Count + inbound.Count < ReportSize; handing.NextInbound++)
        {
            InboundCeiling ceiling = handing.Inbound[handing.NextInbound];
            if (ceiling.Report(handing.IsFinal, out WindowReport? window))
                inbound.Add((ceiling.Id, window));
        }

        return outbound.Count + inbound.Count == 0 ? null : new MemberMessage.ExactStates(Self, _scope.Term, ++_tick, outbound, inbound);
    }

    private bool OnReportConfirmed(MemberMessage.Confirm confirm, Instant now)
    {
        if (_handing is not { } handing || !Same(handing.Successor, confirm.From))
            return false;
        for (int i = 0; i < handing.UnderWay.Count; i++)
        {
            if (handing.UnderWay[i].Message.Tick != confirm.Tick)
                continue;
            handing.UnderWay.RemoveAt(i);
            handing.LastProgress = now;
            return true;
        }

        return false;
    }

    /// <summary>As the designee: keeps what the active reports, and says so.</summary>
    private void OnExactStates(MemberMessage.ExactStates message, Instant now, ICollection<MemberOutput> outputs)
    {
        if (!Follows(message, outputs))
            return;
        foreach ((SaId id, ulong next) in message.Outbound)
        {
            if (_outbound.TryGetValue(id, out OutboundLease? lease))
                lease.Keep(message.Term, message.Tick, next);
        }

        foreach ((SaId id, WindowReport window) in message.Inbound)
        {
            if (_inbound.TryGetValue(id, out InboundCeiling? ceiling))
                ceiling.Keep(message.Term, message.Tick, window);
        }

        Send(message.From, new MemberMessage.Confirm(Self, message.Term, message.Tick, 0, 0, ConfirmableRevision), outputs);
    }

    private Instant HandingDeadline()
    {
        Instant next = Instant.Never;
        if (_handing is not { } handing)
            return next;
        foreach (Report one in handing.UnderWay)
            next = Instant.Min(next, RepeatAt(one.SentAt, one.Sent));
        return next;
    }
}
