using Baton.Redundancy.Records;

namespace Baton.Redundancy.Messages;

/// <summary>What the sender has seen; it travels with every request. A handler behind this has lost records.</summary>
public readonly record struct RequestHeader(Incarnation From, Guid? LedgerId, ulong HighestRevision, ulong HighestTerm);

/// <summary>A request of a member to the handler. Writes name their term and are refused when that is not the current one (G2).</summary>
public abstract record MemberRequest
{
    /// <summary>New SA records (ids are given by the handler; <see cref="SaRecord.Id"/> of the argument is ignored).</summary>
    public sealed record Register(ulong Term, IReadOnlyList<SaRecord> Sas) : MemberRequest;

    /// <summary>Raise base limits. Each sets L and t0 = Term when L is not below the end of the range already owned (G4).</summary>
    public sealed record Extend(ulong Term, IReadOnlyList<(SaId Id, ulong Limit, ulong LastAuthenticated)> Limits) : MemberRequest;

    public sealed record RaiseCoarse(ulong Term, IReadOnlyList<(SaId Id, ulong Ceiling)> Ceilings) : MemberRequest;

    /// <summary>Compare-and-set of the in-sync set on its own revision (G11).</summary>
    public sealed record ChangeInSync(ulong Term, ulong ExpectedInSyncRevision, IReadOnlyList<Incarnation> InSync) : MemberRequest;

    /// <summary>Name the designated successor of this term; refused when one has been named in it (G6).</summary>
    public sealed record NameDesignee(ulong Term, Incarnation Designee) : MemberRequest;

    /// <summary>The holder moves itself to Term + 2, because its designee does not confirm; Term + 1 stays reserved for ever.</summary>
    public sealed record MoveOn(ulong Term) : MemberRequest;

    /// <summary>Make me the holder: the first holder of all (Term 0), or the successor of a failed one.</summary>
    /// <param name="Certain">The sentinel's authenticated death notice was seen; else the handler's own witness is asked.</param>
    public sealed record Promote(ulong Term, Incarnation? Failed, bool Certain) : MemberRequest;

    /// <summary>The designee took Term + 1 alone while the handler was away: adopt it by compare-and-set Term -> Term + 1.</summary>
    public sealed record AdoptDesignee(ulong Term) : MemberRequest;

    /// <summary>Planned end of a term: promotes the designee to Term + 1. Asked for only when the designee has confirmed the last exact state of
    /// every SA (G13): <see cref="MemberMessage.ExactStates"/>. So the write is one row, whatever the number of SAs (P5).</summary>
    public sealed record Surrender(ulong Term, Incarnation To) : MemberRequest;

    /// <summary>Commits in order, the first of them number <paramref name="First"/> of this holder. Those that the ledger has are skipped; the first that
    /// cannot be ends the write: those before it are granted, <see cref="ClusterRecord.Commits"/> tells, and the verdict is its own.</summary>
    public sealed record Commit(ulong Term, ulong First, IReadOnlyList<LedgerCommit> Commits) : MemberRequest;

    public sealed record Delete(ulong Term, IReadOnlyList<SaId> Sas) : MemberRequest;
}

/// <summary>The handler's answer. What was granted is read from the copy of the ledger, at or after <paramref name="Revision"/>, never from the answer.</summary>
public sealed record HandlerReply(RequestVerdict Verdict, ulong Revision, string? Detail = null);

/// <summary>What became of a request; each verdict has its counter.</summary>
public enum RequestVerdict
{
    Granted,
    NotCurrentTerm,
    NotHolder,
    NotInSync,
    DesigneeAlreadyNamed,
    StaleInSyncRevision,
    LimitTooLow,
    KeySeenBefore,
    UnknownSa,
    HolderAlive,
    OtherLedger,
    LedgerBehind,
    Damped,
    StorageFailed,
    Malformed,
}
