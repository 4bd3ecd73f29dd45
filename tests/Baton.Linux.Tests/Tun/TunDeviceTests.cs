using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Baton.Linux.Tests.Namespaces;
using Baton.Linux.Tun;
using Baton.Wire.Offload;

namespace Baton.Linux.Tests.Tun;

/// <summary>Super-packets that a real kernel made, split by us, judged by another kernel's receiver.</summary>
public sealed class TunDeviceTests
{
    [Fact]
    public void StructsHaveTheKernelsSizes() => Assert.Equal(40, Unsafe.SizeOf<Libc.InterfaceRequest>());

    [Theory]
    [InlineData("10.9.0.2", true)]
    [InlineData("fd09::2", true)]
    [InlineData("10.9.0.2", false)]
    [InlineData("fd09::2", false)]
    public void ATcpTransferSplitsSuperPacketsAndTheKernelAcceptsEverySegment(string to, bool merges)
    {
        using var network = new TestNetwork("left", "right");
        using var bridge = new TunBridge(network, merges: merges);
        Assert.SkipUnless(bridge.Left.Offloads.HasFlag(TunOffloads.Tcp), "this kernel's TUN has no TSO");
        byte[] sent = new byte[8 << 20];
        new Random(5).NextBytes(sent);
        var address = IPAddress.Parse(to);
        using TcpListener listener = network.In("right", () =>
        {
            var made = new TcpListener(address, 5_000);
            made.Start();
            return made;
        });
        using TcpClient client = network.In("left", () =>
        {
            var made = new TcpClient(address.AddressFamily);
            made.Connect(address, 5_000);
            return made;
        });
        using TcpClient server = listener.AcceptTcpClient();
        var writer = new Thread(() =>
        {
            client.GetStream().Write(sent);
            client.Client.Shutdown(SocketShutdown.Send);
        });
        writer.Start();
        using var received = new MemoryStream();
        server.GetStream().CopyTo(received);
        writer.Join();

        Assert.True(received.ToArray().AsSpan().SequenceEqual(sent));
        Assert.True(bridge.LeftReader.Splits > 100, $"only {bridge.LeftReader.Splits} super-packets");
        Assert.True(bridge.Lengths.Max() <= 1_400, $"a packet of {bridge.Lengths.Max()} bytes");
        Assert.Equal(0, ChecksumErrors(network, "right", "Tcp"));
        Assert.Equal(0, bridge.Right.WriteDrops);
        Assert.True(merges ? bridge.RightWriter.Merged > 100 : bridge.RightWriter.Merged == 0, $"{bridge.RightWriter.Merged} merged");
        foreach (OffloadVerdict verdict in Enum.GetValues<OffloadVerdict>())
            Assert.Equal(0, bridge.LeftReader.Refused(verdict));
    }

    [Theory]
    [InlineData("10.9.0.2", true)]
    [InlineData("fd09::2", true)]
    [InlineData("10.9.0.2", false)]
    [InlineData("fd09::2", false)]
    public void AUdpSuperPacketArrivesAsItsDatagrams(string to, bool merges)
    {
        using var network = new TestNetwork("left", "right");
        using var bridge = new TunBridge(network, merges: merges);
        Assert.SkipUnless(bridge.Left.Offloads.HasFlag(TunOffloads.Udp), "this kernel's TUN has no USO");
        var address = IPAddress.Parse(to);
        using Socket receiver = network.In("right", () =>
        {
            var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5_000, ReceiveBufferSize = 1 << 20 };
            socket.Bind(new IPEndPoint(address, 5_000));
            return socket;
        });
        using Socket sender = network.In("left", () => new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        sender.SetRawSocketOption(17, 103, BitConverter.GetBytes(1_000));  // SOL_UDP, UDP_SEGMENT
        // An address is in the local routing table only when the kernel's work queue has been there, and a lost datagram does not come again.
        (int code, string text) = network.Run("left", "ping", "-c", "1", "-i", "0.05", "-w", "5", to);
        Assert.True(code == 0, text);
        byte[] payload = new byte[30_500];
        new Random(6).NextBytes(payload);
        sender.SendTo(payload, new IPEndPoint(address, 5_000));

        byte[] buffer = new byte[65_535];
        for (int at = 0; at < payload.Length; at += 1_000)
        {
            int got = receiver.Receive(buffer);
            Assert.Equal(Math.Min(1_000, payload.Length - at), got);
            Assert.True(buffer.AsSpan(0, got).SequenceEqual(payload.AsSpan(at, got)));
        }

        Assert.Equal(1, bridge.LeftReader.Splits);
        Assert.Equal(merges ? 1 : 0, bridge.RightWriter.Merged);
        Assert.Equal(0, bridge.Right.WriteDrops);
    }

