namespace Baton.Srtp;

/// <summary>The 48-bit index of SRTP, ROC || SEQ, of which the low 16 bits travel (RFC 3711 3.3.1, appendix A).</summary>
/// <remarks>
/// Leases, ceilings and windows count from 1, and 0 is "none yet"; an index starts at 0, and a talker may begin with it. So everywhere outside this project
/// an SA's <em>number</em> is its index plus 1 (SRTCP's, too). The very last index is never used.
/// <code>
///   s_l, ROC   low 16 and high 32 bits of the highest index so far
///   s_l &lt;  2^15 :  SEQ - s_l > 2^15  ->  ROC - 1    else ROC
///   s_l >= 2^15 :  s_l - 2^15 > SEQ  ->  ROC + 1    else ROC
/// </code>
/// A talker that jumps by less than 2^15 is followed rightly.
/// </remarks>
public static class SrtpIndex
{
    /// <summary>The last number: index 2^48 - 2 (<c>CounterSpace.Srtp</c> has as many).</summary>
    public const ulong LastNumber = (1UL << 48) - 1;

    /// <summary>The last number of SRTCP: index 2^31 - 2.</summary>
    public const ulong LastRtcpNumber = (1UL << 31) - 1;

    /// <summary>The number that a packet with this SEQ has, as far as can be told before it is authentic.</summary>
    /// <param name="top">The highest number so far, or the floor of a takeover; 0 for none: then SEQ is taken with a ROC of 0.</param>
    /// <returns><see cref="SrtpVerdict.Replayed"/>: from before the first index. <see cref="SrtpVerdict.SpaceEnded"/>: past the last.</returns>
    public static SrtpVerdict Estimate(ushort sequence, ulong top, out ulong number)
    {
        number = sequence + 1UL;
        if (top == 0)
            return SrtpVerdict.Passed;
        ushort low = (ushort)(top - 1);
        ulong rollover = (top - 1) >> 16;
        if (low < 1 << 15)
        {
            if (sequence - low > 1 << 15)
            {
                if (rollover == 0)
                    return SrtpVerdict.Replayed;
                rollover--;
            }
        }
        else if (low - (1 << 15) > sequence)
        {
            rollover++;
        }

        number = ((rollover << 16) | sequence) + 1;
        return number > LastNumber ? SrtpVerdict.SpaceEnded : SrtpVerdict.Passed;
    }
}
