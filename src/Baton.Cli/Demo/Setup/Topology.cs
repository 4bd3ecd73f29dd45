using System.Net;

namespace Baton.Cli.Demo.Setup;

/// <summary>Who is where in the block.</summary>
/// <remarks>
/// <code>
///   phone P, probe --inner--> peer .3 --outer--> observer .4 --outer--> router .2 --shim--> gateway a .11, b .12 --inner--> phone C, probe
///   phone C, probe --inner--> router .2 --inner--> the active
///   gateways &lt;-> handler .1: gRPC;  a &lt;-> b: sealed frames;  sentinels -> the other, handler;  gateways -> router: steering
/// </code>
/// </remarks>
public sealed class Topology(AddressBlock block)
{
    public static readonly string[] Gateways = ["a", "b"];

    public IPEndPoint HandlerSession { get; } = new(block[1], 7443);

    public IPEndPoint HandlerHeartbeat { get; } = new(block[1], 7200);

    public IPEndPoint RouterOuter { get; } = new(block[2], 4500);

    public IPEndPoint RouterInner { get; } = new(block[2], 7000);

    public IPEndPoint RouterControl { get; } = new(block[2], 7300);

    public IPEndPoint RouterStatus { get; } = new(block[2], 7400);

    public IPEndPoint PeerOuter { get; } = new(block[3], 4500);

    public IPEndPoint PeerInner { get; } = new(block[3], 7000);

    public IPEndPoint PeerStatus { get; } = new(block[3], 7400);

    /// <summary>The peer takes this for the cluster.</summary>
    public IPEndPoint ObserverPeerSide { get; } = new(block[4], 4500);

    /// <summary>The cluster takes this for the peer.</summary>
    public IPEndPoint ObserverRouterSide { get; } = new(block[4], 4501);

    public IPEndPoint PhoneAtPeer { get; } = new(block[21], 5000);

    public IPEndPoint PhoneAtCluster { get; } = new(block[22], 5000);

    public IPEndPoint ProbeAtPeer { get; } = new(block[23], 5000);

    public IPEndPoint ProbeAtCluster { get; } = new(block[24], 5000);

    public IPEndPoint Sync(string gateway) => new(Host(gateway), 7100);

    public IPEndPoint Heartbeat(string gateway) => new(Host(gateway), 7200);

    public IPEndPoint Outer(string gateway) => new(Host(gateway), 4500);

    public IPEndPoint Inner(string gateway) => new(Host(gateway), 7000);

    public IPEndPoint Status(string gateway) => new(Host(gateway), 7400);

    private IPAddress Host(string gateway) => block[11 + Array.IndexOf(Gateways, gateway)];
}
