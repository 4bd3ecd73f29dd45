using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;

namespace Baton.Redundancy.Handlers;

/// <summary>Commits: IKE state and the SAs that belong to it, each whole or not at all, many in one write.</summary>
public sealed partial class HandlerCore
{
    private (RequestVerdict, string?) CommitAll(Incarnation from, MemberRequest.Commit request, ICollection<HandlerOutput> outputs)
    {
        if (Refuse(from, request.Term) is { } refused)
            return (refused, null);
        if (request.First == 0)
            return (RequestVerdict.Malformed, "commits count from 1");
        if (request.First > Cluster.Commits + 1)
            return (RequestVerdict.LedgerBehind, $"commit {request.First} follows {request.First - 1}, and this ledger has {Cluster.Commits}");

        var stage = new CommitStage(this, request.Term);
        ulong done = Cluster.Commits;
        (RequestVerdict, string?) verdict = (RequestVerdict.Granted, null);
        for (int i = 0; i < request.Commits.Count; i++)
        {
            ulong number = request.First + (ulong)i;
            if (number <= Cluster.Commits)
                continue; // a repetition
            if (stage.Refuse(request.Commits[i]) is { } why)
            {
                verdict = why;
                break;
            }

            stage.Add(request.Commits[i]);
            done = number;
        }

        if (done > Cluster.Commits)
        {
            _nextSaId = stage.NextSaId;
            foreach (ulong tag in stage.NewTags)
                _keyTags.Add(tag);
            Commit(outputs, stage.ToChange(Cluster with { Commits = done }), [.. stage.NewTags]);
        }

        return verdict;
    }

    /// <summary>What a write will have changed: asked as if it were the ledger already.</summary>
    private sealed class CommitStage(HandlerCore core, ulong term)
    {
        private readonly Dictionary<IkeId, IkeRecord?> _ike = [];
        private readonly Dictionary<ulong, SaRecord> _fresh = [];
        private readonly List<SaId> _deleted = [];
        private readonly HashSet<SaId> _gone = [];
        private readonly HashSet<ulong> _one = [];

        public HashSet<ulong> NewTags { get; } = [];

        public ulong NextSaId { get; private set; } = core._nextSaId;

        public (RequestVerdict, string?)? Refuse(LedgerCommit commit)
        {
            if (commit.Entries > LedgerCommit.MaximumEntries)
                return (RequestVerdict.Malformed, $"{commit.Entries} entries in one commit");
            _one.Clear();
            foreach (IkeRecord asked in commit.Ike)
            {
                if (asked.Sealed.Length > IkeRecord.MaximumSealedBytes)
                    return (RequestVerdict.Malformed, $"{asked.Id}: {asked.Sealed.Length} bytes");
                IkeRecord? known = Find(asked.Id);
                if (known is null && IsSeen(asked.KeyTag))
                    return (RequestVerdict.KeySeenBefore, asked.Id.ToString());

                // A state that was made on one that was refused follows on nothing: refused too, and all that goes with it.
                if (asked.Version != (known?.Version ?? 0) + 1 || asked.KeyTag != (known?.KeyTag ?? asked.KeyTag))
                    return (RequestVerdict.Malformed, $"{asked.Id}: version {asked.Version} after {known?.Version ?? 0}, or another key");
            }

            foreach (SaRecord asked in commit.Sas)
            {
                if (IsMalformed(asked) is { } what)
                    return (RequestVerdict.Malformed, what);
                if (IsSeen(asked.KeyTag))
                    return (RequestVerdict.KeySeenBefore, $"SPI {asked.Spi:x8}");
            }

            return null;
        }

        public void Add(LedgerCommit commit)
        {
            foreach (IkeRecord record in commit.Ike)
            {
                if (Find(record.Id) is null)
                    NewTags.Add(record.KeyTag);
                _ike[record.Id] = record;
            }

            foreach (SaRecord record in commit.Sas)
            {
                NewTags.Add(record.KeyTag);
                _fresh[record.KeyTag] = record with
                {
                    Id = new SaId(NextSaId++),
                    LimitTerm = term,
                };
            }

            foreach (IkeId id in commit.DeletedIke)
            {
                if (Find(id) is not null)
                    _ike[id] = null;
            }

            foreach (ulong tag in commit.DeletedSas)
            {
                if (!_fresh.Remove(tag) && core._idsByTag.TryGetValue(tag, out SaId id) && _gone.Add(id))
                    _deleted.Add(id);
            }
        }

        public LedgerChange ToChange(ClusterRecord cluster)
        {
            var upserts = new List<IkeRecord>();
            var deletes = new List<IkeId>();
            foreach ((IkeId id, IkeRecord? record) in _ike)
            {
                if (record is not null)
                    upserts.Add(record);
                else if (core._ike.ContainsKey(id))
                    deletes.Add(id);
            }

            return new LedgerChange(false, cluster, [.. _fresh.Values], _deleted) { IkeUpserts = upserts, IkeDeletes = deletes };
        }

        private IkeRecord? Find(IkeId id) => _ike.TryGetValue(id, out IkeRecord? staged) ? staged : core._ike.GetValueOrDefault(id);

        /// <summary>A key is registered once for ever.</summary>
        private bool IsSeen(ulong tag) => core._inForce.HasFlag(Guards.G2WritesNameTheirTerm) // (G2)
            && (core._keyTags.Contains(tag) || NewTags.Contains(tag) || !_one.Add(tag));
    }

    private static string? IsMalformed(SaRecord asked) => asked.Space.Bits is < 1 or > 64 || asked.SliceSize == 0
        ? $"SPI {asked.Spi:x8}: counter of {asked.Space.Bits} bits, slice of {asked.SliceSize}"
        : null;
}
