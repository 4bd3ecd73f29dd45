using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Redundancy.Tracking;

namespace Baton.Redundancy.Members;

/// <summary>What a member's core is told. One thread owns the core, its leases and its ceilings.</summary>
public abstract record MemberInput
{
    /// <summary>The session with the handler is up; a snapshot follows as the first <see cref="Changed"/>.</summary>
    public sealed record HandlerConnected : MemberInput;

    public sealed record HandlerLost : MemberInput;

    /// <summary>Some records of a snapshot whose last part comes as <see cref="Changed"/>: so that a large copy is no long step. Nothing of it counts before
    /// that; a session that breaks in between begins anew.</summary>
    public sealed record SnapshotPart(ClusterRecord Cluster, IReadOnlyList<SaRecord> Records) : MemberInput;

    public sealed record Changed(LedgerChange Change) : MemberInput;

    public sealed record Replied(ulong RequestId, HandlerReply Reply) : MemberInput;

    public sealed record FromMember(MemberMessage Message) : MemberInput;

    /// <summary>What this member's own failure detector says of another incarnation.</summary>
    public sealed record Witness(Incarnation Of, Handlers.WitnessView View) : MemberInput;

    /// <summary>New SAs to register (active only; ids come back through the copy).</summary>
    public sealed record RegisterSas(IReadOnlyList<SaRecord> Sas) : MemberInput;

    /// <summary>Commit IKE state and SAs together (active only). Answered once with <see cref="MemberOutput.Committed"/> or
    /// <see cref="MemberOutput.CommitFailed"/> of the same token; in order with other commits. While the handler is away it waits.</summary>
    public sealed record Commit(ulong Token, LedgerCommit What) : MemberInput;

    public sealed record DeleteSas(IReadOnlyList<SaId> Sas) : MemberInput;

    /// <summary>Operator, handler or SIGTERM: hand over by surrender. To null: the designee.</summary>
    public sealed record BeginSwitchover(string? To) : MemberInput;

    /// <summary>How healthy this member's paths are, to be told to the others with its presence.</summary>
    public sealed record Paths(PathHealth Health) : MemberInput;

    /// <summary>The shell's answer to <see cref="MemberOutput.Freeze"/>: workers drained, the path skew passed; nothing changes any more.</summary>
    public sealed record Drained : MemberInput;

    /// <summary>Time passed, or the data path left work (<see cref="MemberCore.HasWork"/>).</summary>
    public sealed record Tick : MemberInput;
}

/// <summary>What the shell must do, in order.</summary>
public abstract record MemberOutput
{
    public sealed record ToHandler(ulong RequestId, RequestHeader Header, MemberRequest Body) : MemberOutput;

    public sealed record ToMember(Incarnation To, MemberMessage Message) : MemberOutput;

    /// <summary>This member may send now in <paramref name="Term"/>; take the address. O(1): no SA is touched.</summary>
    /// <param name="MayReceive">False while a designee that acted alone waits for adoption (G7).</param>
    public sealed record BecameActive(ulong Term, bool MayReceive) : MemberOutput;

    /// <summary>Inbound is allowed from now on (adopted).</summary>
    public sealed record ReceivingAllowed(ulong Term) : MemberOutput;

    /// <summary>Deposed, surrendered or out of its address: stop sending and accepting, give up the address.</summary>
    public sealed record BecameStandby(ulong HighestTerm) : MemberOutput;

    /// <summary>Planned: assign no more numbers, accept no more; hand every packet that still comes to <paramref name="Successor"/>;
    /// when the workers are drained answer with <see cref="MemberInput.Drained"/>.</summary>
    public sealed record Freeze(ulong Term, Incarnation Successor) : MemberOutput;

    /// <summary>The surrender did not come about and the term is over for this member all the same, or it is done: see the next outputs.</summary>
    public sealed record SurrenderEnded(bool Done) : MemberOutput;

    /// <summary>The ceiling of these inbound SAs rose: packets held for them may go on.</summary>
    public sealed record CeilingsRose(IReadOnlyList<SaId> Sas) : MemberOutput;

    /// <summary>The copy changed: the shell unseals and builds what it needs for these records, or drops those deleted. Of a snapshot: what is new or
    /// different, and what is gone.</summary>
    public sealed record RecordsChanged(LedgerChange Change) : MemberOutput;

    /// <summary>It is in the ledger, and in the designee's copy where one is named: what is bound to it may leave.</summary>
    public sealed record Committed(ulong Token) : MemberOutput;

    /// <summary>It will not be, or nobody here can tell any more: what is bound to it must never leave. A deposed member's successor goes by the records.</summary>
    public sealed record CommitFailed(ulong Token, CommitFailure Why, string Detail) : MemberOutput;

    public sealed record Note(RedundancyEvent Event) : MemberOutput;
}

/// <summary>May an authenticated number be accepted now?</summary>
public enum Admission
{
    /// <summary>At or below the ceiling: mark the window and deliver.</summary>
    Accept,

    /// <summary>Above the ceiling: keep the packet, authenticated, until <see cref="MemberOutput.CeilingsRose"/>.</summary>
    Hold,

    /// <summary>Not above the floor this incarnation started from: a predecessor may have accepted it.</summary>
    Replayed,

    /// <summary>This member may not receive (standby, frozen, or acted alone).</summary>
    NotActive,
}

/// <summary>Why a commit came to nothing.</summary>
public enum CommitFailure
{
    /// <summary>This member is not active, or is not any more.</summary>
    NotActive,

    /// <summary>Too many wait already (the handler is away).</summary>
    TooManyWait,

    /// <summary>Too many records, or one that is too long.</summary>
    TooLarge,

    /// <summary>A key was registered before (G2).</summary>
    KeySeenBefore,
    Malformed,
}
