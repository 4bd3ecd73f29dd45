namespace Baton.Ike;

/// <summary>What one child SA may carry before it is rekeyed; 0 bytes or packets: no such limit.</summary>
/// <param name="NumbersLeft">It is rekeyed when fewer outbound numbers than this are left.</param>
/// <remarks>
/// Less than its policy says, by a part of the jitter, so that SAs which carry the same do not come due together, nor both ends of one (RFC 7296 section 2.8). The part follows from
/// our SPI, which is random: a successor finds the same limits without a record of them.
/// </remarks>
public readonly record struct TrafficLimits(ulong Bytes, ulong Packets, ulong NumbersLeft)
{
    internal static TrafficLimits Of(ChildLifetime policy, uint inboundSpi)
    {
        double part = Math.Clamp(policy.Time.Jitter, 0, 1) * inboundSpi / uint.MaxValue;
        return new(Share(policy.Bytes, 1 - part), Share(policy.Packets, 1 - part), Share(policy.SequenceHeadroom, 1 + part));
    }

    /// <param name="bytes">By all members, packets too.</param>
    internal bool AreReached(ulong bytes, ulong packets, ulong numbersLeft) =>
        (Bytes > 0 && bytes >= Bytes) || (Packets > 0 && packets >= Packets) || numbersLeft < NumbersLeft;

    /// <summary>A limit stays one: 0 would lift it.</summary>
    private static ulong Share(ulong limit, double part) => limit == 0 ? 0 : Math.Max(1, (ulong)(limit * part));
}
