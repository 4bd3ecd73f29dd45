using Baton.Cluster.Records;
using Baton.Gateway.DataPath;
using Baton.Gateway.Ike;
using Baton.Ike;
using Baton.Linux;
using Baton.Redundancy;
using Baton.Redundancy.Leases;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.Engine;

/// <summary>The engine's side of IKE: hands datagrams and commits over, leases IVs, tells what the traffic shows. Never waits for the IKE thread.</summary>
internal sealed partial class GatewayEngine
{
    private const int IvsPerTurn = 200;
    private const int ToldPerTurn = 512;
    private static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<IkeId, SaId> _ivRecords = [];
    private readonly HashSet<SaId> _knownIvRecords = [];
    private readonly Queue<IkeId> _ivsWanted = new();

    /// <summary>What waits until the SAs are built whose records are here, with the last of them.</summary>
    private readonly Queue<(long Ticket, Action Then)> _whenBuilt = new();

    private DrainingCommits _commits = null!;
    private long _enqueuedToBuild;
    private long _built;
    private bool _ikeWorks;
    private ulong _ikeTenure;
    private Instant _nextTelling;
    private int _toldTo;

    public ClusterIke? Ike { get; private set; }

    /// <summary>How long a delete waits for packets; before <see cref="UseIke"/>.</summary>
    internal TimeSpan CommitPatience { get; init; } = DrainingCommits.Patience;

    /// <summary>Before the start.</summary>
    public void UseIke()
    {
        if (_options.StaticSas.Count > 0 || Beside is not null)
            return;
        _commits = new DrainingCommits(child => Path.IsHolding(child.Value), CommitPatience);
        Ike = new ClusterIke(this, _options, _sealer, _log);
        Ike.Runner.Failed = e => Ended.TrySetException(e);
        Path.Ike = Ike.Runner;
        Path.PeerMoved = (child, peer) =>
        {
            if (_ikeWorks)
                Ike.PeerMoved(child, peer);
        };
        Path.PeerBehind = (child, by) =>
        {
            if (_ikeWorks)
                Ike.PeerBehind(child, by);
        };
        Ike.Runner.Start();
    }

    /// <summary>IKE works while this member may receive: alone it could neither commit nor believe what it hears (G7).</summary>
    private void BeginIke()
    {
        if (Ike is null || _ikeWorks)
            return;  // moved on by itself: what the endpoint has is as new as the records
        _ikeWorks = true;
        ulong tenure = ++_ikeTenure;

        // Behind the changes that it follows; one that ended meanwhile does not begin in the place of the next.
        WhenBuilt(() =>
        {
            if (_ikeWorks && tenure == _ikeTenure)
                Ike.Begin(tenure);
        });
    }

    private void EndIke()
    {
        if (!_ikeWorks)
            return;
        _ikeWorks = false;
        _ivsWanted.Clear();
        Ike!.End();
    }

    public void WantIvs(IkeId id) => _ivsWanted.Enqueue(id);

    private bool HasIkeWork => _ivsWanted.Count > 0;

    /// <summary>When the SAs of the change are built: an IKE SA says of them where they run.</summary>
    private void TakeIkeRecords(LedgerChange change, Instant now)
    {
        foreach (IkeId id in change.IkeDeletes)
            _ivRecords.Remove(id);
        if (Ike is not null && (change.IsSnapshot || change.IkeUpserts.Count > 0 || change.IkeDeletes.Count > 0))
            WhenBuilt(() => Ike.Follow(change, now));
    }

    /// <summary>An IV counter is no SA of the data path.</summary>
    private bool TakeIvRecord(SaRecord record)
    {
        if (record.Space != CounterSpace.IkeIv)
            return false;
        if (_knownIvRecords.Contains(record.Id))
            return true;  // its limit was raised
        RecordVerdict verdict = _sealer.OpenIv(record, out IkeId id);
        if (verdict != RecordVerdict.Opened)
        {
            _unusable[record.Id] = $"its sealed part: {verdict}";
            return true;
        }

        _knownIvRecords.Add(record.Id);
        _unusable.Remove(record.Id);
        _ivRecords[id] = record.Id;
        return true;
    }

    /// <param name="deleted">The pairs that it deletes: what waits on them for a confirmation goes first.</param>
    public void Commit(MemberInput.Commit commit, IReadOnlyList<ChildSaId> deleted)
    {
        Instant now = MonotonicClock.Now;
        _commits.Add(commit, deleted, now);
        FeedCommits(now);
    }

    private void FeedCommits(Instant now)
    {
        while (_commits.Next(now) is { } commit)
            Feed(commit);
    }

    /// <summary>Who is told of an SA may use it at once.</summary>
    private void OnCommitted(ulong token) => WhenBuilt(() => Ike?.Committed(token));

    public void Jump(IReadOnlyList<ChildSaId> children, ulong by) => WhenBuilt(() => Path.Jump(children, by));

    private void WhenBuilt(Action then)
    {
        if (_built == _enqueuedToBuild && _whenBuilt.Count == 0)
            then();
        else
            _whenBuilt.Enqueue((_enqueuedToBuild, then));
    }

    private void TendIke(Instant now)
    {
        if (Ike is null)
            return;
        FeedCommits(now);
        while (_whenBuilt.TryPeek(out (long Ticket, Action Then) next) && next.Ticket <= _built)
        {
            _whenBuilt.Dequeue();
            next.Then();
        }

        GiveIvs();
        if (_ikeWorks && now >= _nextTelling)
            TellTraffic(now);
    }

    private void GiveIvs()
    {
        if (_ivsWanted.Count == 0)
            return;
        var given = new List<(IkeId, ulong[])>();
        for (int i = 0; i < IvsPerTurn && _ivsWanted.TryDequeue(out IkeId id); i++)
            given.Add((id, _ikeWorks && _ivRecords.TryGetValue(id, out SaId sa) && Core.Outbound(sa) is { } lease ? Take(lease) : []));
        Ike!.Give(given);
    }

    private static ulong[] Take(OutboundLease lease)
    {
        var numbers = new List<ulong>(IvPools.Portion);
        while (numbers.Count < IvPools.Portion && lease.TryTake(out ulong number))
            numbers.Add(number);
        return [.. numbers];
    }

    /// <summary>Some pairs a time, and of those only the ones that carried something since.</summary>
    private void TellTraffic(Instant now)
    {
        _nextTelling = now + TellEvery;
        List<IkeInput.Traffic>? told = null;
        int count = Path.Children.Count;
        for (int i = 0; i < Math.Min(count, ToldPerTurn); i++)
        {
            if (_toldTo >= count)
                _toldTo = 0;
            ChildEntry pair = Path.Children[_toldTo++];
            if (ChildTraffic.News(pair, _ikeTenure) is { } traffic)
                (told ??= []).Add(traffic);
        }

        if (told is not null)
            Ike!.Traffic(told);
    }
}
