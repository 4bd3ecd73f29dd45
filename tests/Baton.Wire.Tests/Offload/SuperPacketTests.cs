using System.Buffers.Binary;
using Baton.Wire.Offload;
using CsCheck;

namespace Baton.Wire.Tests.Offload;

public sealed class SuperPacketTests
{
    private static readonly Gen<byte[]> Payloads = Gen.Byte.Array[1, 9_000];

    [Fact]
    public void SegmentsOfATcpSuperPacketAreWhatASenderWithoutOffloadsWouldHaveSent() =>
        Gen.Select(Payloads, Gen.Int[1, 1_500], Gen.Bool, Gen.Int[0, 10], Gen.UInt, Gen.UShort).Sample((payload, size, v4, optionWords, sequence, id) =>
        {
            byte[] read = TcpSuper(payload, size, v4, optionWords * 4, sequence, id, flags: 0x99); // CWR, ACK, PSH, FIN
            var super = new SuperPacket();
            Assert.Equal(OffloadVerdict.Whole, super.Take(read));
            Assert.Equal((payload.Length + size - 1) / size, super.Count);
            int at = 0;
            for (int i = 0; i < super.Count; i++)
            {
                Span<byte> segment = super.Segment(i);
                (int ip, int tcp) = (v4 ? 20 : 40, 20 + (optionWords * 4));
                Assert.True(IpPacket.TryParse(segment, out IpPacket parsed));
                Assert.Equal(segment.Length, parsed.Bytes.Length);
                CheckIp(segment, v4, (ushort)(id + i));
                Assert.Equal(sequence + (uint)at, BinaryPrimitives.ReadUInt32BigEndian(segment[(ip + 4)..]));
                int flags = 0x10 | (i == 0 ? 0x80 : 0) | (i == super.Count - 1 ? 0x09 : 0);
                Assert.Equal(flags, segment[ip + 13]);
                Assert.Equal(0, TransportSum(segment, v4, 6));
                ReadOnlySpan<byte> piece = segment[(ip + tcp)..];
                Assert.True(piece.SequenceEqual(payload.AsSpan(at, Math.Min(size, payload.Length - at))));
                at += piece.Length;
            }

            Assert.Equal(payload.Length, at);
        }, iter: 300);

