using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Groups;
using Baton.Ike;

namespace Baton.Fuzz.Targets.Exchanges;

/// <summary>One member of one side, and the records that it leaves to its successor.</summary>
internal sealed class PlaySide : ISnapshotSource
{
    private readonly PlaySetup _setup;
    private readonly int _member;

    public PlaySide(PlaySetup setup, bool isLeft)
        : this(setup, isLeft, 1, [])
    {
    }

    private PlaySide(PlaySetup setup, bool isLeft, int member, Dictionary<IkeSaId, byte[]> records)
    {
        (_setup, IsLeft, _member, Records) = (setup, isLeft, member, records);
        var random = new Seeded((member * 2) + (isLeft ? 1 : 0));
        Endpoint = new IkeEndpoint(setup.Policy(isLeft), random, new KeyExchangeFactory(random), new CountingIvSources(), this);
    }

    public bool IsLeft { get; }

    public IkeEndpoint Endpoint { get; }

    public Dictionary<IkeSaId, byte[]> Records { get; }

    /// <summary>Knows the records and works not yet.</summary>
    public PlaySide Successor() => new(_setup, IsLeft, _member + 1, Records);

    public RestoredIkeSa[] Restored(Func<IkeSaId, bool> wanted) =>
        [.. Records.Where(each => wanted(each.Key)).Select(each => new RestoredIkeSa(each.Key, each.Value, TimeSpan.FromSeconds(1)))];

    public void Read(IkeSaId id, Action<RestoredIkeSa> use)
    {
        if (Records.TryGetValue(id, out byte[]? record))
            use(new RestoredIkeSa(id, record, TimeSpan.FromSeconds(1)));
    }

    public void Keep(IkeOutput.Commit commit)
    {
        foreach (IkeSaChange change in commit.Changes)
        {
            if (change.Snapshot is { } snapshot)
                Records[change.Id] = snapshot.ToArray();
            else
                Records.Remove(change.Id);
        }
    }

    /// <summary>The same for every run: a finding must happen again.</summary>
    private sealed class Seeded(int seed) : IRandomSource
    {
        private readonly Random _random = new(seed);

        public void Fill(Span<byte> destination) => _random.NextBytes(destination);
    }
}
