using Baton.Redundancy.Records;
using Baton.Redundancy.Tracking;

namespace Baton.Redundancy.Messages;

/// <summary>Member to member, in memory, over an authenticated datagram path that may lose, repeat and reorder.</summary>
public abstract record MemberMessage(Incarnation From, ulong Term)
{
    /// <summary>The active's fine ceilings, batched per tick. The newest tick per SA wins at the standby.</summary>
    /// <param name="Tick">Grows with every message of this active in this term.</param>
    /// <param name="FullCopy">Identifies the full copy that this message is a part of (G12), 0 = not part of one.</param>
    /// <param name="Part">Which part of <paramref name="Parts"/> of the full copy.</param>
    public sealed record FineCeilings(
        Incarnation From, ulong Term, ulong Tick, ulong FullCopy, int Part, int Parts,
        IReadOnlyList<(SaId Id, ulong Ceiling)> Ceilings) : MemberMessage(From, Term);

    /// <summary>A standby's answer: it holds tick <paramref name="Tick"/>, and its copy of the ledger has <paramref name="Revision"/>.</summary>
    /// <remarks>Sent on each FineCeilings, and alone (Tick 0) when the copy advances while the sender is designee. A member that has
    /// taken a term confirms nothing of a lower one (G5, G10).</remarks>
    public sealed record Confirm(
        Incarnation From, ulong Term, ulong Tick, ulong FullCopy, int Part, ulong Revision) : MemberMessage(From, Term);

    /// <summary>An active that lost the handler asks its designee, which has one, to pass its surrender on.</summary>
    public sealed record RelaySurrender(Incarnation From, ulong Term, Incarnation To) : MemberMessage(From, Term);

    /// <summary>The sender has stopped working in this term, for good, and cannot reach the handler to go on in another: who can takes it for what a death
    /// notice is. It stays true for ever, so it may come late, twice, or be played back.</summary>
    public sealed record TermOver(Incarnation From, ulong Term) : MemberMessage(From, Term);

    /// <summary>The exact state of some SAs, from an active that is about to hand over to its designee: first of all SAs, while it works; then, frozen,
    /// of those that changed since. The newest tick of an SA wins. It counts only when the record says that this term was surrendered.</summary>
    /// <param name="Tick">Of the same row as those of <see cref="FineCeilings"/>; answered by a <see cref="Confirm"/>.</param>
    public sealed record ExactStates(
        Incarnation From, ulong Term, ulong Tick,
        IReadOnlyList<(SaId Id, ulong Next)> Outbound,
        IReadOnlyList<(SaId Id, WindowReport Window)> Inbound) : MemberMessage(From, Term);

    /// <summary>A standby's sign of presence: to the active, so that it may take it into the set and knows whether it has a handler; and to the other
    /// standbys, so that of several the healthiest follows an active that died.</summary>
    /// <param name="Paths">How well it could do the active's work.</param>
    public sealed record Present(Incarnation From, ulong Term, ulong Revision, bool HasHandler, PathHealth Paths = PathHealth.Good) : MemberMessage(From, Term);
}
