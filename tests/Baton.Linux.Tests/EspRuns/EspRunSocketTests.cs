using System.Net;
using Baton.Linux.EspRuns;
using Baton.Linux.Netlink;
using Baton.Linux.Sockets;
using Baton.Linux.Tests.Namespaces;
using Baton.Wire;
using Baton.Wire.Offload;

namespace Baton.Linux.Tests.EspRuns;

/// <summary>Two hosts, a cable between; what leaves in runs is bare ESP on it.</summary>
public sealed class EspRunSocketTests
{
    private static readonly (string A, string B) s_v4 = ("10.8.0.1", "10.8.0.2"), s_v6 = ("2001:db8::1", "2001:db8::2");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ARunLeavesAsBareEspInItsOrder(bool isV6)
    {
        using var hosts = new Pair(isV6);
        using EspRunSocket sender = hosts.Open("a");
        using OuterSocket receiver = hosts.Raw("b");
        List<byte[]> sent = hosts.Send(sender, 1_400, 1_400, 1_400, 600, 1_400, 1_400, 80);

        List<Arrived> came = hosts.Take(receiver, sent.Count);
        Assert.Equal(sent, came.Select(c => c.Bytes));
        Assert.All(came, c => Assert.Equal((hosts.AddressOf("a"), 0x2E), (c.From, c.TrafficClass)));
        Assert.Equal(2, sender.RunsSent);
        Assert.Equal((0, 0), (sender.Ordinary, sender.SendDrops));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatComesAsBareEspIsTakenInRuns(bool isV6)
    {
        using var hosts = new Pair(isV6);
        using EspRunSocket sender = hosts.Open("a");
        using EspRunSocket receiver = hosts.Open("b");
        List<byte[]> sent = hosts.Send(sender, [.. Enumerable.Repeat(1_400, 40), 200]);

        List<Arrived> came = hosts.Take(receiver, sent.Count);
        Assert.Equal(sent, came.Select(c => c.Bytes));
        Assert.All(came, c => Assert.Equal((hosts.AddressOf("a"), hosts.AddressOf("b"), 0x2E), (c.From, c.To, c.TrafficClass)));
        Assert.True(receiver.JoinedMessages > 0, "nothing was joined");
    }

    [Fact]
    public void AFragmentComesToTheOrdinarySocketAndWhatIsLongerThanTheLinkLeavesByIt()
    {
        using var hosts = new Pair(isV6: false);
        using EspRunSocket sender = hosts.Open("a");
        OuterSocket ordinary = hosts.Raw("b");
        using EspRunSocket receiver = hosts.Open("b", ordinary);
        List<byte[]> sent = hosts.Send(sender, dontFragment: false, 1_900);

        Assert.Equal(sent, hosts.Take(ordinary, 1).Select(c => c.Bytes));
        Assert.Equal((1, 0), (sender.Ordinary, receiver.Receive()));
    }

    [Fact]
    public void ARouteThatMovesIsFollowed()
    {
        using var hosts = new Pair(isV6: false);
        TestNetwork network = hosts.Network;
        network.Wire("a", "second", "b", "second", "10.7.0.1/24", "10.7.0.2/24");
        foreach (string device in (string[])["all", "outer", "second"])
            network.Sysctl("b", $"net/ipv4/conf/{device}/rp_filter", "0");
        network.Ip("b", "addr add 10.9.0.9/32 dev lo");
        network.Ip("a", "route add 10.9.0.9/32 via 10.8.0.2");
        using EspRunSocket sender = hosts.Open("a");
        using OuterSocket receiver = hosts.Raw("b", "10.9.0.9");
        List<byte[]> sent = hosts.SendTo(sender, "10.9.0.9", true, 1_400, 1_400);
        Assert.Equal(sent, hosts.Take(receiver, 2).Select(c => c.Bytes));

        network.Ip("a", "route replace 10.9.0.9/32 via 10.7.0.2");
        network.Ip("b", "link set outer down");
        int came = 0;
        TestNetwork.Until("nothing comes by the new route", () =>
        {
            hosts.SendTo(sender, "10.9.0.9", true, 1_400, 1_400);
            return (came += receiver.Receive()) > 0;
        });
        Assert.Equal(0, sender.Ordinary);
    }

    [Fact]
    public void ARouterThatTakesLessIsHeardAtTheOrdinarySocket()
    {
        using var hosts = new Pair(isV6: false);
        TestNetwork network = hosts.Network;
        network.Sysctl("b", "net/ipv4/ip_forward", "1");
        network.Ip("b", "link add narrow type veth peer name end");
        network.Ip("b", "link set narrow up mtu 1300");
        network.Ip("b", "link set end up");
        network.Ip("b", "route add 10.9.0.0/16 dev narrow");
        network.Ip("a", "route add 10.9.0.0/16 via 10.8.0.2");
        OuterSocket ordinary = hosts.Raw("a");
        using EspRunSocket sender = hosts.Open("a", ordinary);
        int heard = 0;
        TestNetwork.Until("no news of the path", () =>
        {
            hosts.SendTo(sender, "10.9.0.9", true, 1_400, 1_400);
            ordinary.TakeErrors((in IpAddress destination, int mtu, ReadOnlySpan<byte> _, bool isLocal) =>
            {
                Assert.Equal(("10.9.0.9", false), (destination.ToString(), isLocal));
                heard = mtu;
            });
            return heard != 0;
        });
        Assert.Equal((1_300, 0), (heard, sender.Ordinary));
    }

    [Fact]
    public void WhoHasOurAddressNoLongerSendsTheOrdinaryWayAndIsRefused()
    {
        using var hosts = new Pair(isV6: false);
        using EspRunSocket sender = hosts.Open("a");
        using OuterSocket receiver = hosts.Raw("b");
        hosts.Network.Ip("a", "addr add 10.8.0.77/24 dev outer");  // so that there is still a route
        hosts.Take(receiver, hosts.Send(sender, 1_400).Count);

        hosts.Network.Ip("a", "addr del 10.8.0.1/24 dev outer");
        TestNetwork.Until("it still leaves in runs", () =>
        {
            hosts.Send(sender, 1_400);
            return sender.Ordinary > 0;
        });
    }

    /// <summary>All peers may have to be looked up at once, after any news of routes: the others' packets wait for no more than a few questions.</summary>
    [Fact]
    public void OfManyNewPeersAFewAreLookedUpATurnAndTheOthersArePatient()
    {
        using var hosts = new Pair(isV6: false);
        using EspRunSocket sender = hosts.Open("a");
        for (int i = 0; i < 100; i++)
            hosts.Queue(sender, $"10.8.0.{100 + i}", dontFragment: true, 100);
        sender.Flush();
        Assert.Equal(100 - 16, sender.Ordinary);
    }

    [Fact]
    public void ALinkThatTakesLessThanAtTheStartIsHeardOf()
    {
        using var hosts = new Pair(isV6: false);
        OuterSocket ordinary = hosts.Raw("a");
        using EspRunSocket sender = hosts.Open("a", ordinary);
        using OuterSocket receiver = hosts.Raw("b");
        hosts.Take(receiver, hosts.Send(sender, 1_400).Count);

        hosts.Network.Ip("a", "link set outer mtu 1300");
        int heard = 0;
        TestNetwork.Until("what is too long vanishes", () =>
        {
            hosts.Send(sender, 1_400);
            ordinary.TakeErrors((in IpAddress _, int mtu, ReadOnlySpan<byte> _, bool _) => heard = mtu);
            return heard != 0;
        });
        Assert.Equal(1_300, heard);
    }

    [Theory]
    [InlineData("link del {0}a")]
    [InlineData("link set {0}a down")]
    [InlineData("link set {0}b down")]
    public void WithoutItsPairItGoesOnPacketByPacketBothWays(string end)
    {
        using var hosts = new Pair(isV6: false);
        OuterSocket ordinary = hosts.Raw("a");
        using EspRunSocket one = hosts.Open("a", ordinary);
        OuterSocket other = hosts.Raw("b");
        List<string> notes = [];
        one.Note = notes.Add;
        string line = hosts.Network.Ip("a", "-o link show type veth").Split('\n').First(line => line.Contains(": esp", StringComparison.Ordinal));
        string pair = line.Substring(line.IndexOf("esp", StringComparison.Ordinal), "esp".Length + 8);
        hosts.Network.Ip("a", string.Format(System.Globalization.CultureInfo.InvariantCulture, end, pair));

        int came = 0;
        TestNetwork.Until("nothing leaves any more", () =>
        {
            hosts.Send(one, 1_400, 1_400);
            return (came += other.Receive()) > 0;
        });
        TestNetwork.Until("nothing comes any more", () =>
        {
            hosts.SendFrom(other, "b", "a", 1_400);
            return ordinary.Receive() > 0;
        });
        Assert.True(one.IsGone);
        Assert.Single(notes);
    }

    /// <summary>RFC 1122 3.2.1.2; who has it from the stack never sees one.</summary>
    [Fact]
    public void APacketWithAWrongHeaderChecksumIsNone()
    {
        using var hosts = new Pair(isV6: false);
        using EspRunSocket receiver = hosts.Open("a");
        OuterSocket other = hosts.Raw("b");
        byte[] hardware = hosts.Network.In("a", () => Hardware());
        byte[] packet = new byte[20 + 100];
        (packet[0], packet[3], packet[8], packet[9]) = (0x45, (byte)packet.Length, 64, 50);
        IPAddress.Parse("10.8.0.2").GetAddressBytes().CopyTo(packet, 12);
        IPAddress.Parse("10.8.0.1").GetAddressBytes().CopyTo(packet, 16);
        ushort sum = InternetChecksum.Finish(InternetChecksum.Add(0, packet.AsSpan(0, 20)));
        (packet[10], packet[11]) = ((byte)(sum >> 8), (byte)sum);
        hosts.Network.In("b", () => { SendFrame([.. hardware, 2, 0, 0, 0, 0, 1, 8, 0, .. packet]); return 0; });
        hosts.Take(receiver, 1);

        packet[15] = 3;  // from another: a bit that fell over on the way
        hosts.Network.In("b", () => { SendFrame([.. hardware, 2, 0, 0, 0, 0, 1, 8, 0, .. packet]); return 0; });
        hosts.SendFrom(other, "b", "a", 200);
        Assert.Equal((200, "10.8.0.2"), hosts.Take(receiver, 1).Select(c => (c.Bytes.Length, c.From)).Single());
    }

    private static byte[] Hardware()
    {
        using var netlink = new RouteNetlink();
        return netlink.Link(RouteNetlink.IndexOf("outer"))!.Hardware;
    }

    private static unsafe void SendFrame(byte[] frame)
    {
        int fd = Libc.Socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, 0);
        var address = new Libc.PacketAddress { Family = Libc.AF_PACKET, Index = RouteNetlink.IndexOf("outer") };
        fixed (byte* bytes = frame)
            Assert.Equal(frame.Length, (int)Libc.SendTo(fd, bytes, (nuint)frame.Length, 0, (byte*)&address, (uint)sizeof(Libc.PacketAddress)));
        _ = Libc.Close(fd);
    }

