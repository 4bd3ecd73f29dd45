using System.Net;
using System.Runtime.CompilerServices;
using Baton.Linux.Netlink;
using Baton.Linux.Sockets;
using Baton.Linux.Tests.Namespaces;
using Baton.Wire;

namespace Baton.Linux.Tests.Sockets;

public sealed class OuterSocketTests
{
    [Fact]
    public void StructsHaveTheKernelsSizes()
    {
        Assert.Equal(16, Unsafe.SizeOf<Libc.ControlHeader>());
        Assert.Equal(12, Unsafe.SizeOf<Libc.PacketInfo4>());
        Assert.Equal(20, Unsafe.SizeOf<Libc.PacketInfo6>());
        Assert.Equal(16, Unsafe.SizeOf<Libc.ExtendedError>());
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void CarriesBatchesWithTheirTrafficClass(string address)
    {
        var at = new IPEndPoint(IPAddress.Parse(address), 0);
        using var a = new OuterSocket(at, OuterKind.Udp, count: 8);
        using var b = new OuterSocket(at, OuterKind.Udp, count: 8);
        for (byte i = 0; i < 20; i++)
        {
            a.Reserve()[..3].Fill(i);
            a.Queue(3, b.Local, default, (byte)(i << 2 | 1), dontFragment: i % 3 != 0);
        }

        a.Flush();
        Assert.Equal(0, a.SendDrops);
        byte next = 0;
        Await(b, 20, i =>
        {
            Assert.Equal(new byte[] { next, next, next }, b.Packet(i).ToArray());
            Assert.Equal(a.Local, b.From(i));
            b.Envelope(i, out UdpEndpoint to, out byte trafficClass);
            Assert.Equal(b.Local, to);
            Assert.Equal((byte)(next << 2 | 1), trafficClass);
            next++;
        });
    }

    [Fact]
    public void OnlyAFullBatchMayHaveMoreBehindIt()
    {
        using var a = new OuterSocket(new IPEndPoint(IPAddress.Loopback, 0), OuterKind.Udp);
        using var b = new OuterSocket(new IPEndPoint(IPAddress.Loopback, 0), OuterKind.Udp, count: 4);
        var seen = new HashSet<bool>();
        TestNetwork.Until("a full batch and one that is not", () =>
        {
            for (byte i = 0; i < 6; i++)
            {
                a.Reserve()[0] = i;
                a.Queue(1, b.Local, default, (byte)(i << 2), dontFragment: false);  // of another class each: nothing joins them
            }

            a.Flush();
            for (int got; (got = b.Receive()) > 0;)
            {
                Assert.Equal(got == 4, b.MayHaveMore);
                seen.Add(b.MayHaveMore);
            }

            return seen.Count == 2;
        });
    }

    [Theory] // a host with two addresses must answer from the one that it was asked at
    [InlineData("0.0.0.0", "192.0.2.1/24", "192.0.2.100", "192.0.2.9/24")]
    [InlineData("::", "2001:db8::1/64", "2001:db8::100", "2001:db8::9/64")]
    public void TheAnswerLeavesFromTheAddressThatThePacketCameTo(string any, string own, string second, string peer)
    {
        using var network = new TestNetwork("a", "p");
        network.Wire("a", "eth0", "p", "eth0", own, peer);
        network.Ip("a", $"addr add {second}/{own.Split('/')[1]} dev eth0 nodad");
        using OuterSocket gateway = network.In("a", () => new OuterSocket(new IPEndPoint(IPAddress.Parse(any), 4_500), OuterKind.Udp));
        using OuterSocket asker = network.In("p", () => new OuterSocket(new IPEndPoint(IPAddress.Parse(peer.Split('/')[0]), 4_500), OuterKind.Udp));
        var to = UdpEndpoint.From(new IPEndPoint(IPAddress.Parse(second), 4_500));
        asker.Reserve()[0] = 1;
        asker.Queue(1, to, default, 0, true);
        asker.Flush();
        Await(gateway, 1, i =>
        {
            gateway.Envelope(i, out UdpEndpoint local, out _);
            Assert.Equal(to, local);
            gateway.Reserve()[0] = 2;
            gateway.Queue(1, gateway.From(i), local.Address, 0, true);
        });
        gateway.Flush();
        Await(asker, 1, i => Assert.Equal(to, asker.From(i)));
    }

    [Fact] // a standby listens at the virtual address before it has it
    public void AnAddressThatIsNotHereYetCanBeBoundAndWorksOnceItCame()
    {
        using var network = new TestNetwork("a", "p");
        network.Wire("a", "eth0", "p", "eth0", "192.0.2.1/24", "192.0.2.9/24");
        using OuterSocket standby = network.In("a", () => new OuterSocket(new IPEndPoint(IPAddress.Parse("192.0.2.100"), 4_500), OuterKind.Udp));
        using OuterSocket peer = network.In("p", () => new OuterSocket(new IPEndPoint(IPAddress.Parse("192.0.2.9"), 4_500), OuterKind.Udp));
        standby.Reserve()[0] = 1;
        standby.Queue(1, peer.Local, default, 0, true);
        standby.Flush();
        Assert.Equal(1, standby.SendDrops);  // without the address it says nothing in its name

        network.Ip("a", "addr add 192.0.2.100/32 dev eth0");
        standby.Reserve()[0] = 2;
        standby.Queue(1, peer.Local, default, 0, true);
        standby.Flush();
        Await(peer, 1, i =>
        {
            Assert.Equal(2, peer.Packet(i)[0]);
            Assert.Equal(standby.Local, peer.From(i));
        });
    }

    [Theory]
    [InlineData("192.0.2.1/24", "192.0.2.9/24", 0xB9)]
    [InlineData("2001:db8::1/64", "2001:db8::9/64", 0xB9)]
    public void RawEspPassesWithItsTrafficClass(string left, string right, byte trafficClass)
    {
        using var network = new TestNetwork("a", "p");
        network.Wire("a", "eth0", "p", "eth0", left, right);
        using OuterSocket a = Open("a", left);
        using OuterSocket p = Open("p", right);
        byte[] esp = [0, 0, 0x10, 1, 0, 0, 0, 1, .. Enumerable.Range(0, 1_200).Select(i => (byte)i)];
        esp.CopyTo(a.Reserve());
        a.Queue(esp.Length, p.Local, default, trafficClass, true);
        a.Flush();
        Await(p, 1, i =>
        {
            Assert.Equal(esp, p.Packet(i).ToArray());
            Assert.Equal(a.Local, p.From(i));
            Assert.True(p.From(i).IsRaw);
            p.Envelope(i, out UdpEndpoint to, out byte heard);
            Assert.Equal((p.Local, trafficClass), (to, heard));
        });

        OuterSocket Open(string host, string address) =>
            network.In(host, () => new OuterSocket(new IPEndPoint(IPAddress.Parse(address.Split('/')[0]), 0), OuterKind.RawEsp));
    }

    [Theory]
    [InlineData(OuterKind.Udp, "192.0.2.1/24", "192.0.2.254/24", "198.51.100.254/24", "198.51.100.9/24")]
    [InlineData(OuterKind.RawEsp, "192.0.2.1/24", "192.0.2.254/24", "198.51.100.254/24", "198.51.100.9/24")]
    [InlineData(OuterKind.Udp, "2001:db8::1/64", "2001:db8::fe/64", "2001:db8:1::fe/64", "2001:db8:1::9/64")]
    [InlineData(OuterKind.RawEsp, "2001:db8::1/64", "2001:db8::fe/64", "2001:db8:1::fe/64", "2001:db8:1::9/64")]
    public void ANarrowLinkOnTheWayTellsItsMtu(OuterKind kind, string left, string near, string far, string right)
    {
        using var network = new TestNetwork("a", "r", "p");
        network.Wire("a", "eth0", "r", "near", left, near);
        network.Wire("r", "far", "p", "eth0", far, right);
        network.Ip("r", "link set far mtu 1300");
        network.Ip("a", $"route add default via {near.Split('/')[0]}");
        network.Ip("p", $"route add default via {far.Split('/')[0]}");
        network.Sysctl("r", "net/ipv4/ip_forward", "1");
        network.Sysctl("r", "net/ipv6/conf/all/forwarding", "1");
        ushort port = kind == OuterKind.Udp ? (ushort)4_500 : (ushort)0;
        using OuterSocket a = network.In("a", () => new OuterSocket(new IPEndPoint(IPAddress.Parse(left.Split('/')[0]), port), kind));
        var to = new UdpEndpoint(IpAddress.From(IPAddress.Parse(right.Split('/')[0])), port);
        var news = new List<(IpAddress To, int Mtu, byte[] Quoted, bool IsLocal)>();
        using var poller = new Poller(a.Fd);
        Send(1_400, df: true);
        Instant until = MonotonicClock.Now + TimeSpan.FromSeconds(10);
        while (news.Count == 0)
        {
            Assert.True(MonotonicClock.Now < until, "no news of the path");
            poller.Wait(MonotonicClock.Now + TimeSpan.FromMilliseconds(200));
            a.Receive();
            a.TakeErrors(Hear);
        }

        Assert.Equal((to.Address, 1_300, false), (news[0].To, news[0].Mtu, news[0].IsLocal));
        Assert.Equal([1, 2, 3, 4], news[0].Quoted[..4]);

        // Too long for our own link: the kernel itself says so, at once.
        news.Clear();
        Send(1_600, df: true);
        a.TakeErrors(Hear);
        Assert.Equal((to.Address, 1_500, true), (news[0].To, news[0].Mtu, news[0].IsLocal));

        void Send(int length, bool df)
        {
            Span<byte> buffer = a.Reserve();
            ReadOnlySpan<byte> spi = [1, 2, 3, 4];
            spi.CopyTo(buffer);
            a.Queue(length, to, default, 0, df);
            a.Flush();
        }

        void Hear(in IpAddress destination, int mtu, ReadOnlySpan<byte> quoted, bool isLocal) => news.Add((destination, mtu, quoted.ToArray(), isLocal));
    }

    [Fact]
    public void WithoutTheDfBitAFragmentedPacketArrivesWhole()
    {
        using var network = new TestNetwork("a", "p");
        network.Wire("a", "eth0", "p", "eth0", "192.0.2.1/24", "192.0.2.9/24");
        using OuterSocket a = network.In("a", () => new OuterSocket(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 4_500), OuterKind.Udp));
        using OuterSocket p = network.In("p", () => new OuterSocket(new IPEndPoint(IPAddress.Parse("192.0.2.9"), 4_500), OuterKind.Udp));
        a.Reserve();
        a.Queue(1_900, p.Local, default, 0, dontFragment: false);
        a.Flush();
        Await(p, 1, i => Assert.Equal(1_900, p.Packet(i).Length));
    }

