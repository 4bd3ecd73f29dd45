using System.Net;
using Baton.Cli.Commands;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Linux;

namespace Baton.Cli.Tests.Commands;

public sealed class NetworkCheckTests
{
    [Fact]
    public void The_machines_rights_and_switches_are_told_each_once()
    {
        var lines = new List<(bool Good, string Text)>();
        NetworkCheck.Machine((good, text) => lines.Add((good, text)));
        foreach (Capability capability in Enum.GetValues<Capability>())
        {
            (bool good, string text) = Assert.Single(lines, l => l.Text.Contains(Capabilities.NameOf(capability), StringComparison.Ordinal));
            Assert.Equal(Capabilities.Has(capability), good);
            Assert.True(good || text.Contains("AmbientCapabilities", StringComparison.Ordinal));
        }

        foreach (string topic in new[] { "/dev/net/tun", "IPv4 is", "IPv6 is" })
            Assert.Single(lines, l => l.Text.Contains(topic, StringComparison.Ordinal));
    }

    [Fact]
    public void A_device_that_is_not_there_stops_the_node_and_an_address_that_is_not_is_told()
    {
        var lines = new List<(bool Good, string Text)>();
        Assert.False(NetworkCheck.Node(Options("nope0"), (good, text) => lines.Add((good, text))));
        Assert.Contains(lines, l => !l.Good && l.Text.Contains("no network device nope0", StringComparison.Ordinal));
        Assert.Contains(lines, l => !l.Good && l.Text.Contains("203.0.113.77 is not on this machine", StringComparison.Ordinal));
    }

    [Fact]
    public void The_loopback_device_has_a_link()
    {
        var lines = new List<(bool Good, string Text)>();
        Assert.True(NetworkCheck.Node(Options("lo"), (good, text) => lines.Add((good, text))));
        Assert.Contains(lines, l => l.Good && l.Text.Contains("lo has a link", StringComparison.Ordinal));
    }

    [Theory] // by the kernel's own answers: the route to the peer, or the device of the outer address
    [InlineData("127.0.0.9:4500", "203.0.113.77:4500")]
    [InlineData(null, "127.0.0.1:4500")]
    public void The_tunnel_s_mtu_is_judged_on_the_way_to_each_peer_without_track(string? peer, string listen)
    {
        var lines = new List<(bool Good, string Text)>();
        var sa = new StaticSa("lan", SaSuite.AesGcm128, SaMode.Tunnel, 1, 2, [], [], IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("10.2.0.0/16"), peer is null ? null : IPEndPoint.Parse(peer), true, 64);
        NodeOptions options = Options("lo") with
        {
            Track = new TrackOptions(), StaticSas = [sa],
            Outer = new OuterOptions(IPEndPoint.Parse(listen), false, null), Inner = new InnerOptions(null, []) { Tun = "nope1", Mtu = 9_000 },
        };
        NetworkCheck.Node(options, (good, text) => lines.Add((good, text)));
        Assert.Contains(lines, l => !l.Good && l.Text.StartsWith("lan: lo takes 65536 bytes, only 1", StringComparison.Ordinal));  // a buffer of ours takes less than lo

        lines.Clear();
        NetworkCheck.Node(options with { Inner = options.Inner with { Mtu = 1_400 } }, (good, text) => lines.Add((good, text)));
        Assert.Contains(lines, l => l.Good && l.Text.Contains("MTU 1400 of nope1 fits", StringComparison.Ordinal));
    }

    [Theory] // the larger of both counts; 2 is loose, and so it mends a strict "all" too
    [InlineData("0", "0", false)]
    [InlineData("0", "1", true)]
    [InlineData("1", "0", true)]
    [InlineData("1", "1", true)]
    [InlineData("1", "2", false)]
    [InlineData("2", "1", false)]
    [InlineData("", "", false)]
    public void A_reverse_path_filter_is_judged_as_the_kernel_does(string all, string device, bool strict)
    {
        var lines = new List<(bool Good, string Text)>();
        NetworkCheck.ReversePath((good, text) => lines.Add((good, text)), "eth0", all, device);
        Assert.Equal(strict, lines is [(false, var told)] && told.Contains("net.ipv4.conf.eth0.rp_filter=2", StringComparison.Ordinal));
        Assert.Equal(strict ? 1 : 0, lines.Count);
    }

    [Theory] // as a node that starts does
    [InlineData(29, 64L << 20, false, false)]
    [InlineData(30, 1L << 40, true, false)]
    [InlineData(0, long.MaxValue, false, true)]
    public void Limits_are_judged_by_the_rule_of_the_node(long realTime, long locked, bool mayRealTime, bool mayLock)
    {
        var lines = new List<(bool Good, string Text)>();
        SystemCheck.Limits(_ => false, realTime, locked, (good, text) => lines.Add((good, text)));
        Assert.Equal([mayRealTime, mayLock], lines.Select(line => line.Good));
        lines.Clear();
        SystemCheck.Limits(_ => true, realTime, locked, (good, text) => lines.Add((good, text)));
        Assert.All(lines, line => Assert.True(line.Good));
    }

    private static NodeOptions Options(string device) => new()
    {
        File = "test",
        Name = "a",
        Role = NodeRole.Gateway,
        Cluster = new ClusterOptions("test", null, [], [], []),
        Outer = new OuterOptions(IPEndPoint.Parse("203.0.113.77:4500"), false, null),
        Track = new TrackOptions() with { Links = [new TrackedLink("outer", device)] },
    };
}
