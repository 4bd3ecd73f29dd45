namespace Baton.Redundancy.Leases;

/// <summary>The numbers of one outbound SA that this incarnation may assign now.</summary>
/// <remarks>One owner thread. After a takeover the range is computed on first use: a promotion touches no SA (P5).</remarks>
public sealed class OutboundLease
{
    /// <summary>Assigns the next number, or refuses: not active, frozen, the lease is at its end, or the SA must be rekeyed.</summary>
    public bool TryTake(out ulong number) => throw new NotImplementedException();

    /// <summary>The next number that would be assigned (the F of a surrender).</summary>
    public ulong Next => throw new NotImplementedException();

    /// <summary>The last number that may be assigned now.</summary>
    public ulong Limit => throw new NotImplementedException();
}
