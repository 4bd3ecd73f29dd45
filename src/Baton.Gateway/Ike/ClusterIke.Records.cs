using Baton.Cluster.Records;
using Baton.Ike;
using Baton.Linux;
using Baton.Redundancy.Records;
using Baton.Wire;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Ike;

/// <summary>The records of IKE SAs: a standby's endpoint follows them, sealed as they are; a working one opens them when it needs one.</summary>
internal sealed partial class ClusterIke
{
    /// <summary>Records that a standby opens at once to see what finds them: what is posted meanwhile comes between.</summary>
    private const int ReadAtOnce = 16;

    /// <summary>As the ledger has them, and when each came.</summary>
    private readonly Dictionary<IkeId, (IkeRecord Record, Instant Since)> _records = [];

    /// <summary>New or changed; the endpoint does not follow them yet.</summary>
    private readonly Queue<IkeId> _unread = new();

    /// <summary>The IKE SAs of the first copy are read: a takeover finds none that it must open first. Any thread.</summary>
    public bool HasReadFirst => Volatile.Read(ref _hasReadFirst);

    private bool _hasReadFirst;

    /// <summary>Which of this member's tenures it works in, as the engine counts them; 0: it does not work.</summary>
    private ulong _tenure;

    /// <summary>On the engine's thread, for every change of its copy. When this member works they are its own.</summary>
    public void Follow(LedgerChange change, Instant now) => Runner.Post(() =>
    {
        var gone = new List<IkeSaId>();
        bool isReading = _unread.Count > 0;
        if (change.IsSnapshot)
        {
            HashSet<IkeId> kept = [.. change.IkeUpserts.Select(record => record.Id)];
            foreach (IkeId id in _records.Keys.Where(id => !kept.Contains(id)))
                Forget(id);
        }

        foreach (IkeId id in change.IkeDeletes)
            Forget(id);
        foreach (IkeRecord record in change.IkeUpserts)
        {
            if (_records.TryGetValue(record.Id, out (IkeRecord Record, Instant Since) known) && known.Record.Version == record.Version
                && known.Record.Sealed.Span.SequenceEqual(record.Sealed.Span))
            {
                _records[record.Id] = (record, known.Since);  // a snapshot says it again: the core has this one too
                continue;
            }

            Forget(record.Id);
            _records[record.Id] = (record, now);
            if (_tenure == 0)
                _unread.Enqueue(record.Id);
        }

        if (_tenure != 0)
        {
            Volatile.Write(ref _hasReadFirst, true);  // it works from them already
            return;
        }

        Runner.Step(new IkeInput.Unfollow(gone));  // all of a change before any of it: what one loses in it another has
        if (!isReading)
            ReadSome();

        void Forget(IkeId id)
        {
            _records.Remove(id);
            gone.Add(new IkeSaId(id.Value));
        }
    });

    /// <summary>On the engine's thread: this member works, from the records and nothing but the records.</summary>
    public void Begin(ulong tenure) => Runner.Post(() =>
    {
        Read(_unread.Count);
        _tenure = tenure;
        Runner.Step(new IkeInput.Restore([]));
        _log.LogInformation("going on with {Count} IKE SAs", Runner.Endpoint.IkeSas);
    });

    /// <summary>On the engine's thread: it works no more, and follows again.</summary>
    public void End() => Runner.Post(() =>
    {
        _tenure = 0;
        _versions.Clear();
        _hopedFor.Clear();
        _assigned?.Clear();
        Runner.StandDown();
        _unread.Clear();
        foreach (IkeId id in _records.Keys)
            _unread.Enqueue(id);
        ReadSome();
    });

    /// <summary>For an IKE SA that wakes.</summary>
    void ISnapshotSource.Read(IkeSaId id, Action<RestoredIkeSa> use)
    {
        if (!TryOpen(new IkeId(id.Value), out RestoredIkeSa? sa, out ulong version))
            return;
        _versions[new IkeId(id.Value)] = version;
        use(sa);
        Wipe(sa.Snapshot);
    }

    private void ReadSome()
    {
        Read(Math.Min(ReadAtOnce, _unread.Count));
        if (_unread.Count > 0)
            Runner.Post(ReadSome);
        else
            Volatile.Write(ref _hasReadFirst, true);
    }

    private void Read(int count)
    {
        var read = new List<RestoredIkeSa>(count);
        while (count-- > 0 && _unread.TryDequeue(out IkeId id))
        {
            if (TryOpen(id, out RestoredIkeSa? sa, out _))
                read.Add(sa);
        }

        Take(new IkeInput.Follow(read), read);
    }

    /// <summary>After a failed commit: those that the ledger still has come back with their version; one that it never had begins anew, its IV counter too.</summary>
    private void RestoreSome(IReadOnlyList<IkeSaId> wanted, ulong tenure) => Runner.Post(() =>
    {
        if (tenure == 0 || tenure != _tenure)
            return;  // stood down meanwhile: what is opened now would be nobody's to use, nor to wipe
        var restored = new List<RestoredIkeSa>(wanted.Count);
        foreach (IkeSaId sa in wanted)
        {
            var id = new IkeId(sa.Value);
            _versions.Remove(id);
            if (!TryOpen(id, out RestoredIkeSa? one, out ulong version))
                continue;
            _versions[id] = version;
            restored.Add(one);
        }

        Take(new IkeInput.Restore(restored), restored);
    });

    private void Take(IkeInput input, List<RestoredIkeSa> opened)
    {
        Runner.Step(input);
        foreach (RestoredIkeSa one in opened)
            Wipe(one.Snapshot);
    }

    private bool TryOpen(IkeId id, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out RestoredIkeSa? sa, out ulong version)
    {
        (sa, version) = (null, 0);
        if (!_records.TryGetValue(id, out (IkeRecord Record, Instant Since) known))
            return false;  // deleted meanwhile
        RecordVerdict verdict = _sealer.OpenIke(known.Record, out byte[] snapshot);
        if (verdict == RecordVerdict.Opened)
            (sa, version) = (new RestoredIkeSa(new IkeSaId(id.Value), snapshot, MonotonicClock.Now - known.Since), known.Record.Version);
        else
            _log.LogError("{Id} cannot be used: its sealed state: {Verdict}", id, verdict);
        return sa is not null;
    }

    /// <summary>The record of an SA knows its maker and where the peer was then; the IKE SA knows who has it now, and where the peer is.</summary>
    private void Know(IkeSaFacts sa)
    {
        foreach (ChildSaId child in sa.Children)
            Belongs(child.Value, sa.Id.Value);
        Move(sa.Children, sa.Local, sa.Remote, sa.UdpEncapsulation, sa.BehindNat, unlessLearned: true);
    }
}