    [Fact]
    public void WhatAKilledProcessLeftIsReplacedAndAnEndedOneLeavesNothing()
    {
        using var hosts = new Pair(isV6: false);
        using EspRunSocket left = hosts.Open("a");
        using (hosts.Open("a"))
            Assert.Equal(2, Count());
        Assert.Equal(0, Count());

        int Count() => hosts.Network.Ip("a", "-o link show type veth").Split('\n').Count(line => line.Contains(": esp", StringComparison.Ordinal));
    }

    [Fact]
    public void WhyThereIsNoneIsSaid()
    {
        using var hosts = new Pair(isV6: false);
        OuterSocket any = hosts.Raw("a", "0.0.0.0");
        Assert.Null(EspRunSocket.TryOpen([any], [1], 1_500, out string why));
        Assert.Contains("not any", why, StringComparison.Ordinal);
        OuterSocket own = hosts.Raw("a");
        Assert.Null(EspRunSocket.TryOpen([own], [], 1_500, out why));
        Assert.Contains("no Ethernet device", why, StringComparison.Ordinal);
        why = hosts.Network.In("a", () => EspRunSocket.TryOpen([own], [4_711], 1_500, out string reason) is null ? reason : "");
        Assert.Contains("4711", why, StringComparison.Ordinal);
    }

