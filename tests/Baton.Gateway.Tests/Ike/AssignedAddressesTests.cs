using System.Net;
using Baton.Cluster.Configuration;
using Baton.Gateway.Ike;
using Baton.Ike;
using Baton.Ike.Payloads;
using Baton.Linux.Netlink;
using Baton.Linux.Tests.Namespaces;
using Microsoft.Extensions.Logging.Abstractions;

namespace Baton.Gateway.Tests.Ike;

/// <summary>Inner addresses that were given to us, on a real device of a host of their own (RFC 7296 2.19).</summary>
public sealed class AssignedAddressesTests : IDisposable
{
    private readonly TestNetwork _network = new("peer", "router");
    private readonly AssignedAddresses _assigned;
    private readonly RouteNetlink _netlink;

    public AssignedAddressesTests()
    {
        _network.Wire("peer", "eth0", "router", "eth0", "198.51.100.2/24", "198.51.100.1/24");
        _network.Ip("peer", "route add default via 198.51.100.1");
        _network.Ip("peer", "tuntap add baton0 mode tun");
        _network.Ip("peer", "link set baton0 up");
        _network.Ip("peer", "route add 10.2.0.0/16 dev baton0");
        var inner = new InnerOptions(null, []) { Tun = "baton0", TunRoutes = [IPNetwork.Parse("10.2.0.0/16")] };
        _assigned = _network.In("peer", () => new AssignedAddresses(inner, NullLogger.Instance));
        _netlink = _network.In("peer", () => new RouteNetlink());
    }

    public void Dispose()
    {
        _assigned.Dispose();
        _netlink.Dispose();
        _network.Dispose();
    }

