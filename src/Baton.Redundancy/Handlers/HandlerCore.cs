using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Handlers;

/// <summary>The handler: keeps the SA records and the term, grants and promotes. Sans-IO.</summary>
/// <remarks>
/// Every granted write makes one revision: <see cref="HandlerOutput.Commit"/>, <see cref="HandlerOutput.Publish"/>, and then the
/// <see cref="HandlerOutput.Reply"/>. A request that changes nothing any more (a repetition of one that happened) is granted without a write.
/// <code>
///                  surrender: Term+1 = To
///                  move on:   Term+2 = Holder
///   no holder ──first──► Term 1 ──promote──► Term+1 (designee) or Term+2 (anybody else) ──► ...
///                          ▲                        │
///                          └── extend, register, coarse, in-sync, designee, delete: same term
///
///   promote:  certain, or own witness agrees ──► granted
///             own witness has no opinion / alive ──wait WitnessPatience──► granted / refused (HolderAlive)
///             asker not in sync, death not certain ──wait ColdPatience──► the same
/// </code>
/// </remarks>
public sealed partial class HandlerCore
{
    private readonly HandlerPolicy _policy;
    private readonly Guards _inForce;
    private readonly Dictionary<SaId, SaRecord> _records = [];
    private readonly Dictionary<ulong, SaId> _idsByTag = [];
    private readonly Dictionary<IkeId, IkeRecord> _ike = [];
    private readonly HashSet<ulong> _keyTags;
    private ulong _nextSaId;
    private bool _ledgerIsBehind;

    /// <param name="restored">The ledger as it is on disk: a snapshot; an empty cluster record for a new one.</param>
    /// <param name="keyTags">Every key tag ever registered.</param>
    /// <param name="nextSaId">Above every id ever given.</param>
    public HandlerCore(HandlerPolicy policy, LedgerChange restored, IEnumerable<ulong> keyTags, ulong nextSaId)
        : this(policy, restored, keyTags, nextSaId, Guards.All)
    {
    }

    internal HandlerCore(HandlerPolicy policy, LedgerChange restored, IEnumerable<ulong> keyTags, ulong nextSaId, Guards guards)
    {
        (_policy, _inForce, Cluster) = (policy, guards, restored.Cluster);
        _keyTags = [.. keyTags];
        _nextSaId = Math.Max(nextSaId, 1);
        foreach (SaRecord record in restored.Upserts)
        {
            _records[record.Id] = record;
            _idsByTag[record.KeyTag] = record.Id;
            _keyTags.Add(record.KeyTag);
            _nextSaId = Math.Max(_nextSaId, record.Id.Value + 1);
        }

        foreach (IkeRecord record in restored.IkeUpserts)
        {
            _ike[record.Id] = record;
            _keyTags.Add(record.KeyTag);
        }
    }

    public ClusterRecord Cluster { get; private set; }

    /// <summary>The SA records as they are now, for the dashboard and tests.</summary>
    public IReadOnlyDictionary<SaId, SaRecord> Records => _records;

    /// <summary>The IKE SAs as they are now.</summary>
    public IReadOnlyDictionary<IkeId, IkeRecord> IkeRecords => _ike;

    /// <summary>A member showed that this ledger has lost records: nothing is granted until it is restored.</summary>
    public bool LedgerIsBehind => _ledgerIsBehind;

    /// <summary>Takes one input, appends what must be done, returns when to tick again.</summary>
    public Instant Step(HandlerInput input, Instant now, ICollection<HandlerOutput> outputs)
    {
        switch (input)
        {
            case HandlerInput.Connected connected:
                OnConnected(connected.Member);
                outputs.Add(new HandlerOutput.SendSnapshot(connected.Member, Snapshot()));
                break;

            case HandlerInput.Disconnected disconnected:
                _connected.Remove(disconnected.Member);
                _closed.Add(disconnected.Member);
                break;

            case HandlerInput.Request request:
                Answer(request, now, outputs);
                break;

            case HandlerInput.Witness witness:
                _views[witness.Member] = witness.View;
                break;

            case HandlerInput.OperatorSwitchover switchover:
                if (Cluster.Holder is { } holder)
                    outputs.Add(new HandlerOutput.AskSwitchover(holder, switchover.To));
                break;

            case HandlerInput.Tick:
                break;
        }

        return ReconsiderPending(now, outputs);
    }

    private LedgerChange Snapshot() => new(true, Cluster, [.. _records.Values], []) { IkeUpserts = [.. _ike.Values] };