    private sealed record Arrived(byte[] Bytes, string From, string To, int TrafficClass);

    private sealed class Pair : IDisposable
    {
        private readonly TestNetwork _network = new("a", "b");
        private readonly (string A, string B) _addresses;
        private readonly List<OuterSocket> _raws = [];

        public Pair(bool isV6)
        {
            _addresses = isV6 ? s_v6 : s_v4;
            string length = isV6 ? "/64" : "/24";
            _network.Wire("a", "outer", "b", "outer", _addresses.A + length, _addresses.B + length);
        }

        public TestNetwork Network => _network;

        public string AddressOf(string host) => host == "a" ? _addresses.A : _addresses.B;

        public OuterSocket Raw(string host, string? address = null)
        {
            OuterSocket raw = _network.In(host, () => new OuterSocket(new IPEndPoint(IPAddress.Parse(address ?? AddressOf(host)), 0), OuterKind.RawEsp));
            _raws.Add(raw);
            return raw;
        }

        public EspRunSocket Open(string host, OuterSocket? ordinary = null)
        {
            OuterSocket raw = ordinary ?? Raw(host);
            (EspRunSocket? socket, string why) = _network.In(host, () =>
                (EspRunSocket.TryOpen([raw], [RouteNetlink.IndexOf("outer")], 1_500, out string reason), reason));
            Assert.SkipWhen(why.Contains("Linux 6.6", StringComparison.Ordinal), why);
            Assert.True(socket is not null, why);
            return socket;
        }

