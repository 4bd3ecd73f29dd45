using System.Net;
using Baton.Cluster.Configuration;
using Baton.Linux;

namespace Baton.Gateway.Tests;

public sealed class RightsTests
{
    internal static readonly NodeOptions Everything = new()
    {
        File = "test",
        Name = "a",
        Role = NodeRole.Gateway,
        Cluster = new ClusterOptions("test", null, [], [], []),
        Outer = new OuterOptions(IPEndPoint.Parse("192.0.2.1:4500"), false, null) { Also = [IPEndPoint.Parse("192.0.2.1:500")], RawEsp = true },
        Inner = new InnerOptions(null, []) { Tun = "baton0" },
        Virtual = new VirtualOptions() with { Addresses = [new VirtualAddress(new HostAddress(IPAddress.Parse("192.0.2.1"), 32), "eth0")] },
        Track = new TrackOptions() with { NextHops = [new NextHop(IPAddress.Parse("192.0.2.254"), "eth0")] },
    };

    [Fact]
    public void WithEveryRightNothingIsMissing() => Assert.Empty(Rights.Missing(Everything, _ => true, 0, 0, 1_024));

    [Theory]
    [InlineData(Capability.NetAdmin, 2, true)]
    [InlineData(Capability.NetRaw, 3, true)]
    [InlineData(Capability.NetBindService, 1, true)]
    [InlineData(Capability.Bpf, 1, false)]
    [InlineData(Capability.SysNice, 1, false)]
    [InlineData(Capability.IpcLock, 1, false)]
    public void EachLackIsNamedWithItsPriceAndRemedy(Capability missing, int count, bool stops)
    {
        IReadOnlyList<Rights.Lack> lacks = Rights.Missing(Everything, c => c != missing, 0, 0, 1_024);
        Assert.Equal(count, lacks.Count);
        Assert.All(lacks, l =>
        {
            Assert.Equal((Capabilities.NameOf(missing), stops), (l.Right, l.Stops));
            Assert.Contains("AmbientCapabilities=" + Capabilities.NameOf(missing), l.ToString(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void ALimitDoesForTimeAndMemoryAndAnOpenPortForTheRight()
    {
        Assert.Equal(2, Rights.Missing(Plain(), _ => false, realTime: 0, locked: 1L << 40, portsFrom: 1_024).Count);
        Assert.Empty(Rights.Missing(Plain(), _ => false, realTime: 99, locked: long.MaxValue, portsFrom: 1_024));
        Assert.DoesNotContain(Rights.Missing(Everything, _ => false, 0, 0, portsFrom: 500), l => l.Right == "CAP_NET_BIND_SERVICE");

        static NodeOptions Plain() => Everything with
        {
            Outer = new OuterOptions(IPEndPoint.Parse("127.0.0.1:4500"), false, null),
            Inner = new InnerOptions(IPEndPoint.Parse("127.0.0.1:7000"), []),
            Virtual = new(),
            Track = new(),
        };
    }
}