    [Fact]
    public void DatagramsOfAUdpSuperPacketHaveTheirOwnLengthAndChecksum() =>
        Gen.Select(Payloads, Gen.Int[1, 1_500], Gen.Bool).Sample((payload, size, v4) =>
        {
            byte[] read = UdpSuper(payload, size, v4);
            var super = new SuperPacket();
            Assert.Equal(OffloadVerdict.Whole, super.Take(read));
            int at = 0;
            for (int i = 0; i < super.Count; i++)
            {
                Span<byte> segment = super.Segment(i);
                int ip = v4 ? 20 : 40;
                CheckIp(segment, v4, (ushort)i);
                Assert.Equal(segment.Length - ip, BinaryPrimitives.ReadUInt16BigEndian(segment[(ip + 4)..]));
                Assert.NotEqual(0, BinaryPrimitives.ReadUInt16BigEndian(segment[(ip + 6)..]));
                Assert.Equal(0, TransportSum(segment, v4, 17));
                Assert.True(segment[(ip + 8)..].SequenceEqual(payload.AsSpan(at, segment.Length - ip - 8)));
                at += segment.Length - ip - 8;
            }

            Assert.Equal(payload.Length, at);
        }, iter: 300);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void APartialChecksumIsCompleted(bool v4)
    {
        byte[] packet = Udp([1, 2, 3, 4, 5], v4, 0);
        int ip = v4 ? 20 : 40;

        // What a sender with offload leaves in the field: the folded sum of the pseudo-header, not complemented.
        ulong pseudo = InternetChecksum.PseudoHeader(v4 ? packet.AsSpan(12, 8) : packet.AsSpan(8, 32), 17, packet.Length - ip);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(ip + 6), (ushort)~InternetChecksum.Finish(pseudo));
        byte[] read = Read(new VirtioHeader(true, SegmentationKind.None, false, 0, (ushort)ip, 6), packet);
        var super = new SuperPacket();
        Assert.Equal(OffloadVerdict.Whole, super.Take(read));
        Assert.Equal(1, super.Count);
        Assert.Equal(0, TransportSum(super.Segment(0), v4, 17));
    }

    [Fact]
    public void APacketWithoutOffloadsIsLeftAlone()
    {
        byte[] packet = Udp([1, 2, 3], v4: true, 0x1234);
        var super = new SuperPacket();
        Assert.Equal(OffloadVerdict.Whole, super.Take(Read(default, packet)));
        Assert.Equal(packet, super.Segment(0).ToArray());
    }

    [Fact]
    public void EveryOtherEndHasItsName()
    {
        var super = new SuperPacket();
        byte[] tcp = TcpSuper(new byte[3_000], 1_000, true, 0, 1, 1, 0x10);
        Assert.Equal(OffloadVerdict.BadVirtioHeader, super.Take(new byte[9]));
        Assert.Equal(OffloadVerdict.BadVirtioHeader, super.Take(With(tcp, 1, 3)));           // UFO was never offered
        Assert.Equal(OffloadVerdict.BadIpHeader, super.Take(With(tcp, 10, 0x20)));
        Assert.Equal(OffloadVerdict.BadTransportHeader, super.Take(With(tcp, 1, 4)));        // TCP over IPv6, it says
        Assert.Equal(OffloadVerdict.BadTransportHeader, super.Take(With(tcp, 6, 16)));       // the checksum starts inside of the IP header
        Assert.Equal(OffloadVerdict.BadTransportHeader, super.Take(With(tcp, 10 + 32, 0x40))); // a TCP header of 16 bytes
        Assert.Equal(OffloadVerdict.BadTransportHeader, super.Take(With(tcp, 10 + 9, 17)));
        Assert.Equal(OffloadVerdict.BadSegmentSize, super.Take(With(With(tcp, 4, 0), 5, 0)));
        Assert.Equal(OffloadVerdict.BadChecksumPlace, super.Take(Read(new VirtioHeader(true, SegmentationKind.None, false, 0, 20, 10), Udp([1, 2], true, 0))));
        Assert.Equal(0, super.Count);
    }

    [Fact]
    public void MutatedSuperPacketsNeverThrow() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, 79], Gen.Byte, Gen.Int[0, 79], Gen.Byte).Sample((payload, a, x, b, y) =>
        {
            byte[] read = TcpSuper(payload, 60, true, 0, 7, 7, 0x18);
            read[Math.Min(a, read.Length - 1)] = x;
            read[Math.Min(b, read.Length - 1)] = y;
            var super = new SuperPacket();
            _ = super.Take(read);
            for (int i = 0; i < super.Count; i++)
                Assert.True(super.Segment(i).Length > 0);
        }, iter: 20_000);

    private static byte[] With(byte[] bytes, int at, byte value)
    {
        byte[] copy = [.. bytes];
        copy[at] = value;
        return copy;
    }

    private static void CheckIp(Span<byte> segment, bool v4, ushort id)
    {
        if (!v4)
            return;
        Assert.Equal(id, BinaryPrimitives.ReadUInt16BigEndian(segment[4..]));
        Assert.Equal(0, InternetChecksumTests.Obvious(segment[..20]));
    }

    private static ushort TransportSum(Span<byte> packet, bool v4, byte protocol)
    {
        int ip = v4 ? 20 : 40;
        int length = packet.Length - ip;
        byte[] whole = [.. v4 ? packet[12..20] : packet[8..40], 0, 0, (byte)(length >> 8), (byte)length, 0, 0, 0, protocol, .. packet[ip..]];
        return InternetChecksumTests.Obvious(whole);
    }

    private static byte[] TcpSuper(byte[] payload, int size, bool v4, int options, uint sequence, ushort id, byte flags)
    {
        byte[] tcp = new byte[20 + options];
        tcp[0] = 0x12;
        tcp[3] = 80;
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(4), sequence);
        tcp[12] = (byte)(tcp.Length / 4 << 4);
        tcp[13] = flags;
        byte[] packet = Ip(v4, 6, id, [.. tcp, .. payload]);
        return Read(new VirtioHeader(true, v4 ? SegmentationKind.TcpV4 : SegmentationKind.TcpV6, false, (ushort)size, (ushort)(v4 ? 20 : 40), 16), packet);
    }

    private static byte[] UdpSuper(byte[] payload, int size, bool v4) =>
        Read(new VirtioHeader(true, SegmentationKind.Udp, false, (ushort)size, (ushort)(v4 ? 20 : 40), 6), Udp(payload, v4, 0));

    private static byte[] Udp(byte[] payload, bool v4, ushort checksum) =>
        Ip(v4, 17, 0, [0x10, 1, 0x20, 2, (byte)((payload.Length + 8) >> 8), (byte)(payload.Length + 8), (byte)(checksum >> 8), (byte)checksum, .. payload]);

    private static byte[] Ip(bool v4, byte protocol, ushort id, byte[] transport)
    {
        byte[] ip = new byte[v4 ? 20 : 40];
        ip[0] = (byte)(v4 ? 0x45 : 0x60);
        if (v4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(2), (ushort)(20 + transport.Length));
            BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(4), id);
            (ip[8], ip[9], ip[12], ip[16]) = (64, protocol, 10, 10);
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(4), (ushort)transport.Length);
            (ip[6], ip[7], ip[8], ip[24]) = (protocol, 64, 0xFD, 0xFD);
        }

        return [.. ip, .. transport];
    }

    private static byte[] Read(VirtioHeader header, byte[] packet)
    {
        byte[] read = new byte[VirtioHeader.Length + packet.Length];
        header.Write(read);
        packet.CopyTo(read, VirtioHeader.Length);
        return read;
    }
}
