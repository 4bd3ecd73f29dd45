using System.Net;
using Baton.Cluster.Configuration;
using Baton.Gateway.Steering;
using Baton.Linux.Netlink;
using Baton.Linux.Tests.Namespaces;
using Microsoft.Extensions.Logging.Abstractions;

namespace Baton.Gateway.Tests.Steering;

/// <summary>Two members on one network; their neighbour is the judge of where the addresses are.</summary>
public sealed class VirtualAddressesTests
{
    private static readonly VirtualOptions Options = new() { Addresses =
    [
        new VirtualAddress(new HostAddress(IPAddress.Parse("192.0.2.100"), 24), "eth0"),
        new VirtualAddress(new HostAddress(IPAddress.Parse("2001:db8::100"), 64), "eth0"),
    ] };

    [Fact]
    public void TheAddressesMoveAndTheNeighbourFollows()
    {
        using TestNetwork network = Raise();
        using VirtualAddresses a = Member(network, "a");
        using VirtualAddresses b = Member(network, "b");
        Assert.Empty(Held(network, "a"));
        a.Follow(true, 1);
        TestNetwork.Until("a has them", () => Held(network, "a").Length == 2);
        Ping(network);
        byte[] first = Cached(network);

        // The new one takes them before the old one gives them up: that is the order of a switchover.
        b.Follow(true, 2);
        TestNetwork.Until("the neighbour follows", () => !Cached(network).AsSpan().SequenceEqual(first));
        a.Follow(false, 2);
        TestNetwork.Until("a gave them up", () => Held(network, "a").Length == 0);
        Ping(network);
        Assert.Equal(2, Held(network, "b").Length);
        TestNetwork.Until("announced four times, the IPv4 one in both forms", () => b.Announcements == 12);
        Assert.Equal((1, 0L), (b.Moves, b.Failures));
        Assert.True(b.LastTook > TimeSpan.Zero);
    }

    /// <summary>Whoever asks for the address in the moment in which it comes must be heard: by switches that snoop, and by the kernel before its work queue gets to it.</summary>
    [Fact]
    public void AStandbyHearsAlreadyWhoAsksForTheAddress()
    {
        const string Group = "ff02::1:ff00:100";
        using TestNetwork network = Raise();
        using (VirtualAddresses a = Member(network, "a"))
            Assert.Contains(Group, network.Ip("a", "-6 maddr show dev eth0"), StringComparison.Ordinal);
        Assert.DoesNotContain(Group, network.Ip("a", "-6 maddr show dev eth0"), StringComparison.Ordinal);
    }

    [Fact]
    public void AnOrderlyEndGivesThemUpAndACrashIsTidiedUpAtTheStart()
    {
        using TestNetwork network = Raise();
        using (VirtualAddresses a = Member(network, "a"))
        {
            a.Follow(true, 1);
            TestNetwork.Until("a has them", () => Held(network, "a").Length == 2);
        }

        Assert.Empty(Held(network, "a"));

        network.Ip("a", "addr add 192.0.2.100/24 dev eth0");  // as a crash would leave it
        using VirtualAddresses again = Member(network, "a");
        Assert.Empty(Held(network, "a"));
    }

    [Fact]
    public void WhatTheSentinelTookFromAHangingMemberIsPutBackOnceItMoves()
    {
        using TestNetwork network = Raise();
        bool taken = false;
        using VirtualAddresses a = network.In("a", () => new VirtualAddresses(Options, NullLogger.Instance, () => Interlocked.Exchange(ref taken, false)));
        a.Follow(true, 1);
        TestNetwork.Until("a has them", () => Held(network, "a").Length == 2);
        network.Ip("a", "addr del 192.0.2.100/24 dev eth0");
        Volatile.Write(ref taken, true);
        TestNetwork.Until("put back", () => Held(network, "a").Length == 2);
        Ping(network);
    }

    [Fact]
    public void ADeviceThatIsNotThereIsSaidAtTheStart()
    {
        using TestNetwork network = Raise();
        network.Ip("a", "link del eth0");
        IOException error = Assert.Throws<IOException>(() => Member(network, "a"));
        Assert.Contains("no network device eth0", error.Message, StringComparison.Ordinal);
    }

    private static TestNetwork Raise()
    {
        var network = new TestNetwork("a", "b", "n", "switch");
        network.Ip("switch", "link add name sw0 type bridge");
        network.Ip("switch", "link set sw0 up");
        foreach (string host in (ReadOnlySpan<string>)["a", "b", "n"])
        {
            network.Wire(host, "eth0", "switch", "port-" + host, host == "n" ? "192.0.2.9/24" : null);
            network.Ip("switch", $"link set port-{host} master sw0");
        }

        network.Ip("n", "addr add 2001:db8::9/64 dev eth0 nodad");
        return network;
    }

    private static VirtualAddresses Member(TestNetwork network, string host) =>
        network.In(host, () => new VirtualAddresses(Options, NullLogger.Instance));

    private static string[] Held(TestNetwork network, string host) => network.In(host, () =>
    {
        using var netlink = new RouteNetlink();
        return netlink.Addresses().Select(a => a.Address.ToString()).Where(a => a.EndsWith("100", StringComparison.Ordinal)).ToArray();
    });

    private static byte[] Cached(TestNetwork network) => network.In("n", () =>
    {
        using var netlink = new RouteNetlink();
        return netlink.Neighbours().FirstOrDefault(n => n.Address.ToString() == "192.0.2.100")?.Hardware ?? [];
    });

    private static void Ping(TestNetwork network)
    {
        foreach (string address in (ReadOnlySpan<string>)["192.0.2.100", "2001:db8::100"])
        {
            (int code, string text) = network.Run("n", "ping", "-c", "1", "-W", "5", address);
            Assert.True(code == 0, text);
        }
    }
}
