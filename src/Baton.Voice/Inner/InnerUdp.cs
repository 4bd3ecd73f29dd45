using System.Buffers.Binary;

namespace Baton.Voice.Inner;

/// <summary>An inner packet as a host behind a tunnel sends it: IPv4 (RFC 791) with UDP (RFC 768) in it. A view.</summary>
public readonly ref struct InnerUdp
{
    public const int HeaderBytes = IpHeaderBytes + UdpHeaderBytes;

    private const int IpHeaderBytes = 20;
    private const int UdpHeaderBytes = 8;
    private const byte UdpProtocol = 17;

    private InnerUdp(uint source, uint destination, ushort sourcePort, ushort destinationPort, ReadOnlySpan<byte> payload)
    {
        Source = source;
        Destination = destination;
        SourcePort = sourcePort;
        DestinationPort = destinationPort;
        Payload = payload;
    }

    public uint Source { get; }

    public uint Destination { get; }

    public ushort SourcePort { get; }

    public ushort DestinationPort { get; }

    public ReadOnlySpan<byte> Payload { get; }

    public static bool TryParse(ReadOnlySpan<byte> packet, out InnerUdp udp)
    {
        udp = default;
        if (packet.Length < HeaderBytes || packet[0] >> 4 != 4)
            return false;
        int headerBytes = (packet[0] & 0x0f) * 4;
        int totalBytes = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        if (headerBytes < IpHeaderBytes || totalBytes > packet.Length || totalBytes < headerBytes + UdpHeaderBytes)
            return false;
        // Neither a fragment nor anything but UDP (RFC 791 3.1).
        if (packet[9] != UdpProtocol || (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x3fff) != 0)
            return false;
        if (Fold(Sum(packet[..headerBytes], 0)) != 0xffff)
            return false;

        ReadOnlySpan<byte> segment = packet[headerBytes..totalBytes];
        int udpBytes = BinaryPrimitives.ReadUInt16BigEndian(segment[4..]);
        if (udpBytes < UdpHeaderBytes || udpBytes > segment.Length)
            return false;
        uint source = BinaryPrimitives.ReadUInt32BigEndian(packet[12..]);
        uint destination = BinaryPrimitives.ReadUInt32BigEndian(packet[16..]);
        segment = segment[..udpBytes];
        // Zero: the sender computed none (RFC 768).
        if (BinaryPrimitives.ReadUInt16BigEndian(segment[6..]) != 0 && Fold(PseudoSum(source, destination, segment)) != 0xffff)
            return false;

        udp = new InnerUdp(
            source,
            destination,
            BinaryPrimitives.ReadUInt16BigEndian(segment),
            BinaryPrimitives.ReadUInt16BigEndian(segment[2..]),
            segment[UdpHeaderBytes..]);
        return true;
    }

    /// <summary>Puts the headers before a payload that lies already at <see cref="HeaderBytes"/>. Returns the packet's length.</summary>
    public static int WriteHeaders(
        Span<byte> packet, int payloadBytes, uint source, uint destination, ushort sourcePort, ushort destinationPort, ushort id)
    {
        int totalBytes = HeaderBytes + payloadBytes;
        packet[..HeaderBytes].Clear();
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)totalBytes);
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], id);
        packet[6] = 0x40; // don't fragment
        packet[8] = 64;
        packet[9] = UdpProtocol;
        BinaryPrimitives.WriteUInt32BigEndian(packet[12..], source);
        BinaryPrimitives.WriteUInt32BigEndian(packet[16..], destination);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], (ushort)~Fold(Sum(packet[..IpHeaderBytes], 0)));

        Span<byte> segment = packet[IpHeaderBytes..totalBytes];
        BinaryPrimitives.WriteUInt16BigEndian(segment, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(segment[2..], destinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(segment[4..], (ushort)segment.Length);
        ushort checksum = (ushort)~Fold(PseudoSum(source, destination, segment));
        BinaryPrimitives.WriteUInt16BigEndian(segment[6..], checksum == 0 ? (ushort)0xffff : checksum);
        return totalBytes;
    }

    private static uint PseudoSum(uint source, uint destination, ReadOnlySpan<byte> segment) =>
        Sum(segment, (source >> 16) + (source & 0xffff) + (destination >> 16) + (destination & 0xffff) + UdpProtocol + (uint)segment.Length);

    private static uint Sum(ReadOnlySpan<byte> bytes, uint sum)
    {
        while (bytes.Length >= 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
            bytes = bytes[2..];
        }

        return bytes.Length == 0 ? sum : sum + (uint)(bytes[0] << 8);
    }

    private static uint Fold(uint sum)
    {
        while (sum > 0xffff)
            sum = (sum & 0xffff) + (sum >> 16);
        return sum;
    }
}