    private void Answer(HandlerInput.Request request, Instant now, ICollection<HandlerOutput> outputs)
    {
        RequestHeader header = request.Header;
        if (Distrust(header, outputs) is { } distrust)
        {
            Reply(outputs, request, distrust);
            return;
        }

        switch (request.Body)
        {
            case MemberRequest.Promote promote:
                OnPromote(request, promote, now, outputs);
                return;
            case MemberRequest.AdoptDesignee adopt:
                Reply(outputs, request, Adopt(header.From, adopt, now, outputs));
                return;
            default:
                (RequestVerdict verdict, string? detail) = Write(header.From, request.Body, outputs);
                Reply(outputs, request, verdict, detail);
                return;
        }
    }

    /// <summary>A ledger that is not the member's, or that is behind what the member has seen, grants nothing.</summary>
    private RequestVerdict? Distrust(RequestHeader header, ICollection<HandlerOutput> outputs)
    {
        if (header.LedgerId is { } id && id != Cluster.LedgerId)
            return RequestVerdict.OtherLedger;

        // Term + 1 may have been taken by the designee alone, and seen by others, before this ledger knows of it.
        ulong highestKnowable = Cluster.Designee is null ? Cluster.Term : Cluster.Term + 1;
        if (header.HighestRevision > Cluster.Revision || header.HighestTerm > highestKnowable)
        {
            if (!_ledgerIsBehind)
            {
                outputs.Add(Note(RedundancyEventKind.RefusedGrantOfOlderLedger,
                    $"{header.From} has seen revision {header.HighestRevision}, term {header.HighestTerm}; this ledger is at {Cluster.Revision}, {Cluster.Term}"));
            }

            _ledgerIsBehind = true;
        }

        return _ledgerIsBehind ? RequestVerdict.LedgerBehind : null;
    }

    private void Reply(ICollection<HandlerOutput> outputs, HandlerInput.Request request, RequestVerdict verdict, string? detail = null) =>
        outputs.Add(new HandlerOutput.Reply(request.Header.From, request.RequestId, new HandlerReply(verdict, Cluster.Revision, detail)));

    private void Commit(ICollection<HandlerOutput> outputs, ClusterRecord cluster, IReadOnlyList<SaRecord> upserts, IReadOnlyList<SaId> deletes, IReadOnlyList<ulong> newKeyTags) =>
        Commit(outputs, new LedgerChange(false, cluster, upserts, deletes), newKeyTags);

    /// <summary>One write: the next revision, durable first, then told to all.</summary>
    private void Commit(ICollection<HandlerOutput> outputs, LedgerChange change, IReadOnlyList<ulong> newKeyTags)
    {
        Cluster = change.Cluster with { Revision = Cluster.Revision + 1 };
        change = change with { Cluster = Cluster };
        foreach (SaRecord record in change.Upserts)
        {
            _records[record.Id] = record;
            _idsByTag[record.KeyTag] = record.Id;
        }

        foreach (SaId id in change.Deletes)
        {
            if (_records.Remove(id, out SaRecord? gone) && _idsByTag.GetValueOrDefault(gone.KeyTag) == id)
                _idsByTag.Remove(gone.KeyTag);
        }

        foreach (IkeRecord record in change.IkeUpserts)
            _ike[record.Id] = record;
        foreach (IkeId id in change.IkeDeletes)
            _ike.Remove(id);
        outputs.Add(new HandlerOutput.Commit(change, newKeyTags));
        outputs.Add(new HandlerOutput.Publish(change));
    }

    private void Commit(ICollection<HandlerOutput> outputs, ClusterRecord cluster) => Commit(outputs, cluster, [], [], []);

    /// <summary>A new term: nobody is designated in it yet, and its holder builds its own set.</summary>
    private ClusterRecord NextTerm(ulong term, Incarnation holder, bool holderWasInSync) => Cluster with
    {
        Term = term,
        Holder = holder,
        HolderWasInSync = holderWasInSync,
        Designee = null,
        Commits = Same(Cluster.Holder, holder) ? Cluster.Commits : 0,
        InSync = [],
        InSyncRevision = Cluster.InSyncRevision + 1,
    };

    /// <summary>The records name incarnations, not names.</summary>
    private bool Same(Incarnation? named, Incarnation other) => named is { } one &&
        (_inForce.HasFlag(Guards.G1Incarnations) ? one == other : one.Member == other.Member); // (G1)

    private bool IsInSync(Incarnation member)
    {
        foreach (Incarnation one in Cluster.InSync)
        {
            if (Same(one, member))
                return true;
        }

        return false;
    }

    private HandlerOutput.Note Note(RedundancyEventKind kind, string detail) => new(new RedundancyEvent(kind, Cluster.Term, detail));
}
