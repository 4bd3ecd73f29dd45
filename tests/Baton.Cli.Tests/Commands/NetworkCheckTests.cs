using System.Net;
using Baton.Cli.Commands;
using Baton.Cluster.Configuration;
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
