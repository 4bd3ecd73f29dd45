using System.Collections.Concurrent;
using System.Net;
using Baton.Cluster.Configuration;
using Baton.Gateway.Steering;
using Baton.Linux.Tests.Namespaces;
using Baton.Redundancy.Tracking;

namespace Baton.Gateway.Tests.Steering;

public sealed class PathWatcherTests
{
    [Fact]
    public void TellsOfALinkThatDiesAndComesBackAndOfANextHopThatFallsSilent()
    {
        using var network = new TestNetwork("a", "n");
        network.Wire("a", "eth0", "n", "eth0", "192.0.2.1/24", "192.0.2.254/24");
        network.Wire("a", "eth1", "n", "eth1");
        var told = new ConcurrentQueue<PathInput>();
        var options = new TrackOptions() with
        {
            Links = [new TrackedLink("outer", "eth0"), new TrackedLink("inner", "eth1")],
            NextHops = [new NextHop(IPAddress.Parse("192.0.2.254"), "eth0")],
            Interval = TimeSpan.FromMilliseconds(20),
        };
        using PathWatcher watcher = network.In("a", () => new PathWatcher(options, told.Enqueue));
        TestNetwork.Until("both links are told", () => told.Contains(new PathInput.Link("outer", true)) && told.Contains(new PathInput.Link("inner", true)));
        TestNetwork.Until("the next hop answers", () => told.Contains(new PathInput.Probe("next hop 192.0.2.254", true)));

        network.Ip("n", "link set eth1 down");
        TestNetwork.Until("the dead link is told", () => told.Contains(new PathInput.Link("inner", false)));
        told.Clear();
        network.Ip("n", "link set eth1 up");
        TestNetwork.Until("it came back", () => told.Contains(new PathInput.Link("inner", true)));
        Assert.DoesNotContain(new PathInput.Link("outer", false), told);

        network.Ip("n", "addr del 192.0.2.254/24 dev eth0");
        told.Clear();
        TestNetwork.Until("silence is told", () => told.Contains(new PathInput.Probe("next hop 192.0.2.254", false)));
        network.Ip("a", "link del eth0");
        TestNetwork.Until("a device that goes is a dead link", () => told.Contains(new PathInput.Link("outer", false)));
    }

    [Fact]
    public void ADeviceThatIsNotThereIsSaidAtTheStart()
    {
        using var network = new TestNetwork("a");
        var options = new TrackOptions() with { Links = [new TrackedLink("outer", "eth9")] };
        IOException error = Assert.Throws<IOException>(() => network.In("a", () => new PathWatcher(options, _ => { })));
        Assert.Contains("[track] outer: there is no network device eth9", error.Message, StringComparison.Ordinal);
    }
}