    [Theory]
    [InlineData("192.0.2.1/24", "192.0.2.9/24")]
    [InlineData("2001:db8::1/64", "2001:db8::9/64")]
    public void PacketsOfOneLengthGoAsOneMessageAndComeAsOne(string left, string right)
    {
        using var network = new TestNetwork("a", "p");
        network.Wire("a", "eth0", "p", "eth0", left, right);
        using OuterSocket a = Open(network, "a", left);
        using OuterSocket p = Open(network, "p", right);
        Assert.SkipUnless(a.Offloads == OuterOffloads.All, "this kernel has no UDP segmentation offload");

        // 70 full ones: a message has 64 at most, and 46 of 1,400 bytes fit. Then a shorter one that ends a run, and another traffic class.
        int[] lengths = [.. Enumerable.Repeat(1_400, 70), 700, 1_400, 1_400, .. Enumerable.Repeat(200, 100), 1];
        Send(a, p, lengths, trafficClass: i => i < 73 ? (byte)0 : (byte)2);
        int next = 0;
        Await(p, lengths.Length, i =>
        {
            Check(p.Packet(i), next, lengths[next]);
            p.Envelope(i, out UdpEndpoint to, out byte trafficClass);
            Assert.Equal((p.Local, a.Local, next < 73 ? 0 : 2), (to, p.From(i), trafficClass));
            next++;
        });
        Assert.Equal((5, 0, 0), (a.RunsSent, a.RunsRefused, a.SendDrops));
        Assert.Equal(5, p.JoinedMessages);
    }

