using System.Buffers.Binary;
using System.Net;
using Baton.Esp.Modes;
using Baton.Wire;
using Baton.Wire.Offload;

namespace Baton.Interop.Esp;

internal static class TestPackets
{
    /// <summary>IP and UDP with right checksums, so that no other implementation has a reason to change them.</summary>
    public static byte[] Udp(int version, int payloadLength)
    {
        (string source, string destination) = version == 4 ? ("10.0.0.1", "10.0.0.2") : ("2001:db8::1", "2001:db8::2");
        int header = version == 4 ? 20 : 40;
        byte[] packet = new byte[header + 8 + payloadLength];
        TransportMode.WriteHeader(
            packet, 8 + payloadLength, 17, IpAddress.From(IPAddress.Parse(source)), IpAddress.From(IPAddress.Parse(destination)), 64);
        Span<byte> udp = packet.AsSpan(header);
        BinaryPrimitives.WriteUInt16BigEndian(udp, 40_000);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], 9);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        for (int i = 8; i < udp.Length; i++)
            udp[i] = (byte)(i * 3);
        ReadOnlySpan<byte> addresses = version == 4 ? packet.AsSpan(12, 8) : packet.AsSpan(8, 32);
        ushort checksum = InternetChecksum.Finish(InternetChecksum.Add(InternetChecksum.PseudoHeader(addresses, 17, udp.Length), udp));
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], checksum);
        return packet;
    }

    public static byte[] Bytes(int first, int count) => [.. Enumerable.Range(first, count).Select(i => (byte)i)];
}
