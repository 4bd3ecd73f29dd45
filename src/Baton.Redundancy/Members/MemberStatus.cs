using Baton.Redundancy.Records;

namespace Baton.Redundancy.Members;

/// <summary>What `baton status` shows of a member.</summary>
public sealed record MemberStatus(
    Incarnation Self,
    MemberState State,
    ulong Term,
    ulong Revision,
    bool HasHandler,
    bool MayReceive,
    Incarnation? Holder,
    Incarnation? Designee,
    ulong DesigneeRevision,
    IReadOnlyList<Incarnation> InSync,
    MemberCounters Counters,
    IReadOnlyList<SaStatus> Sas);

/// <summary>One SA: for sending the next number and its limit, for receiving the highest accepted and the ceiling.</summary>
public readonly record struct SaStatus(SaId Id, SaDirection Direction, ulong At, ulong Limit, ulong Coarse, bool NeedsRekey);

/// <summary>What the core did so far.</summary>
/// <param name="Repeats">Ceiling messages that had to be sent again.</param>
public record struct MemberCounters(long Steps, long MessagesSent, long MessagesReceived, long Repeats, long Requests, long TermsWorked);

public sealed partial class MemberCore
{
    private MemberCounters _counters;

    public MemberCounters Counters => _counters;

    /// <summary>O(SAs) when <paramref name="withSas"/>: for an operator, not for the data path.</summary>
    public MemberStatus Snapshot(bool withSas = true)
    {
        var sas = new List<SaStatus>();
        if (withSas)
        {
            foreach ((SaId id, Leases.OutboundLease lease) in _outbound)
                sas.Add(new SaStatus(id, SaDirection.Outbound, lease.Next, lease.Limit, 0, lease.NeedsRekey));
            foreach ((SaId id, Leases.InboundCeiling ceiling) in _inbound)
            {
                if (ceiling.Record is { } record)
                    sas.Add(new SaStatus(id, SaDirection.Inbound, ceiling.Highest, ceiling.Ceiling, record.CoarseCeiling, false));
            }
        }

        ClusterRecord? cluster = Cluster;
        return new MemberStatus(Self, _state, Term, cluster?.Revision ?? 0, HasHandler, _scope.Admitting != 0,
            cluster?.Holder, cluster?.Designee, _designeeRevision, cluster is null ? [] : cluster.InSync, _counters, sas);
    }
}
