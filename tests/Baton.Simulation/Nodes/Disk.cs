using Baton.Redundancy.Handlers;
using Baton.Redundancy.Records;

namespace Baton.Simulation.Nodes;

/// <summary>What the handler's file holds. It outlives the process; it may be copied, and the copy put back.</summary>
internal sealed class Disk(Guid ledgerId)
{
    private ClusterRecord _cluster = ClusterRecord.Empty(ledgerId);
    private SortedDictionary<ulong, SaRecord> _records = [];
    private SortedDictionary<ulong, IkeRecord> _ike = [];
    private HashSet<ulong> _tags = [];
    private ulong _nextId = 1;

    public LedgerChange Snapshot => new(true, _cluster, [.. _records.Values], []) { IkeUpserts = [.. _ike.Values] };

    /// <summary>An old copy that was put back by mistake: what it grants belongs to no history.</summary>
    public bool IsOld { get; init; }

    public IReadOnlyCollection<ulong> KeyTags => _tags;

    public ulong NextSaId => _nextId;

    public ulong Revision => _cluster.Revision;

    public void Apply(HandlerOutput.Commit commit)
    {
        _cluster = commit.Change.Cluster;
        foreach (SaRecord record in commit.Change.Upserts)
        {
            _records[record.Id.Value] = record;
            _nextId = Math.Max(_nextId, record.Id.Value + 1);
        }

        foreach (SaId id in commit.Change.Deletes)
            _records.Remove(id.Value);
        foreach (IkeRecord record in commit.Change.IkeUpserts)
            _ike[record.Id.Value] = record;
        foreach (IkeId id in commit.Change.IkeDeletes)
            _ike.Remove(id.Value);
        _tags.UnionWith(commit.NewKeyTags);
    }

    public Disk OldCopy() => new(_cluster.LedgerId)
    {
        IsOld = true,
        _cluster = _cluster,
        _records = new(_records),
        _ike = new(_ike),
        _tags = [.. _tags],
        _nextId = _nextId,
    };
}
