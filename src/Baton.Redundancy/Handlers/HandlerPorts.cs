using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;

namespace Baton.Redundancy.Handlers;

/// <summary>What the handler's core is told.</summary>
public abstract record HandlerInput
{
    /// <summary>A member's session opened: it gets a snapshot and every later change in order.</summary>
    public sealed record Connected(Incarnation Member) : HandlerInput;

    /// <summary>A member's session closed: a suspicion, not a proof.</summary>
    public sealed record Disconnected(Incarnation Member) : HandlerInput;

    public sealed record Request(ulong RequestId, RequestHeader Header, MemberRequest Body) : HandlerInput;

    /// <summary>The handler's own witness of a member, from heartbeats.</summary>
    public sealed record Witness(Incarnation Member, WitnessView View) : HandlerInput;

    /// <summary>The operator asks for a planned switchover; the active is told.</summary>
    public sealed record OperatorSwitchover(string? To) : HandlerInput;

    public sealed record Tick : HandlerInput;
}

/// <summary>What a witness knows of an incarnation.</summary>
public enum WitnessView
{
    /// <summary>Nothing heard since the witness started, or the witness itself was late: no opinion yet.</summary>
    Unknown,
    Alive,

    /// <summary>Silent, hung or closed: a suspicion.</summary>
    Suspected,

    /// <summary>Its sentinel's authenticated notice: certain.</summary>
    Dead,
}

/// <summary>What the shell must do, in this order. A reply or a publication after a commit waits until that commit is durable.</summary>
public abstract record HandlerOutput
{
    /// <summary>Make the change durable. If that fails the shell answers all that waits with <see cref="RequestVerdict.StorageFailed"/>
    /// and builds a new core from what is on disk.</summary>
    public sealed record Commit(LedgerChange Change, IReadOnlyList<ulong> NewKeyTags) : HandlerOutput;

    public sealed record Reply(Incarnation To, ulong RequestId, HandlerReply Answer) : HandlerOutput;

    /// <summary>To every connected member, in order.</summary>
    public sealed record Publish(LedgerChange Change) : HandlerOutput;

    /// <summary>To one member that just connected.</summary>
    public sealed record SendSnapshot(Incarnation To, LedgerChange Snapshot) : HandlerOutput;

    /// <summary>Ask the holder to surrender to <paramref name="To"/> (null: its designee).</summary>
    public sealed record AskSwitchover(Incarnation Holder, string? To) : HandlerOutput;

    public sealed record Note(RedundancyEvent Event) : HandlerOutput;
}
