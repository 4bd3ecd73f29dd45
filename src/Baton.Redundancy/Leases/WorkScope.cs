using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Leases;

/// <summary>What all leases and ceilings of one member share: may it work, in which term, and who waits for attention.</summary>
/// <remarks>
/// A promotion, a freeze or a deposition changes a few numbers here and touches no SA (P5): a lease or ceiling compares its own generation
/// with the one here and finds its range when it is next used. One owner thread, the core's.
/// </remarks>
internal sealed class WorkScope(MemberPolicy policy, Guards inForce)
{
    public MemberPolicy Policy { get; } = policy;

    public Guards InForce { get; } = inForce;

    /// <summary>The time of the last step; between steps the data path has no better one, and needs none.</summary>
    public Instant Now;

    public ClusterRecord? Cluster;

    /// <summary>The term of the current or last work.</summary>
    public ulong Term;

    /// <summary>Grows with every term worked in; names the ranges that leases have computed.</summary>
    public ulong Work;

    /// <summary><see cref="Work"/> while numbers may be assigned, else 0.</summary>
    public ulong Sending;

    /// <summary>Grows with every start of receiving from a floor or a reported window; a move to Term + 2 is none.</summary>
    public ulong ReceiveStart;

    /// <summary>The term of that start: what was registered since has no earlier receiver.</summary>
    public ulong ReceiveTerm;

    /// <summary>Does that start lie at the fine ceilings that this member confirmed, or at the coarse ones of the records?</summary>
    public bool StartsFine;

    /// <summary>The term whose holder gave those fine ceilings.</summary>
    public ulong TableTerm;

    /// <summary>Grows whenever the limits of all ceilings must be computed anew; <see cref="Admitting"/> is it, or 0 while nothing may be accepted.</summary>
    public ulong Epoch;

    public ulong Admitting;

    /// <summary>Slots of the members whose confirmation a number needs (G9).</summary>
    public uint WaitedFor;

    /// <summary>Slots of all members that are told: those waited for and a newcomer that is being brought into sync.</summary>
    public uint Told;

    /// <summary>How long a confirmation takes, smoothed: the lead covers it.</summary>
    public double RoundTripNanoseconds = policy.CeilingTick.TotalNanoseconds;

    public readonly List<OutboundLease> LowLeases = [];
    public readonly List<InboundCeiling> FineDirty = [];
    public readonly List<InboundCeiling> CoarseDirty = [];
    public readonly List<InboundCeiling> Holding = [];
    public readonly List<InboundCeiling> Leading = [];
    public readonly List<RedundancyEvent> Notes = [];
    public bool HasWork;

    public void Note(RedundancyEventKind kind, string detail)
    {
        Notes.Add(new RedundancyEvent(kind, Term, detail));
        HasWork = true;
    }

    public void Forget()
    {
        LowLeases.Clear();
        FineDirty.Clear();
        CoarseDirty.Clear();
        Leading.Clear();
    }

    /// <summary>About <see cref="MemberPolicy.LeaseTime"/> of the measured rate, within what the peer's inference and the space allow.</summary>
    public ulong SizeOfLease(CounterSpace space, ulong sliceSize, ulong used, Instant since)
    {
        // A burst is no rate: over less than a second it would put a coarse ceiling so far ahead that a cold successor refuses traffic for minutes.
        double elapsed = Math.Max((Now - since).TotalSeconds, 1);
        double wanted = Math.Max(used / elapsed * Policy.LeaseTime.TotalSeconds, Policy.LeaseMinimum);
        ulong sixteenth = space.SafeJump / 16;
        ulong most = sixteenth > sliceSize ? sixteenth - sliceSize : Math.Max(1, space.SafeJump / 32);
        return wanted >= most ? most : (ulong)wanted;
    }
}
