namespace Baton.Wire.Headers;

/// <summary>Changes an Internet checksum with the field it covers, without looking at the rest (RFC 1624, equation 3).</summary>
public static class ChecksumUpdate
{
    /// <summary>HC' = ~(~HC + ~m + m').</summary>
    /// <param name="checksum">The field's value before.</param>
    /// <param name="before">The 16-bit word before.</param>
    /// <param name="after">And after.</param>
    public static ushort Replace(ushort checksum, ushort before, ushort after)
    {
        uint sum = (uint)(ushort)~checksum + (ushort)~before + after;
        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }

    /// <summary>The same for an address of the pseudo-header. Both are of one family.</summary>
    public static ushort Replace(ushort checksum, in IpAddress before, in IpAddress after)
    {
        checksum = Replace(checksum, before.Low, after.Low);
        return before.IsV4 ? checksum : Replace(checksum, before.High, after.High);
    }

    private static ushort Replace(ushort checksum, ulong before, ulong after)
    {
        for (int shift = 0; shift < 64; shift += 16)
            checksum = Replace(checksum, (ushort)(before >> shift), (ushort)(after >> shift));
        return checksum;
    }
}
