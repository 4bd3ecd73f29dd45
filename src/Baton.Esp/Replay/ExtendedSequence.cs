namespace Baton.Esp.Replay;

/// <summary>The high half of an extended number, which never travels, from the low half and the window (RFC 4303 A2.2).</summary>
/// <remarks>
/// <code>
///   Tl, Th   low and high half of the window's top;  W  its size;  Seql  what the packet carries
///   case A   Tl >= W-1 :  Seql >= Tl-W+1  ->  Th          else  Th + 1
///   case B   Tl &lt;  W-1 :  Seql >= Tl-W+1 (mod 2^32)  ->  Th - 1   else  Th
/// </code>
/// A sender that jumps ahead by less than 2^32 - W is followed rightly; Baton stays at or below 2^31.
/// </remarks>
public static class ExtendedSequence
{
    public static ulong Infer(uint low, ulong top, int windowSize)
    {
        uint topLow = (uint)top;
        ulong topHigh = top >> 32;
        uint bottom = unchecked(topLow - (uint)windowSize + 1);
        ulong high;
        if (topLow >= (uint)windowSize - 1)
            high = low >= bottom ? topHigh : topHigh + 1;
        else
            high = low >= bottom ? topHigh - 1 : topHigh;

        // Below zero: the subspace before the first does not exist, so the packet can only be of the first (A2.2 case B at Th = 0).
        if (topHigh == 0 && high == ulong.MaxValue)
            high = 0;
        return (high << 32) | low;
    }
}
