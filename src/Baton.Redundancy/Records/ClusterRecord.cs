using System.Collections.Immutable;

namespace Baton.Redundancy.Records;

/// <summary>Who may do what: the term and the incarnations that the records name. One per ledger.</summary>
/// <param name="LedgerId">Drawn when the ledger was created; a member refuses grants of another ledger.</param>
/// <param name="Revision">Grows by one with every change of the ledger, SA records included.</param>
/// <param name="Term">Grows with each promotion; zero before the first. One active per term.</param>
/// <param name="Holder">The incarnation that owns <paramref name="Term"/>; null before the first promotion.</param>
/// <param name="HolderWasInSync">Was the holder in the in-sync set when it was promoted? It then starts from the fine
/// ceilings that it confirmed, else from the coarse ones in the records.</param>
/// <param name="Designee">The designated successor: <c>Term + 1</c> is reserved for it, for ever (G6: named at most once in a term).</param>
/// <param name="InSyncRevision">The revision of the set itself; changes of the set compare and set on it (G11).</param>
/// <param name="InSync">Standbys whose confirmation a fine ceiling needs (G9).</param>
/// <param name="SurrenderedTerm">The last term that ended by surrender; only term <c>SurrenderedTerm + 1</c> may start at
/// what its owner reported to the successor (<see cref="Messages.MemberMessage.ExactStates"/>, G8).</param>
public sealed record ClusterRecord(
    Guid LedgerId,
    ulong Revision,
    ulong Term,
    Incarnation? Holder,
    bool HolderWasInSync,
    Incarnation? Designee,
    ulong InSyncRevision,
    ImmutableArray<Incarnation> InSync,
    ulong? SurrenderedTerm)
{
    /// <summary>The number of the holder's last commit (<see cref="LedgerCommit"/>) that is in the ledger. They count from 1 for each holder: so a repetition is
    /// known as one, however late it comes, and a member reads from its copy which of its own have happened.</summary>
    public ulong Commits { get; init; }

    public static ClusterRecord Empty(Guid ledgerId) => new(ledgerId, 0, 0, null, false, null, 0, [], null);
}
