using System.Buffers.Binary;
using System.Net;
using Baton.Linux;
using Baton.Voice.Inner;
using Baton.Voice.Shell;

namespace Baton.Voice.Observers;

/// <summary>Writes the record as a pcap file with nanoseconds (magic a1b23c4d), each datagram in the IPv4 and UDP headers that it had.</summary>
internal static class PcapFile
{
    private const uint NanosecondMagic = 0xa1b23c4d;
    private const uint LinkTypeRaw = 101;

    public static void Write(string path, WireRecord record, IPEndPoint peer, IPEndPoint router)
    {
        using FileStream file = File.Create(path);
        Span<byte> header = stackalloc byte[24];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, NanosecondMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], DatagramPort.LongestDatagram);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], LinkTypeRaw);
        file.Write(header);

        // The record's clock counts from boot, a pcap's from 1970.
        long toWall = ((DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100) - MonotonicClock.Now.Nanoseconds;
        var packet = new byte[InnerUdp.HeaderBytes + DatagramPort.LongestDatagram];
        for (int i = 0; i < record.Count; i++)
        {
            RecordedPacket recorded = record[i];
            bool toPeer = recorded.Direction == WireDirection.ToPeer;
            (IPEndPoint source, IPEndPoint destination) = toPeer ? (router, peer) : (peer, router);
            recorded.Bytes.Span.CopyTo(packet.AsSpan(InnerUdp.HeaderBytes));
            int bytes = InnerUdp.WriteHeaders(
                packet, recorded.Bytes.Length, Inner(source), Inner(destination), (ushort)source.Port, (ushort)destination.Port, (ushort)i);

            long wall = recorded.At.Nanoseconds + toWall;
            BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)(wall / 1_000_000_000));
            BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)(wall % 1_000_000_000));
            BinaryPrimitives.WriteInt32LittleEndian(header[8..], bytes);
            BinaryPrimitives.WriteInt32LittleEndian(header[12..], bytes);
            file.Write(header[..16]);
            file.Write(packet.AsSpan(0, bytes));
        }
    }

    private static uint Inner(IPEndPoint end) =>
        DemoAddresses.TryParse(end.Address.ToString(), out uint address) ? address : 0;
}