    [Theory]
    [InlineData(OuterOffloads.None)]
    [InlineData(OuterOffloads.Send)]
    [InlineData(OuterOffloads.Receive)]
    public void WithoutAnOffloadTheSamePacketsArrive(OuterOffloads offloads)
    {
        using var network = new TestNetwork("a", "p");
        network.Wire("a", "eth0", "p", "eth0", "192.0.2.1/24", "192.0.2.9/24");
        using OuterSocket a = Open(network, "a", "192.0.2.1", offloads);
        using OuterSocket p = Open(network, "p", "192.0.2.9", offloads);
        int[] lengths = [.. Enumerable.Repeat(1_400, 70), 700, .. Enumerable.Repeat(200, 100), 1];
        Send(a, p, lengths, _ => 0);
        int next = 0;
        Await(p, lengths.Length, i => Check(p.Packet(i), next, lengths[next++]));
        Assert.Equal(offloads == OuterOffloads.Send, a.RunsSent > 0);
        if (offloads != OuterOffloads.Receive)
            Assert.Equal(0, p.JoinedMessages);
    }

    [Fact] // the kernel cuts no message of a socket that makes no checksums: EINVAL, as where a device cannot
    public void ARunThatTheKernelRefusesGoesPacketByPacketAndNoMoreAreMade()
    {
        using var network = new TestNetwork("a", "p");
        network.Wire("a", "eth0", "p", "eth0", "192.0.2.1/24", "192.0.2.9/24");
        using OuterSocket a = Open(network, "a", "192.0.2.1");
        using OuterSocket p = Open(network, "p", "192.0.2.9");
        Assert.SkipUnless(a.Offloads == OuterOffloads.All, "this kernel has no UDP segmentation offload");
        const int NoCheck = 11;
        int on = 1;
        unsafe
        {
            Assert.Equal(0, Libc.SetSocketOption(a.Fd, Libc.SOL_SOCKET, NoCheck, &on, 4));
        }

        var notes = new List<string>();
        a.Note = notes.Add;
        int[] lengths = [.. Enumerable.Repeat(1_000, 30), 10];
        int next = 0;
        for (int round = 0; round < 2; round++)
        {
            next = 0;
            Send(a, p, lengths, _ => 0);
            Await(p, lengths.Length, i => Check(p.Packet(i), next, lengths[next++]));
        }

        Assert.Equal((1, 0, 0), (a.RunsRefused, a.RunsSent, a.SendDrops));
        Assert.Equal(OuterOffloads.Receive, a.Offloads);
        Assert.Single(notes);
    }

