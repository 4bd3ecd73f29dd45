using Baton.Redundancy.Leases;
using Baton.Redundancy.Records;

namespace Baton.Redundancy.Members;

/// <summary>A snapshot that comes in parts: looked at part by part, and taken over in one small step when it is whole.</summary>
/// <remarks>
/// A member without a copy decides nothing, so the parts of its first snapshot go into the copy as they come. One that has a copy (its session was made anew) only
/// remembers what is different, which is little: until the last part it works with the copy that it has.
/// </remarks>
public sealed partial class MemberCore
{
    private readonly List<SaRecord> _staged = [];
    private ulong _staging;
    private bool _isStaging;

    private void OnSnapshotPart(MemberInput.SnapshotPart part, ICollection<MemberOutput> outputs)
    {
        Stage(part.Records, part.Cluster.Revision);
        if (_scope.Cluster is null)
            outputs.Add(new MemberOutput.RecordsChanged(new LedgerChange(false, part.Cluster, part.Records, [])));
    }

    private void Stage(IReadOnlyList<SaRecord> records, ulong revision)
    {
        if (!_isStaging)
        {
            _staging++;
            _isStaging = true;
            _staged.Clear();
        }

        bool first = _scope.Cluster is null;
        foreach (SaRecord record in records)
        {
            if (first)
                Replace(record, revision);
            if (Known(record) is not { } known || !known.SaysTheSame(record))
                _staged.Add(record);
            if (_outbound.TryGetValue(record.Id, out OutboundLease? lease))
                lease.Staging = _staging;
            else if (_inbound.TryGetValue(record.Id, out InboundCeiling? ceiling))
                ceiling.Staging = _staging;
        }
    }

    private SaRecord? Known(SaRecord record) => record.Direction == SaDirection.Outbound
        ? _outbound.GetValueOrDefault(record.Id)?.Record
        : _inbound.GetValueOrDefault(record.Id)?.Record;

    /// <summary>The snapshot as what it changes: the records that are new or different, and those that are gone.</summary>
    private LedgerChange EndStaging(LedgerChange last)
    {
        Stage(last.Upserts, last.Cluster.Revision);
        _isStaging = false;
        var gone = new List<SaId>();
        foreach ((SaId id, OutboundLease lease) in _outbound)
        {
            if (lease.Staging != _staging)
                gone.Add(id);
        }

        foreach ((SaId id, InboundCeiling ceiling) in _inbound)
        {
            if (ceiling.Staging != _staging && ceiling.Record is not null)
                gone.Add(id);
        }

        LedgerChange difference = last with { Upserts = _scope.Cluster is null ? last.Upserts : [.. _staged], Deletes = gone };
        _staged.Clear();
        return difference;
    }
}
