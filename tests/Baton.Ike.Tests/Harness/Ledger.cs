using Baton.Ike.Messages;
using Baton.Wire;

namespace Baton.Ike.Tests.Harness;

/// <summary>What a site's members share: the records, and which term may write them.</summary>
internal sealed class Ledger : ISnapshotSource
{
    public Dictionary<IkeSaId, (byte[] Snapshot, Instant At)> Records { get; } = [];

    public Dictionary<ChildSaId, ChildSaPair> Children { get; } = [];

    public int Term { get; set; } = 1;

    /// <summary>Which commit each record's state came with. A state that was made on one that is not here is refused (the versions of the real one).</summary>
    public Dictionary<IkeSaId, int> Versions { get; } = [];

    /// <summary>False: refused, nothing of it was written.</summary>
    public bool TryApply(IkeOutput.Commit commit, IReadOnlyDictionary<IkeSaId, int> versions, Instant at)
    {
        if (commit.Changes.Any(change => !change.IsDeleted && versions[change.Id] != Versions.GetValueOrDefault(change.Id) + 1)) return false;
        foreach (IkeSaChange change in commit.Changes)
        {
            if (change.IsDeleted) Versions.Remove(change.Id);
            else Versions[change.Id] = versions[change.Id];
        }

        Apply(commit, at);
        return true;
    }

    private void Apply(IkeOutput.Commit commit, Instant at)
    {
        foreach (IkeSaChange change in commit.Changes)
        {
            if (change.Snapshot is { } snapshot) Records[change.Id] = (snapshot.ToArray(), at);
            else Records.Remove(change.Id);
        }

        foreach (ChildSaPair pair in commit.Created) Children[pair.Id] = pair;
        foreach (ChildSaId id in commit.Deleted) Children.Remove(id);
    }

    /// <summary>What the lab's clock shows.</summary>
    public Func<Instant> Clock { get; init; } = () => default;

    public void Read(IkeSaId id, Action<RestoredIkeSa> use)
    {
        if (Records.TryGetValue(id, out (byte[] Snapshot, Instant At) record)) use(new RestoredIkeSa(id, record.Snapshot, Clock() - record.At));
    }

    public IReadOnlyList<RestoredIkeSa> ForTakeover(Instant now) => [.. Records.Select(each => new RestoredIkeSa(each.Key, each.Value.Snapshot, now - each.Value.At))];
}

/// <summary>IVs by term: what one holder may use no other ever does.</summary>
internal sealed class SlicedIvs(int term) : IIvSourceFactory
{
    /// <summary>False: no IV is given now.</summary>
    public bool Gives { get; set; } = true;

    private readonly Dictionary<IkeSaId, Slice> _slices = [];

    /// <summary>Opened again it goes on.</summary>
    public IIvSource Open(IkeSaId id, bool isRestored)
    {
        if (!_slices.TryGetValue(id, out Slice? slice)) _slices.Add(id, slice = new Slice(this, (ulong)term << 32));
        return slice;
    }

    public void Close(IkeSaId id)
    {
    }

    private sealed class Slice(SlicedIvs owner, ulong last) : IIvSource
    {
        private ulong _last = last;

        public bool TryTake(out ulong number)
        {
            number = owner.Gives ? ++_last : 0;
            return owner.Gives;
        }
    }
}
