namespace Baton.Ike.Sas;

/// <summary>What a child SA carried, of one kind (bytes, packets), across takeovers: claimed in the record before it is carried, as numbers are leased.</summary>
/// <remarks>
/// <code>
///     |----- by members before -----|--- by this one ---|......| claimed        claimed again when half of a part is left of it
///                                                              a successor goes on from here
/// </code>
/// So an SA carries no more than its limit, whatever the number of takeovers, as far as members tell: half a part is there for what one carried since it told last. What a successor carries that fails
/// before it told anything is not known to the next one; a claim at each takeover would be a commit for each SA then. A takeover brings the rekey nearer by at most a part, and makes no commit itself.
/// </remarks>
internal struct CarriedTraffic
{
    /// <summary>Parts of a limit that are claimed at once: so many commits or twice as many in the life of an SA that ends by it.</summary>
    private const ulong Parts = 16;

    /// <summary>At most, by all members before this one. Not in the record.</summary>
    public ulong Before { get; private set; }

    /// <summary>In the record: no member carried more than this.</summary>
    public ulong Claimed { get; private set; }

    /// <summary>A successor's.</summary>
    public static CarriedTraffic Of(ulong claimed) => new() { Before = claimed, Claimed = claimed };

    /// <summary>By all members.</summary>
    public readonly ulong With(ulong here) => Before + Math.Min(here, ulong.MaxValue - Before);

    /// <summary>True: more is claimed now than the record says, and it must be written.</summary>
    /// <param name="here">What this member carried.</param>
    /// <param name="limit">0: nothing is claimed where there is no limit.</param>
    public bool Claim(ulong here, ulong limit)
    {
        ulong part = Math.Max(1, limit / Parts), carried = With(here);
        if (limit == 0 || carried > ulong.MaxValue - part || carried + (part / 2) < Claimed) return false;
        Claimed = carried + part;
        return true;
    }
}