    [Fact] // the sums of packets between local processes are left to the device: here, to us
    public void APartialChecksumOfTheKernelIsCompletedSoThatAnotherKernelAcceptsIt()
    {
        using var network = new TestNetwork("left", "right");
        using var bridge = new TunBridge(network);
        (int code, string text) = network.Run("left", "ping", "-c", "1", "-W", "5", "10.9.0.2");
        Assert.True(code == 0, text);
        using Socket receiver = network.In("right", () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5_000 };
            socket.Bind(new IPEndPoint(IPAddress.Parse("10.9.0.2"), 5_000));
            return socket;
        });
        using Socket sender = network.In("left", () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        sender.SendTo([1, 2, 3], new IPEndPoint(IPAddress.Parse("10.9.0.2"), 5_000));
        Assert.Equal(3, receiver.Receive(new byte[10]));
        Assert.Equal(0, ChecksumErrors(network, "right", "Udp"));
    }

    [Fact]
    public void WithoutOffloadsTheKernelSplitsItself()
    {
        using var network = new TestNetwork("left", "right");
        using var bridge = new TunBridge(network, TunOffloads.None);
        Assert.Equal(TunOffloads.None, bridge.Left.Offloads);
        TestNetwork.Until("no answer", () => network.Run("left", "ping", "-c", "1", "-W", "1", "fd09::2").Code == 0);
        Assert.Equal(0, bridge.LeftReader.Splits);
    }

    [Fact]
    public void APersistentDeviceStaysAndCanBeAttachedToAgain()
    {
        using var network = new TestNetwork("left");
        network.In("left", () =>
        {
            using (TunDevice first = TunDevice.Open("stays"))
                first.SetPersistent(true);
            Assert.NotEqual(0, Netlink.RouteNetlinkTests.Index("stays"));
            using (TunDevice again = TunDevice.Open("stays"))
            {
                IOException busy = Assert.Throws<IOException>(() => TunDevice.Open("stays"));
                Assert.Contains("another process holds it", busy.Message, StringComparison.Ordinal);
                again.SetPersistent(false);
            }

            Assert.Equal(0, Netlink.RouteNetlinkTests.Index("stays"));
        });
    }

    [Fact]
    public void NothingIsAllocatedAPacket()
    {
        using var network = new TestNetwork("left");
        network.In("left", () =>
        {
            using TunDevice own = TunDevice.Open("alloc");
            Assert.SkipUnless(own.Offloads.HasFlag(TunOffloads.Udp), "this kernel's TUN has no USO");
            network.Ip("left", "addr add 10.9.0.1/24 dev alloc");
            network.Ip("left", "link set alloc up mtu 1400");
            using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            sender.SetRawSocketOption(17, 103, BitConverter.GetBytes(1_000));
            var reader = new TunReader(own);
            var writer = new TunWriter(own);
            byte[] payload = new byte[30_000];
            (int packets, long allocated) = (0, 0);
            for (int round = 0; round < 20; round++)
            {
                sender.SendTo(payload, new IPEndPoint(IPAddress.Parse("10.9.0.2"), 5_000));
                long before = GC.GetAllocatedBytesForCurrentThread();
                int got = reader.Take();
                for (int i = 0; i < got; i++)
                {
                    writer.Give(reader.Packet(i));
                    packets++;
                }

                writer.Flush();

                allocated = GC.GetAllocatedBytesForCurrentThread() - before;  // the first rounds make what is made once
            }

            Assert.True(packets >= 600, $"{packets} packets");
            Assert.Equal(0L, allocated);
            Assert.Equal(20, writer.Merged);
        });
    }

    [Fact]
    public void OnlyAFullBatchMayHaveMoreBehindIt()
    {
        using var network = new TestNetwork("left");
        network.In("left", () =>
        {
            using TunDevice own = TunDevice.Open("full");
            network.Sysctl("left", "net/ipv6/conf/full/disable_ipv6", "1");  // it would solicit routers
            network.Ip("left", "addr add 10.9.0.1/24 dev full");
            network.Ip("left", "link set full up mtu 1400");
            using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            var reader = new TunReader(own);
            int sent = 0, got = 0;
            for (; sent < 100; sent++)
                sender.SendTo(new byte[100], new IPEndPoint(IPAddress.Parse("10.9.0.2"), 5_000));
            do
                got += reader.Take();
            while (reader.MayHaveMore);
            Assert.Equal(sent, got);

            sender.SendTo(new byte[100], new IPEndPoint(IPAddress.Parse("10.9.0.2"), 5_000));
            Assert.Equal((1, false), (reader.Take(), reader.MayHaveMore));
        });
    }

    private static long ChecksumErrors(TestNetwork network, string host, string protocol)
    {
        (int code, string text) = network.Run(host, "cat", "/proc/net/snmp");
        Assert.Equal(0, code);
        string[][] lines = [.. text.Split('\n').Where(l => l.StartsWith(protocol + ":", StringComparison.Ordinal)).Select(l => l.Split(' '))];
        return long.Parse(lines[1][Array.IndexOf(lines[0], "InCsumErrors")]);
    }
}
