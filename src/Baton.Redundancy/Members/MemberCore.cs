using Baton.Redundancy.Handlers;
using Baton.Redundancy.Leases;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Members;

/// <summary>A member of the cluster: standby, active, deposed. Sans-IO.</summary>
/// <remarks>
/// <code>
///            first snapshot
///   Joining ───────────────► Standby ◄──────────────────────────────────────────────┐
///                             │   │ handler away, I am the designee,                │ the record names another
///        the copy names me    │   │ my own witness suspects the holder              │ (or a higher term speaks)
///        holder of a term     │   └──────────────► Alone ───────────────────────────┤
///        that I have not      │                      │ the copy names me (adopted)  │
///        worked in            └──────────────────► Active ──────────────────────────┤
///                                                  │  ▲  │ BeginSwitchover, all reported
///            ceilings unconfirmed, set unchangeable│  │  └──► Freezing ──Drained──► Surrendering
///                                                  ▼  │                             │ refused
///                                                 Ended ◄───────────────────────────┘
///                                     MoveOn: Term + 2 │  (a term that is over is over: never again in it; without a handler it
///                                                      │   says so to the others, which follow as after a death)
/// </code>
/// Every decision is made from the copy of the records, after each input, in <see cref="Decide"/>: a lost answer, a repeated message or a late
/// tick only makes it look again. A successor works when its copy names it, so its copy has the revision of its own promotion (G3).
/// </remarks>
public sealed partial class MemberCore
{
    private readonly MemberPolicy _policy;
    private readonly WorkScope _scope;
    private readonly RequestDesk _desk;
    private MemberState _state;
    private bool _handlerConnected;
    private bool _copyFollows;
    /// <summary>When the session last opened or closed.</summary>
    private Instant _handlerSince;
    private readonly Dictionary<Incarnation, WitnessView> _views = [];

    public MemberCore(Incarnation self, MemberPolicy policy)
        : this(self, policy, Guards.All)
    {
    }

    internal MemberCore(Incarnation self, MemberPolicy policy, Guards guards)
    {
        (Self, _policy, InForce) = (self, policy, guards);
        _scope = new WorkScope(policy, guards);
        _desk = new RequestDesk(policy);
    }

    public Incarnation Self { get; }

    internal Guards InForce { get; }

    /// <summary>The data path crossed a mark (a lease runs low, a ceiling is reached): step with <see cref="MemberInput.Tick"/> soon.</summary>
    public bool HasWork => _scope.HasWork;

    public bool IsActive => _state is MemberState.Active or MemberState.Alone;

    public MemberState State => _state;

    /// <summary>The term that this member works in, or worked in last.</summary>
    public ulong Term => _scope.Term;

    /// <summary>The copy of the cluster record; null before the first snapshot.</summary>
    public ClusterRecord? Cluster => _scope.Cluster;

    /// <summary>The session is up and the copy follows the ledger.</summary>
    public bool HasHandler => _handlerConnected && _copyFollows;

    private bool IsWorking => _state is not (MemberState.Joining or MemberState.Standby);

    private ClusterRecord Copy => _scope.Cluster!;

    /// <summary>Takes one input, appends what must be done, returns when to tick again.</summary>
    public Instant Step(MemberInput input, Instant now, ICollection<MemberOutput> outputs)
    {
        _scope.Now = now;
        _counters.Steps++;
        switch (input)
        {
            case MemberInput.HandlerConnected:
                (_handlerConnected, _copyFollows, _handlerSince) = (true, false, now);
                ForgetRequests();
                _isStaging = false;
                break;
            case MemberInput.HandlerLost:
                if (_handlerConnected && IsWorking)
                    _scope.Note(RedundancyEventKind.HandlerLost, "");
                (_handlerConnected, _copyFollows, _handlerSince) = (false, false, now);
                _nextPresence = default; // the active hands over to nobody without a handler: it hears at once
                ForgetRequests();
                break;
            case MemberInput.SnapshotPart part:
                OnSnapshotPart(part, outputs);
                break;
            case MemberInput.Changed changed:
                OnChanged(changed.Change, now, outputs);
                break;
            case MemberInput.Replied replied:
                OnReplied(replied.RequestId, replied.Reply, now, outputs);
                break;
            case MemberInput.FromMember from:
                OnMessage(from.Message, now, outputs);
                break;
            case MemberInput.Witness witness:
                _views[witness.Of] = witness.View;
                break;
            case MemberInput.RegisterSas register:
                _toRegister.AddRange(register.Sas);
                break;
            case MemberInput.Commit commit:
                OnCommit(commit, outputs);
                break;
            case MemberInput.DeleteSas delete:
                _toDelete.AddRange(delete.Sas);
                break;
            case MemberInput.Paths paths:
                (_paths, _nextPresence) = (paths.Health, default);  // said at once
                break;
            case MemberInput.BeginSwitchover begin:
                OnBeginSwitchover(begin.To, now);
                break;
            case MemberInput.Drained:
                OnDrained();
                break;
            case MemberInput.Tick:
                break;
        }

        _scope.HasWork = false;
        Decide(now, outputs);
        foreach (RedundancyEvent note in _scope.Notes)
            outputs.Add(new MemberOutput.Note(note));
        _scope.Notes.Clear();
        return NextTick(now);
    }

    /// <summary>The lease of an outbound SA; null when the copy has none. Stable for the life of the record: keep it with the SA.</summary>
    public OutboundLease? Outbound(SaId id) => _outbound.GetValueOrDefault(id);

    /// <summary>The ceiling of an inbound SA; null when the copy has none. Stable for the life of the record.</summary>
    public InboundCeiling? Inbound(SaId id) => _inbound.TryGetValue(id, out InboundCeiling? ceiling) && ceiling.Record is not null ? ceiling : null;

