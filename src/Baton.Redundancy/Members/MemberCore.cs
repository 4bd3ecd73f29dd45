using Baton.Redundancy.Leases;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Members;

/// <summary>A member of the cluster: standby, active, deposed. Sans-IO.</summary>
public sealed class MemberCore
{
    private readonly MemberPolicy _policy;

    public MemberCore(Incarnation self, MemberPolicy policy)
        : this(self, policy, Guards.All)
    {
    }

    internal MemberCore(Incarnation self, MemberPolicy policy, Guards guards)
    {
        (Self, _policy, InForce) = (self, policy, guards);
    }

    public Incarnation Self { get; }

    internal Guards InForce { get; }

    /// <summary>The data path crossed a mark (a lease runs low, a ceiling is reached): step with <see cref="MemberInput.Tick"/> soon.</summary>
    public bool HasWork { get; private set; }

    public bool IsActive { get; private set; }

    public ulong Term { get; private set; }

    /// <summary>Takes one input, appends what must be done, returns when to tick again.</summary>
    public Instant Step(MemberInput input, Instant now, ICollection<MemberOutput> outputs) => throw new NotImplementedException();

    /// <summary>The lease of an outbound SA; null when the copy has none. Stable for the life of the record: keep it with the SA.</summary>
    public OutboundLease? Outbound(SaId id) => throw new NotImplementedException();

    /// <summary>The ceiling of an inbound SA; null when the copy has none. Stable for the life of the record.</summary>
    public InboundCeiling? Inbound(SaId id) => throw new NotImplementedException();
}
