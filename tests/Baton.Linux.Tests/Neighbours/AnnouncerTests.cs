using System.Net;
using Baton.Linux.Neighbours;
using Baton.Linux.Netlink;
using Baton.Linux.Tests.Namespaces;

namespace Baton.Linux.Tests.Neighbours;

/// <summary>An address moves from one member to the other; the neighbour's own cache is the judge.</summary>
public sealed class AnnouncerTests
{
    [Theory]
    [InlineData("192.0.2.100", 24, "192.0.2.9/24")]
    [InlineData("2001:db8::100", 64, "2001:db8::9/64")]
    public void TheNeighboursCacheFollowsAnAddressThatMoves(string moving, int bits, string neighbour)
    {
        using var network = new TestNetwork("a", "b", "n", "switch");
        network.Ip("switch", "link add name sw0 type bridge");
        network.Ip("switch", "link set sw0 up");
        foreach (string host in (ReadOnlySpan<string>)["a", "b", "n"])
        {
            network.Wire(host, "eth0", "switch", "port-" + host, host == "n" ? neighbour : null);
            network.Ip("switch", $"link set port-{host} master sw0");
        }

        var address = IPAddress.Parse(moving);
        byte[] atA = Take("a");
        Ping();
        Assert.Equal(atA, Cached());

        // a dies without a word: it keeps the address, unplugged.
        network.Ip("switch", "link set port-a down");
        byte[] atB = Take("b");
        Assert.NotEqual(atA, atB);
        TestNetwork.Until("the neighbour still has the old one", () => Cached().AsSpan().SequenceEqual(atB));
        Ping();

        byte[] Take(string host) => network.In(host, () =>
        {
            using var netlink = new RouteNetlink();
            using var announcer = new Announcer();
            int index = RouteNetlink.IndexOf("eth0");
            LinkState link = netlink.Link(index)!;
            netlink.AddAddress(index, address, bits);
            Assert.True(announcer.Announce(link, address));
            Assert.Equal(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 2 : 1, announcer.Sent);
            return link.Hardware;
        });

        byte[] Cached() => network.In("n", () =>
        {
            using var netlink = new RouteNetlink();
            return netlink.Neighbours().FirstOrDefault(n => n.Address.Equals(address))?.Hardware ?? [];
        });

        void Ping()
        {
            (int code, string text) = network.Run("n", "ping", "-c", "1", "-W", "5", moving);
            Assert.True(code == 0, text);
        }
    }
}
