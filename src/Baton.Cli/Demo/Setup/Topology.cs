using System.Net;
using Baton.Wire;

namespace Baton.Cli.Demo.Setup;

/// <summary>Who is where: in a block of loopback addresses, or as blades on a backplane, a folder of Unix sockets.</summary>
/// <remarks>
/// One of the two is given; the numbers are those of the block, the names on a backplane tell the same (h.session, a.outer).
/// <code>
///   phone P, probe --inner--> peer .3 --outer--> observer .4 --outer--> router .2 --shim--> gateway a .11, b .12 --inner--> phone C, probe
///   phone C, probe --inner--> router .2 --inner--> the active
///   gateways &lt;-> handler .1: gRPC;  a &lt;-> b: sealed frames;  sentinels -> the other, handler;  gateways -> router: steering
/// </code>
/// </remarks>
public sealed class Topology(AddressBlock? block, string? backplane = null)
{
    public static readonly string[] Gateways = ["a", "b"];

    public IPEndPoint HandlerSession { get; } = At(block, backplane, 1, 7443, "h.session");

    public IPEndPoint HandlerHeartbeat { get; } = At(block, backplane, 1, 7200, "h.heartbeat");

    public IPEndPoint RouterOuter { get; } = At(block, backplane, 2, 4500, "r.outer");

    public IPEndPoint RouterInner { get; } = At(block, backplane, 2, 7000, "r.inner");

    public IPEndPoint RouterControl { get; } = At(block, backplane, 2, 7300, "r.control");

    public IPEndPoint RouterStatus { get; } = At(block, backplane, 2, 7400, "r.status");

    public IPEndPoint PeerOuter { get; } = At(block, backplane, 3, 4500, "p.outer");

    public IPEndPoint PeerInner { get; } = At(block, backplane, 3, 7000, "p.inner");

    public IPEndPoint PeerStatus { get; } = At(block, backplane, 3, 7400, "p.status");

    /// <summary>The peer takes this for the cluster.</summary>
    public IPEndPoint ObserverPeerSide { get; } = At(block, backplane, 4, 4500, "observer.peer");

    /// <summary>The cluster takes this for the peer.</summary>
    public IPEndPoint ObserverRouterSide { get; } = At(block, backplane, 4, 4501, "observer.router");

    public IPEndPoint PhoneAtPeer { get; } = At(block, backplane, 21, 5000, "phone.peer");

    public IPEndPoint PhoneAtCluster { get; } = At(block, backplane, 22, 5000, "phone.cluster");

    public IPEndPoint ProbeAtPeer { get; } = At(block, backplane, 23, 5000, "probe.peer");

    public IPEndPoint ProbeAtCluster { get; } = At(block, backplane, 24, 5000, "probe.cluster");

    public IPEndPoint Sync(string gateway) => Member(gateway, 7100, "sync");

    public IPEndPoint Heartbeat(string gateway) => Member(gateway, 7200, "heartbeat");

    public IPEndPoint Outer(string gateway) => Member(gateway, 4500, "outer");

    public IPEndPoint Inner(string gateway) => Member(gateway, 7000, "inner");

    public IPEndPoint Status(string gateway) => Member(gateway, 7400, "status");

    private IPEndPoint Member(string gateway, int port, string what) => At(block, backplane, 11 + Array.IndexOf(Gateways, gateway), port, $"{gateway}.{what}");

    private static IPEndPoint At(AddressBlock? block, string? backplane, int host, int port, string name) =>
        block is not null ? new IPEndPoint(block[host], port) : BackplaneEndPoint.Of(Path.Combine(backplane!, name));
}
