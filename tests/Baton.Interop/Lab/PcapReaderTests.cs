using System.Buffers.Binary;
using System.Net;
using Baton.Lab;
using Baton.Lab.Captures;

namespace Baton.Interop.Lab;

public sealed class PcapReaderTests : IDisposable
{
    private const int Ethernet = 14, Ip = 20, Udp = 8;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"capture-{Guid.NewGuid():N}.pcap");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_frame_of_its_own_is_a_packet()
    {
        Write(Frame(Esp(7, 1, 200)));
        CapturedPacket packet = Assert.Single(PcapReader.Read(_path));
        Assert.Equal((WireKind.Esp, 7u, 1u, 1, Ip + Udp + 200), (packet.Kind, packet.Spi, packet.Sequence, packet.OfRun, packet.Bytes));
    }

    [Theory]
    [InlineData(1436, 620)]                                         // longer than any one frame may be
    [InlineData(1436, 1436)]
    [InlineData(96, 40)]                                            // all of it would have been one frame's length
    public void A_run_in_one_frame_is_cut_where_its_datagrams_begin(int segment, int last)
    {
        Write(Frame([.. Esp(7, 0xffff_fffe, segment), .. Esp(7, 0xffff_ffff, segment), .. Esp(7, 0, segment), .. Esp(7, 1, last)]));
        List<CapturedPacket> packets = PcapReader.Read(_path);
        Assert.Equal([0xffff_fffe, 0xffff_ffff, 0u, 1u], packets.Select(packet => packet.Sequence));
        Assert.All(packets, packet => Assert.Equal((7u, 4), (packet.Spi, packet.OfRun)));
        Assert.Equal([segment, segment, segment, last], packets.Select(packet => packet.Bytes - Ip - Udp));
    }

    [Fact]
    public void A_frame_that_holds_several_datagrams_unseen_spoils_the_count()
    {
        byte[] run = Frame([.. Esp(7, 1, 1436), .. Esp(7, 2, 1436)]);
        Write(run.AsSpan(0, 128).ToArray(), run.Length);
        Assert.Contains("holds several datagrams", Assert.Throws<LabException>(() => PcapReader.Read(_path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void So_does_one_whose_datagrams_are_not_of_one_SA()
    {
        Write(Frame([.. Esp(7, 1, 1436), .. Esp(8, 2, 1436)]));
        Assert.Contains("cannot be told apart", Assert.Throws<LabException>(() => PcapReader.Read(_path)).Message, StringComparison.Ordinal);
    }

    private static byte[] Esp(uint spi, uint number, int bytes)
    {
        var esp = new byte[bytes];
        new Random(bytes).NextBytes(esp);
        BinaryPrimitives.WriteUInt32BigEndian(esp, spi);
        BinaryPrimitives.WriteUInt32BigEndian(esp.AsSpan(4), number);
        return esp;
    }

    private static byte[] Frame(byte[] datagram)
    {
        var frame = new byte[Ethernet + Ip + Udp + datagram.Length];
        Span<byte> ip = frame.AsSpan(Ethernet);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), 0x0800);
        (ip[0], ip[9]) = (0x45, 17);
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(Ip + Udp + datagram.Length));
        IPAddress.Parse("192.0.2.10").TryWriteBytes(ip[12..], out _);
        IPAddress.Parse("198.51.100.2").TryWriteBytes(ip[16..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(ip[Ip..], 4500);
        BinaryPrimitives.WriteUInt16BigEndian(ip[(Ip + 2)..], 4500);
        BinaryPrimitives.WriteUInt16BigEndian(ip[(Ip + 4)..], (ushort)(Udp + datagram.Length));
        datagram.CopyTo(ip[(Ip + Udp)..]);
        return frame;
    }

    /// <param name="length">Of the frame on the wire, where less of it was captured.</param>
    private void Write(byte[] captured, int? length = null)
    {
        var file = new byte[24 + 16 + captured.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(file, 0xa1b2c3d4);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(24 + 8), captured.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(24 + 12), length ?? captured.Length);
        captured.CopyTo(file.AsSpan(24 + 16));
        File.WriteAllBytes(_path, file);
    }
}