    [Fact]
    public void AnAddressIsThereWithItsIkeSaAndIsTheSourceOfWhatGoesToTheFarSide()
    {
        _assigned.Take(Facts(1, ["10.3.0.10", "fd03::10"], [Range("10.2.0.0", "10.2.255.255"), Range("fd02::", "fd02::ffff:ffff:ffff:ffff")]));
        Assert.Equal(["10.3.0.10/32", "fd03::10/128"], Addresses());
        Assert.Equal("10.3.0.10", SourceTo("10.2.7.7"));
        Assert.Equal("fd03::10", SourceTo("fd02::7"));

        _assigned.Clear();
        Assert.Empty(Addresses());
        Assert.Contains("10.2.0.0/16 dev baton0", _network.Ip("peer", "route show"), StringComparison.Ordinal);  // as configured
        Assert.DoesNotContain("fd02::", _network.Ip("peer", "-6 route show"), StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherAddressTakesThePlaceOfTheFirst()
    {
        _assigned.Take(Facts(1, ["10.3.0.10"], [Range("10.2.0.0", "10.2.255.255")]));
        _assigned.Take(Facts(1, ["10.3.0.11"], [Range("10.2.0.0", "10.2.255.255")]));
        Assert.Equal(["10.3.0.11/32"], Addresses());
        Assert.Equal("10.3.0.11", SourceTo("10.2.7.7"));
    }

    [Fact]
    public void AFarSideThatHoldsThePeerItselfDoesNotSwallowTheTunnel()
    {
        _assigned.Take(Facts(1, ["10.3.0.10"], [Range("0.0.0.0", "255.255.255.255")]));
        Assert.Equal("10.3.0.10", SourceTo("203.0.113.9"));
        Assert.Equal("198.51.100.2", SourceTo("192.0.2.10"));

        _assigned.Clear();
        Assert.Equal("198.51.100.2", SourceTo("203.0.113.9"));
        Assert.DoesNotContain("192.0.2.10", _network.Ip("peer", "route show"), StringComparison.Ordinal);
    }

    [Fact]
    public void ThePeerIsReachedOverTheUplinkThatThereIsNow()
    {
        _network.Ip("router", "addr add 203.0.113.1/24 dev eth0");
        _assigned.Take(Facts(1, ["10.3.0.10"], [Range("0.0.0.0", "255.255.255.255")]));
        IPEndPoint local = IPEndPoint.Parse("198.51.100.2:4500"), peer = IPEndPoint.Parse("192.0.2.10:4500");

        _network.Ip("peer", "addr del 198.51.100.2/24 dev eth0");  // with the last address all routes of the device
        _assigned.Refresh();
        Assert.Equal("10.3.0.10", SourceTo("192.0.2.10"));  // into the tunnel itself: no place to begin at
        Assert.Equal(local, From(local, peer));

        _network.Ip("peer", "addr add 203.0.113.77/24 dev eth0");
        _network.Ip("peer", "route add default via 203.0.113.1");
        _assigned.Refresh();
        Assert.Equal("203.0.113.77", SourceTo("192.0.2.10"));
        Assert.Equal(IPEndPoint.Parse("203.0.113.77:4500"), From(local, peer));
        Assert.Equal("10.3.0.10", SourceTo("203.0.114.9"));

        _network.Ip("router", "addr add 203.0.113.2/24 dev eth0");
        _network.Ip("peer", "route replace default via 203.0.113.2");  // another next hop, while the way that we wrote down is still there
        _assigned.Refresh();
        Assert.Contains("192.0.2.10 via 203.0.113.2", _network.Ip("peer", "route show"), StringComparison.Ordinal);

        _network.Ip("peer", "route del 192.0.2.10");  // as when a device goes and is back before anybody looks
        _assigned.Refresh();
        Assert.Contains("192.0.2.10 via 203.0.113.2", _network.Ip("peer", "route show"), StringComparison.Ordinal);
        string settled = _network.Ip("peer", "route show");
        _assigned.Refresh();
        Assert.Equal(settled, _network.Ip("peer", "route show"));
    }

    private IPEndPoint? From(IPEndPoint local, IPEndPoint peer) =>
        OwnAddresses.From(_netlink, Device, [.. _netlink.Addresses().Where(each => each.Index != Device).Select(each => each.Address)], local, peer);

    private string[] Addresses() =>
        [.. _netlink.Addresses().Where(each => each.Index == Device && !each.Address.IsIPv6LinkLocal).Select(each => $"{each.Address}/{each.PrefixLength}").Order(StringComparer.Ordinal)];

    private int Device => _network.In("peer", () => RouteNetlink.IndexOf("baton0"));

    private string? SourceTo(string address) => _netlink.Lookup(IPAddress.Parse(address))?.Source?.ToString();

    internal static TrafficSelector Range(string first, string last) => new(0, 0, 65535, IPAddress.Parse(first), IPAddress.Parse(last));

    private static IkeSaFacts Facts(ulong id, string[] addresses, TrafficSelector[] beyond) =>
        new(new IkeSaId(id), "road", 1, 2, true, IPEndPoint.Parse("198.51.100.2:4500"), IPEndPoint.Parse("192.0.2.10:4500"), true, "cluster", default, default, default, [], [])
        {
            Assigned = [.. addresses.Select(IPAddress.Parse)],
            Beyond = beyond,
        };
}

/// <summary>A selector may be any range; a route is for a prefix.</summary>
public sealed class RangePrefixesTests
{
    [Theory]
    [InlineData("10.2.0.0", "10.2.255.255", "10.2.0.0/16")]
    [InlineData("10.2.0.1", "10.2.0.6", "10.2.0.1/32 10.2.0.2/31 10.2.0.4/31 10.2.0.6/32")]
    [InlineData("0.0.0.0", "255.255.255.255", "0.0.0.0/1 128.0.0.0/1")]
    [InlineData("255.255.255.254", "255.255.255.255", "255.255.255.254/31")]
    [InlineData("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/1 8000::/1")]
    public void ARangeIsTheFewestPrefixes(string first, string last, string expected) =>
        Assert.Equal(expected, string.Join(' ', AssignedAddresses.Prefixes(AssignedAddressesTests.Range(first, last))));
}
