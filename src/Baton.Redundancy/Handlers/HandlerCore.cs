using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Handlers;

/// <summary>The handler: keeps the SA records and the term, grants and promotes. Sans-IO.</summary>
public sealed class HandlerCore
{
    /// <param name="restored">The ledger as it is on disk: a snapshot; an empty cluster record for a new one.</param>
    /// <param name="keyTags">Every key tag ever registered.</param>
    /// <param name="nextSaId">Above every id ever given.</param>
    public HandlerCore(HandlerPolicy policy, LedgerChange restored, IEnumerable<ulong> keyTags, ulong nextSaId)
        : this(policy, restored, keyTags, nextSaId, Guards.All)
    {
    }

    internal HandlerCore(HandlerPolicy policy, LedgerChange restored, IEnumerable<ulong> keyTags, ulong nextSaId, Guards guards)
    {
        _ = (policy, restored, keyTags, nextSaId, guards);
    }

    public ClusterRecord Cluster => throw new NotImplementedException();

    public Instant Step(HandlerInput input, Instant now, ICollection<HandlerOutput> outputs) => throw new NotImplementedException();
}