    /// <summary>The IKE SAs of the copy.</summary>
    public IReadOnlyDictionary<IkeId, IkeRecord> IkeRecords => _ike;

    /// <summary>Looks at the copy and does what is due. Level-triggered: nothing depends on having seen an edge.</summary>
    private void Decide(Instant now, ICollection<MemberOutput> outputs)
    {
        if (_scope.Cluster is null)
            return;
        switch (_state)
        {
            case MemberState.Joining:
            case MemberState.Standby:
                ShowPresence(now, outputs);
                ConsiderSuccession(now, outputs);
                break;
            case MemberState.Alone:
                AskAdoption(now, outputs);
                break;
            case MemberState.Active:
                FlushSending(now, outputs);
                FlushCommits(now, outputs);
                FlushReceiving(now, outputs);
                TendInSyncSet(now, outputs);
                TendDesignee(now, outputs);
                ConsiderSwitchover(now, outputs);
                break;
            case MemberState.Freezing:
            case MemberState.Surrendering:
                TendSurrender(now, outputs);
                break;
            case MemberState.Ended:
                AskMoveOn(now, outputs);
                TellTermOver(now, outputs);
                break;
        }
    }

    /// <remarks>A deadline that has passed and changed nothing (no handler to ask, say) must neither spin the caller nor hide a nearer one.</remarks>
    private Instant NextTick(Instant now)
    {
        Instant next = _desk.NextDeadline(now);
        switch (_state)
        {
            case MemberState.Standby:
                next = Sooner(next, SuccessionDeadline(now), now);
                next = Sooner(next, _nextPresence, now);
                break;
            case MemberState.Active:
                next = Instant.Min(next, ReceivingDeadline(now));
                next = Sooner(next, Instant.Min(SendingDeadline(), CommitDeadline()), now);
                next = Sooner(next, SwitchoverDeadline(), now);
                next = Sooner(next, HandingDeadline(), now);
                next = Instant.Min(next, now + _policy.RequestTimeout);
                break;
            case MemberState.Alone:
            case MemberState.Freezing:
            case MemberState.Surrendering:
            case MemberState.Ended:
                next = Sooner(next, HandingDeadline(), now);
                next = Instant.Min(next, now + _policy.RequestTimeout);
                break;
        }

        return next;
    }

    private static Instant Sooner(Instant next, Instant deadline, Instant now) => deadline > now ? Instant.Min(next, deadline) : next;

    private RequestHeader Header() => new(Self, Copy.LedgerId, Copy.Revision, Copy.Term);

    private void Ask(RequestKind kind, MemberRequest body, Instant now, ICollection<MemberOutput> outputs)
    {
        _counters.Requests++;
        _desk.Send(kind, Header(), body, now, outputs);
    }

    private void Send(Incarnation to, MemberMessage message, ICollection<MemberOutput> outputs)
    {
        _counters.MessagesSent++;
        outputs.Add(new MemberOutput.ToMember(to, message));
    }

    /// <summary>Answers of a session that is gone will not come; what they did is in the next snapshot.</summary>
    private void ForgetRequests()
    {
        _desk.DropAll();
        TakeBackExtensions();
        TakeBackCoarse();
        TakeBackRegistrations();
        TakeBackCommits();
        _unansweredSince = null;
    }

    private void OnReplied(ulong id, HandlerReply reply, Instant now, ICollection<MemberOutput> outputs)
    {
        if (_desk.Answered(id) is not { } kind)
            return;
        bool granted = reply.Verdict == RequestVerdict.Granted;
        if (!granted && !(kind == RequestKind.Commit && IsAboutOneCommit(reply.Verdict)))
            _desk.Rest(kind, now + (kind == RequestKind.Promote ? _policy.HandlerPatience / 10 : _policy.RequestTimeout));
        if (reply.Verdict is RequestVerdict.LedgerBehind or RequestVerdict.OtherLedger)
            _scope.Note(RedundancyEventKind.RefusedGrantOfOlderLedger, reply.Verdict.ToString());
        switch (kind)
        {
            case RequestKind.Promote:
                OnPromotionAnswered(granted, now, outputs);
                break;
            case RequestKind.Extend:
                OnExtensionAnswered(reply);
                break;
            case RequestKind.Coarse:
                TakeBackCoarse();
                break;
            case RequestKind.Surrender:
                OnSurrenderAnswered(reply, outputs);
                break;
            case RequestKind.Register:
                OnRegistrationAnswered(reply);
                break;
            case RequestKind.Commit:
                OnCommitAnswered(reply);
                break;
            case RequestKind.Delete:
                if (granted)
                    _toDelete.RemoveRange(0, Math.Min(_deleting, _toDelete.Count));
                break;
        }
    }

    /// <summary>The records name incarnations, not names.</summary>
    private bool Same(Incarnation? named, Incarnation other) => named is { } one &&
        (InForce.HasFlag(Guards.G1Incarnations) ? one == other : one.Member == other.Member); // (G1)

    private WitnessView ViewOf(Incarnation member) => _views.GetValueOrDefault(member, WitnessView.Unknown);
}

/// <summary>Where a member stands; see the diagram of <see cref="MemberCore"/>.</summary>
public enum MemberState
{
    Joining,
    Standby,

    /// <summary>The designee took Term + 1 while the handler was away: it sends, and accepts when it is adopted.</summary>
    Alone,
    Active,

    /// <summary>A planned switchover: nothing is assigned or accepted any more, the data path drains.</summary>
    Freezing,
    Surrendering,

    /// <summary>The term is over for this member though the record still names it.</summary>
    Ended,
}