    [Fact] // too long for the link, and may be fragmented: that is no fault of the offload
    public void ARunOfPacketsLongerThanTheLinkArrivesInFragments()
    {
        using var network = new TestNetwork("a", "p");
        network.Wire("a", "eth0", "p", "eth0", "192.0.2.1/24", "192.0.2.9/24");
        using OuterSocket a = Open(network, "a", "192.0.2.1");
        using OuterSocket p = Open(network, "p", "192.0.2.9");
        int[] lengths = [.. Enumerable.Repeat(1_800, 10)];
        Send(a, p, lengths, _ => 0, dontFragment: false);
        int next = 0;
        Await(p, lengths.Length, i => Check(p.Packet(i), next, lengths[next++]));
        Assert.Equal((1, 0), (a.RunsRefused, a.SendDrops));
        Assert.Equal(OuterOffloads.All, a.Offloads);
    }

    [Fact]
    public void APacketLongerThanABufferIsCountedWithOrWithoutOffload()
    {
        using var a = new OuterSocket(new IPEndPoint(IPAddress.Loopback, 0), OuterKind.Udp, packetBytes: 3_000);
        using var b = new OuterSocket(new IPEndPoint(IPAddress.Loopback, 0), OuterKind.Udp);
        Send(a, b, [2_500, 2_048], _ => 0);
        var lengths = new List<int>();
        Await(b, 2, i => lengths.Add(b.Packet(i).Length));
        Assert.Equal([0, 2_048], lengths);
        Assert.Equal(1, b.Truncated);
    }

    [Fact]
    public void NothingIsAllocatedAPacket()
    {
        using var a = new OuterSocket(new IPEndPoint(IPAddress.Loopback, 0), OuterKind.Udp);
        using var b = new OuterSocket(new IPEndPoint(IPAddress.Loopback, 0), OuterKind.Udp);
        Once();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Once();
        Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before);

        void Once()
        {
            for (int i = 0; i < 10; i++)
            {
                a.Reserve();
                a.Queue(200, b.Local, default, 3, true);
            }

            a.Flush();
            int got = b.Receive();
            for (int i = 0; i < got; i++)
            {
                b.Envelope(i, out _, out _);
                _ = b.From(i).Port + b.Packet(i).Length;
            }
        }
    }

    private static OuterSocket Open(TestNetwork network, string host, string address, OuterOffloads offloads = OuterOffloads.All) =>
        network.In(host, () => new OuterSocket(new IPEndPoint(IPAddress.Parse(address.Split('/')[0]), 4_500), OuterKind.Udp, offloads: offloads));

    private static void Send(OuterSocket from, OuterSocket to, int[] lengths, Func<int, byte> trafficClass, bool dontFragment = true)
    {
        for (int i = 0; i < lengths.Length; i++)
        {
            Span<byte> packet = from.Reserve()[..lengths[i]];
            for (int at = 0; at < packet.Length; at++)
                packet[at] = (byte)((i * 31) + at);
            from.Queue(packet.Length, to.Local, default, trafficClass(i), dontFragment);
        }

        from.Flush();
    }

    private static void Check(ReadOnlySpan<byte> packet, int number, int length)
    {
        Assert.Equal(length, packet.Length);
        for (int at = 0; at < packet.Length; at++)
        {
            if (packet[at] != (byte)((number * 31) + at))
                Assert.Fail($"packet {number} differs at {at}");
        }
    }

    private static void Await(OuterSocket socket, int count, Action<int> each)
    {
        using var poller = new Poller(socket.Fd);
        Instant until = MonotonicClock.Now + TimeSpan.FromSeconds(10);
        while (count > 0)
        {
            Assert.True(MonotonicClock.Now < until, $"{count} packets did not come");
            poller.Wait(MonotonicClock.Now + TimeSpan.FromMilliseconds(200));
            int got = socket.Receive();
            for (int i = 0; i < got; i++)
                each(i);
            count -= got;
        }
    }
}
