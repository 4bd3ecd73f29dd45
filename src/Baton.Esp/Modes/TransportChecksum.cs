using System.Buffers.Binary;
using Baton.Wire;
using Baton.Wire.Headers;

namespace Baton.Esp.Modes;

/// <summary>The TCP or UDP checksum of a transport-mode packet that came through a NAT (RFC 3948 3.1.2, procedure 1).</summary>
/// <remarks>The sender computed it over its own view of the addresses; the NAT changed them and could not change what is encrypted. The real addresses
/// come by IKE (NAT-OA, RFC 3947 5.2; in IKEv2 the traffic selectors, RFC 7296 2.23.1).</remarks>
public static class TransportChecksum
{
    private const byte Tcp = 6;
    private const byte Udp = 17;

    /// <summary>Makes a checksum that is right for the addresses which the sender saw right for those with which the packet arrived.</summary>
    /// <param name="segment">The opened payload.</param>
    /// <param name="nextHeader">Of the ESP trailer. Other protocols than TCP and UDP have nothing to mend.</param>
    /// <returns>False for a segment too short to hold its checksum.</returns>
    public static bool TryTranslate(
        Span<byte> segment, byte nextHeader, in IpAddress realSource, in IpAddress realDestination, in IpAddress source, in IpAddress destination)
    {
        int at = nextHeader switch { Tcp => 16, Udp => 6, _ => -1 };
        if (at < 0)
            return true;
        if (segment.Length < at + 2)
            return false;
        ushort checksum = BinaryPrimitives.ReadUInt16BigEndian(segment[at..]);
        if (nextHeader == Udp && checksum == 0)
            return true;  // none was computed (RFC 768)
        checksum = ChecksumUpdate.Replace(checksum, realSource, source);
        checksum = ChecksumUpdate.Replace(checksum, realDestination, destination);
        if (nextHeader == Udp && checksum == 0)
            checksum = 0xFFFF;
        BinaryPrimitives.WriteUInt16BigEndian(segment[at..], checksum);
        return true;
    }
}
