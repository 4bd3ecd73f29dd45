using System.Buffers.Binary;
using System.Net;
using Baton.Lab.Hosts;

namespace Baton.Lab.Captures;

/// <summary>Reads what <c>dumpcap -P</c> wrote from an Ethernet interface: ESP and IKE over IPv4 and IPv6.</summary>
public static class PcapReader
{
    private const uint Magic = 0xa1b2c3d4;
    private const int FileHeaderBytes = 24;
    private const int RecordHeaderBytes = 16;
    private const int EthernetBytes = 14;
    private const byte Udp = 17;
    private const int UdpBytes = 8;

    public static List<CapturedPacket> Read(string path)
    {
        ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
        if (bytes.Length < FileHeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic) throw new LabException($"{path} is no pcap file of this machine");
        var packets = new List<CapturedPacket>();
        bytes = bytes[FileHeaderBytes..];
        while (bytes.Length >= RecordHeaderBytes)
        {
            uint seconds = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            uint microseconds = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            int captured = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
            if (bytes.Length < RecordHeaderBytes + captured) break;                 // the last record, half written
            if (TryParse(bytes.Slice(RecordHeaderBytes, captured), length, TimeSpan.FromSeconds(seconds) + TimeSpan.FromMicroseconds(microseconds), out CapturedPacket packet, out ReadOnlySpan<byte> payload))
                Add(packets, packet, payload);
            bytes = bytes[(RecordHeaderBytes + captured)..];
        }

        return packets;
    }

    /// <summary>A frame may hold several datagrams (UDP_SEGMENT, or put together by a receiver): each is a packet. Throws where they cannot be told apart: then nobody may count.</summary>
    private static void Add(List<CapturedPacket> packets, CapturedPacket packet, ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> run = packet is { Kind: WireKind.Esp, Protocol: Udp } ? payload[UdpBytes..] : default;
        if (!EspRun.TryCut(run, out int segment))
        {
            if (packet.Bytes > Network.Mtu) throw new LabException($"a frame with {packet.Bytes} bytes of {packet.Kind} from {packet.Source} holds several datagrams, and they cannot be told apart");
            packets.Add(packet);
            return;
        }

        int headers = packet.Bytes - run.Length;
        int count = (run.Length + segment - 1) / segment;
        for (int at = 0; at < run.Length; at += segment)
            packets.Add(Esp(packet with { OfRun = count, Bytes = headers + int.Min(segment, run.Length - at) }, run[at..]));
    }

    private static bool TryParse(ReadOnlySpan<byte> frame, int length, TimeSpan at, out CapturedPacket packet, out ReadOnlySpan<byte> payload)
    {
        packet = default;
        payload = default;
        length -= EthernetBytes;
        if (frame.Length < EthernetBytes + 20) return false;
        ReadOnlySpan<byte> ip = frame[EthernetBytes..];
        switch (BinaryPrimitives.ReadUInt16BigEndian(frame[12..]))
        {
            case 0x0800:
                int header = (ip[0] & 15) * 4;
                ushort fragment = BinaryPrimitives.ReadUInt16BigEndian(ip[6..]);
                if ((fragment & 0x1fff) != 0) return false;                         // a later fragment has no ports
                payload = ip[header..];
                packet = Payload(ip[9], payload, at, new IPAddress(ip.Slice(12, 4)), new IPAddress(ip.Slice(16, 4)), length) with { IsIpFragment = (fragment & 0x2000) != 0 };
                return true;
            case 0x86dd when ip.Length >= 40:
                payload = ip[40..];
                packet = Payload(ip[6], payload, at, new IPAddress(ip.Slice(8, 16)), new IPAddress(ip.Slice(24, 16)), length);
                return true;
            default:
                return false;
        }
    }

    private static CapturedPacket Payload(byte protocol, ReadOnlySpan<byte> payload, TimeSpan at, IPAddress source, IPAddress destination, int bytes)
    {
        var other = new CapturedPacket(at, WireKind.Other, protocol, source, destination, bytes, 0, 0, 0, 0, false);
        if (protocol == CapturedPacket.EspProtocol && payload.Length >= 8) return Esp(other, payload);
        if (protocol != Udp || payload.Length < 9) return other;
        ushort from = BinaryPrimitives.ReadUInt16BigEndian(payload);
        ushort to = BinaryPrimitives.ReadUInt16BigEndian(payload[2..]);
        other = other with { SourcePort = from, DestinationPort = to };
        ReadOnlySpan<byte> datagram = payload[8..];
        if (from == 500 || to == 500) return Ike(other, datagram);
        if (from != 4500 && to != 4500) return other;
        if (datagram.Length == 1) return other with { Kind = WireKind.Keepalive };
        if (datagram.Length < 8) return other;
        return BinaryPrimitives.ReadUInt32BigEndian(datagram) == 0 ? Ike(other, datagram[4..]) : Esp(other, datagram);    // RFC 3948 2.2
    }

    private static CapturedPacket Esp(CapturedPacket packet, ReadOnlySpan<byte> esp) => packet with
    {
        Kind = WireKind.Esp,
        Spi = BinaryPrimitives.ReadUInt32BigEndian(esp),
        Sequence = BinaryPrimitives.ReadUInt32BigEndian(esp[4..]),
    };

    private static CapturedPacket Ike(CapturedPacket packet, ReadOnlySpan<byte> ike) => ike.Length < 28 ? packet : packet with
    {
        Kind = WireKind.Ike,
        FirstPayload = ike[16],
        ExchangeType = ike[18],
        IsResponse = (ike[19] & 0x20) != 0,
        MessageId = BinaryPrimitives.ReadUInt32BigEndian(ike[20..]),
    };
}
