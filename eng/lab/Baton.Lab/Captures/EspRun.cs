using System.Buffers.Binary;

namespace Baton.Lab.Captures;

/// <summary>A run of ESP datagrams as one frame carries it: all but the last are equally long, and a capture does not say how long.</summary>
/// <remarks>
/// <code>
///   | SPI n ...... | SPI n+1 .... | SPI n+2 .. |        the same SPI and the next number where the next one begins
///   \__ segment __/\__ segment __/\_ shorter _/
/// </code>
/// A length that fits by chance has met 64 bits of ciphertext that happen to be right. A run of several SAs is not told apart.
/// </remarks>
public static class EspRun
{
    /// <summary>SPI and sequence number.</summary>
    private const int Header = 8;

    /// <summary>False: it is one datagram, or not captured far enough, or of several SAs.</summary>
    /// <param name="segment">The length of each but the last.</param>
    public static bool TryCut(ReadOnlySpan<byte> payload, out int segment)
    {
        for (segment = Header; segment <= payload.Length - Header; segment++)
        {
            if (IsCutAt(payload, segment)) return true;
        }

        return false;
    }

    private static bool IsCutAt(ReadOnlySpan<byte> payload, int segment)
    {
        ReadOnlySpan<byte> spi = payload[..4];
        uint number = BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
        for (ReadOnlySpan<byte> rest = payload[segment..]; ; rest = rest[segment..])
        {
            if (rest.Length < Header || !rest.StartsWith(spi) || BinaryPrimitives.ReadUInt32BigEndian(rest[4..]) != ++number) return false;
            if (rest.Length <= segment) return true;
        }
    }
}
