using System.Net;
using Baton.Cluster.Configuration;
using Baton.Gateway.DataPath;

namespace Baton.Gateway.Tests.DataPath;

/// <summary>A peer's way of packets on loopback ports of its own.</summary>
internal static class LonePath
{
    public static PacketPath New(IkeOptions? ike = null) => new(new NodeOptions
    {
        File = "test",
        Name = "test",
        Role = NodeRole.Peer,
        Cluster = new ClusterOptions("test", null, [], [], []),
        Outer = new OuterOptions(new IPEndPoint(IPAddress.Loopback, 0), false, null),
        Inner = new InnerOptions(new IPEndPoint(IPAddress.Loopback, 0), []),
        Ike = ike ?? IkeOptions.None,
    }, isPeer: true);
}