        public List<byte[]> Send(IOuterSocket from, params int[] lengths) => SendTo(from, _addresses.B, true, lengths);

        public List<byte[]> Send(IOuterSocket from, bool dontFragment, params int[] lengths) => SendTo(from, _addresses.B, dontFragment, lengths);

        public List<byte[]> SendTo(IOuterSocket from, string address, bool dontFragment, params int[] lengths)
        {
            List<byte[]> sent = Queue(from, address, dontFragment, lengths);
            from.Flush();
            return sent;
        }

        public void SendFrom(IOuterSocket from, string host, string to, int length)
        {
            from.Reserve()[..length].Fill(0x5A);
            from.Queue(length, new UdpEndpoint(IpAddress.From(IPAddress.Parse(AddressOf(to))), 0), IpAddress.From(IPAddress.Parse(AddressOf(host))), 0, true);
            from.Flush();
        }

        public List<byte[]> Queue(IOuterSocket from, string address, bool dontFragment, params int[] lengths)
        {
            var to = new UdpEndpoint(IpAddress.From(IPAddress.Parse(address)), 0);
            var sent = new List<byte[]>();
            foreach (int length in lengths)
            {
                byte[] packet = new byte[length];
                new Random(sent.Count).NextBytes(packet);
                packet.CopyTo(from.Reserve());
                from.Queue(length, to, IpAddress.From(IPAddress.Parse(_addresses.A)), 0x2E, dontFragment);
                sent.Add(packet);
            }

            return sent;
        }

        public List<Arrived> Take(IOuterSocket at, int count)
        {
            var came = new List<Arrived>();
            TestNetwork.Until(() => $"{came.Count} of {count} came", () =>
            {
                for (int got = at.Receive(), i = 0; i < got; i++)
                {
                    at.Envelope(i, out UdpEndpoint to, out byte trafficClass);
                    came.Add(new Arrived(at.Packet(i).ToArray(), at.From(i).Address.ToString(), to.Address.ToString(), trafficClass));
                }

                return came.Count >= count;
            });
            return came;
        }

        public void Dispose()
        {
            _raws.ForEach(r => r.Dispose());
            _network.Dispose();
        }
    }
}
