using Baton.Ike;
using Baton.Redundancy.Members;
using Baton.Wire;

namespace Baton.Gateway.Engine;

/// <summary>Commits of IKE on their way to the core, in their order. One that deletes an SA whose packets still wait for a confirmation waits for it (RFC 7296 2.8), and with it those behind.</summary>
/// <remarks>
/// <code>
///   peer:   ESP 7, ESP 8, DELETE
///   active:  hold 7, 8 ── ask for a ceiling ──► standbys ── confirmed ──► deliver 7, 8 ──► commit the delete ──► answer
/// </code>
/// With the delete committed first, the SA and its ceiling would be gone before the confirmation comes, and what had arrived in time would be dropped. Only the order changes:
/// a packet is delivered below a confirmed ceiling, or not at all (G9). What cannot be confirmed goes with its SA after <see cref="Patience"/>, counted as <c>esp.unknown-spi</c>.
/// </remarks>
/// <param name="isHolding">Do packets of this pair wait for a confirmation?</param>
/// <param name="patience">Null: <see cref="Patience"/>.</param>
internal sealed class DrainingCommits(Func<ChildSaId, bool> isHolding, TimeSpan? patience = null)
{
    /// <summary>
    /// Longer than an active bears unconfirmed ceilings: by then the member that does not confirm is out of the in-sync set, and what waited for it is delivered, or this member has
    /// given up its address.
    /// </summary>
    public static readonly TimeSpan Patience = UntilASilentMemberIsOut(new MemberPolicy()) + TimeSpan.FromMilliseconds(50);

    /// <summary>It is found silent, asked to be taken out, and the answer does not come.</summary>
    public static TimeSpan UntilASilentMemberIsOut(MemberPolicy policy) => policy.CeilingPatience + policy.RequestTimeout + policy.CeilingPatience;

    private readonly Queue<(MemberInput.Commit Commit, IReadOnlyList<ChildSaId> Deleted, Instant Until)> _waiting = new();

    /// <summary>How many had to wait for packets of theirs.</summary>
    public long PutOff { get; private set; }

    private bool _headWaits;

    /// <param name="deleted">The pairs that it deletes.</param>
    public void Add(MemberInput.Commit commit, IReadOnlyList<ChildSaId> deleted, Instant now) => _waiting.Enqueue((commit, deleted, now + (patience ?? Patience)));

    /// <summary>The next one that may go now; null: there is none, or it waits.</summary>
    public MemberInput.Commit? Next(Instant now)
    {
        if (!_waiting.TryPeek(out (MemberInput.Commit Commit, IReadOnlyList<ChildSaId> Deleted, Instant Until) head))
            return null;
        if (now < head.Until && head.Deleted.Any(isHolding))
        {
            PutOff += _headWaits ? 0 : 1;
            _headWaits = true;
            return null;
        }

        _headWaits = false;
        _waiting.Dequeue();
        return head.Commit;
    }
}
