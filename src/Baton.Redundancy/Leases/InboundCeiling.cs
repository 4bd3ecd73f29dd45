using Baton.Redundancy.Members;
using Baton.Redundancy.Records;

namespace Baton.Redundancy.Leases;

/// <summary>How far this incarnation may accept on one inbound SA, and above what (DESIGN: ceilings, mirrored leases).</summary>
/// <remarks>
/// One owner thread. The data path asks with a number whose packet is authenticated, then marks its own replay window.
/// When <see cref="Start"/> changes (a takeover), the data path re-bases its window before the next packet: above the floor, or from the exact window.
/// </remarks>
public sealed class InboundCeiling
{
    public Admission Admit(ulong number) => throw new NotImplementedException();

    /// <summary>Changes identity with each term in which this member starts to accept: re-base the replay window when it differs from the last one seen.</summary>
    public InboundStart Start => throw new NotImplementedException();

    /// <summary>The highest number that may be accepted now.</summary>
    public ulong Ceiling => throw new NotImplementedException();
}

/// <summary>Where a term's receiving starts: above a floor, or with the exact window of a surrender.</summary>
/// <param name="Generation">Grows by one with each start; 0 is "never".</param>
public readonly record struct InboundStart(ulong Generation, ulong Floor, WindowReport? Window);
