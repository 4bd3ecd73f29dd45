namespace Baton.Redundancy;

/// <summary>A counter as its protocol sees it: how wide it is, how much of it travels, and how far it may jump.</summary>
/// <param name="Bits">Width of the counter, 1 to 64.</param>
/// <param name="WireBits">The low bits that travel in a packet; the receiver infers the rest.</param>
/// <param name="SafeJump">The farthest jump, from what the peer last authenticated, that the peer follows.</param>
public readonly record struct CounterSpace(int Bits, int WireBits, ulong SafeJump)
{
    /// <summary>ESP with 32-bit numbers (RFC 4303 2.2): any jump; the space itself is the budget.</summary>
    public static readonly CounterSpace Esp32 = new(32, 32, uint.MaxValue);

    /// <summary>ESP with extended numbers (RFC 4303 2.2.1): inference needs a jump below 2^32 - W (A2.2); stay at or below 2^31.</summary>
    public static readonly CounterSpace EspExtended = new(64, 32, 1UL << 31);

    /// <summary>IVs of an IKE SA with an AEAD (RFC 5282 3.1): all 64 bits travel and the peer infers nothing, so any jump.</summary>
    public static readonly CounterSpace IkeIv = new(64, 64, ulong.MaxValue);

    /// <summary>SRTP (RFC 3711 3.3.1): below 2^15. Slice and lease stay below 1/16 of that together, so one takeover jumps by less than 2,048, which a
    /// receiver takes for loss and not for another stream (RFC 3550 A.1: 3,000). A number is the index plus 1: numbers begin at 1, an index at 0.</summary>
    public static readonly CounterSpace Srtp = new(48, 16, (1UL << 15) - 1);

    /// <summary>SRTCP (RFC 3711 3.4): the whole index travels, so any jump. A number is the index plus 1.</summary>
    public static readonly CounterSpace Srtcp = new(31, 31, int.MaxValue);

    /// <summary>The last number of the space.</summary>
    public ulong Maximum => Bits == 64 ? ulong.MaxValue : (1UL << Bits) - 1;

    /// <summary>The size of a slice where nobody names one: 1/64 of the safe jump; 2^12 slices where any jump is followed and the space itself is the budget; never more
    /// than 2^24.</summary>
    internal ulong SliceSize => Math.Clamp(SafeJump >= Maximum ? (Maximum >> 12) + 1 : SafeJump / 64, 1, 1UL << 24);
}
