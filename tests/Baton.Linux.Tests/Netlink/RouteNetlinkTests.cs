using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Baton.Linux.Netlink;
using Baton.Linux.Tests.Namespaces;
using Baton.Wire;

namespace Baton.Linux.Tests.Netlink;

public sealed class RouteNetlinkTests
{
    [Fact]
    public void StructsHaveTheKernelsSizes()
    {
        Assert.Equal(12, Unsafe.SizeOf<Libc.NetlinkAddress>());
        Assert.Equal(16, Unsafe.SizeOf<Libc.NetlinkHeader>());
        Assert.Equal(16, Unsafe.SizeOf<Libc.LinkMessage>());
        Assert.Equal(8, Unsafe.SizeOf<Libc.AddressMessage>());
        Assert.Equal(12, Unsafe.SizeOf<Libc.RouteMessage>());
        Assert.Equal(12, Unsafe.SizeOf<Libc.NeighbourMessage>());
        Assert.Equal(20, Unsafe.SizeOf<Libc.PacketAddress>());
    }

    [Theory]
    [InlineData("192.0.2.1", 24, "198.51.100.0/24", "192.0.2.9", "198.51.100.7")]
    [InlineData("2001:db8::1", 64, "2001:db8:1::/48", "2001:db8::9", "2001:db8:1::7")]
    public void AddressesAndRoutesComeAndGo(string own, int bits, string prefix, string gateway, string inside)
    {
        using var network = new TestNetwork("a", "b");
        network.Wire("a", "eth0", "b", "eth0");
        network.In("a", () =>
        {
            using var netlink = new RouteNetlink();
            int index = Index("eth0");
            var address = IPAddress.Parse(own);
            Assert.True(netlink.AddAddress(index, address, bits));
            Assert.False(netlink.AddAddress(index, address, bits));
            Assert.Contains(new InterfaceAddress(index, address, bits), netlink.Addresses());

            Assert.Null(netlink.Lookup(IPAddress.Parse(inside)));
            var route = new Route(IPNetwork.Parse(prefix), index, IPAddress.Parse(gateway));
            netlink.ReplaceRoute(route);
            netlink.ReplaceRoute(route);
            Route? found = netlink.Lookup(IPAddress.Parse(inside));
            Assert.Equal((index, IPAddress.Parse(gateway)), (found!.Device, found.Gateway));
            Assert.Equal(address, found.Source);
            Assert.True(netlink.RemoveRoute(route));
            Assert.False(netlink.RemoveRoute(route));

            Assert.True(netlink.RemoveAddress(index, address, bits));
            Assert.False(netlink.RemoveAddress(index, address, bits));
            Assert.DoesNotContain(netlink.Addresses(), a => a.Address.Equals(address));
        });
    }

    /// <summary>The kernel enters its own route to an IPv6 address later, from a work queue: a packet in between would be passed on instead of taken.</summary>
    [Theory]
    [InlineData("192.0.2.1", 24)]
    [InlineData("2001:db8::1", 64)]
    public void AnAddressTakesPacketsFromTheMomentItIsAdded(string own, int bits)
    {
        using var network = new TestNetwork("a", "b");
        network.Wire("a", "eth0", "b", "eth0");
        network.In("a", () =>
        {
            using var netlink = new RouteNetlink();
            (int index, int loopback) = (Index("eth0"), Index("lo"));
            var address = IPAddress.Parse(own);
            for (int i = 0; i < 200; i++)
            {
                Assert.True(netlink.AddAddress(index, address, bits));
                Assert.Equal(loopback, netlink.Lookup(address)?.Device);
                Assert.True(netlink.RemoveAddress(index, address, bits));
                Assert.NotEqual(loopback, netlink.Lookup(address)?.Device);
            }
        });
    }

    [Fact]
    public void ARuleComesAndGoes()
    {
        using var network = new TestNetwork("a");
        network.In("a", () =>
        {
            using var netlink = new RouteNetlink();
            foreach (AddressFamily family in (ReadOnlySpan<AddressFamily>)[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
            {
                Assert.True(netlink.AddRule(family, 7, 220, 100));
                Assert.False(netlink.AddRule(family, 7, 220, 100));
                Assert.True(netlink.RemoveRule(family, 7, 220, 100));
                Assert.False(netlink.RemoveRule(family, 7, 220, 100));
            }
        });
    }

    [Fact]
    public void TheMonitorTellsOfALinkThatDiesAndOfANeighbour()
    {
        using var network = new TestNetwork("a", "b");
        network.Wire("a", "eth0", "b", "eth0", "192.0.2.1/24", "192.0.2.2/24");
        network.In("a", () =>
        {
            var links = new List<LinkState>();
            var neighbours = new List<Neighbour>();
            int topology = 0;
            using var monitor = new NetworkMonitor { LinkChanged = links.Add, NeighbourChanged = neighbours.Add, TopologyChanged = () => topology++ };
            using var netlink = new RouteNetlink();
            int index = Index("eth0");
            Assert.True(netlink.Link(index)!.Works);

            network.Run("a", "ping", "-c", "1", "-W", "5", "192.0.2.2");
            Hear(monitor, () => neighbours.Exists(n => n.Address.Equals(IPAddress.Parse("192.0.2.2")) && n.State == NeighbourState.Reachable && n.Hardware.Length == 6));
            Assert.Contains(netlink.Neighbours(), n => n.Address.Equals(IPAddress.Parse("192.0.2.2")));

            network.Ip("b", "link set eth0 down");  // the far end: our side loses its carrier
            Hear(monitor, () => links.Exists(l => l.Name == "eth0" && l.IsUp && !l.HasCarrier));
            Assert.False(netlink.Link(index)!.Works);

            netlink.AddAddress(index, IPAddress.Parse("192.0.2.77"), 32);
            Hear(monitor, () => topology > 0);
            Assert.Null(netlink.Link(9_999));
        });
    }

    internal static int Index(string device) => RouteNetlink.IndexOf(device);

    private static void Hear(NetworkMonitor monitor, Func<bool> holds)
    {
        using var poller = new Poller(monitor.Fd);
        Instant until = MonotonicClock.Now + TimeSpan.FromSeconds(10);
        while (!holds())
        {
            Assert.True(MonotonicClock.Now < until, "the news did not come");
            poller.Wait(MonotonicClock.Now + TimeSpan.FromMilliseconds(200));
            Assert.True(monitor.Take());
        }
    }
}
