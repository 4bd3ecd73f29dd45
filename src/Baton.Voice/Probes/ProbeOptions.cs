using System.Net;

namespace Baton.Voice;

/// <summary>Both ends of the probe in one process, hence on one clock: P behind the peer, C behind the cluster.</summary>
/// <param name="Rate">Packets a second each way.</param>
/// <param name="Flows">Further flows, each with addresses (and so an SA) of its own each way.</param>
/// <param name="FlowPeriodSeconds">How often each flow sends a packet each way.</param>
/// <param name="Plain">The ends are hosts with addresses of their own: the stream goes through their stacks, each "gateway" is the other end, and there are no further flows.</param>
/// <param name="PeerSpace">The network namespace of the peer's end; null: ours.</param>
/// <param name="ClusterSpace">The network namespace of the cluster's end; null: ours.</param>
/// <param name="AlsoFrom">Further senders whose datagrams are taken; all others are counted as foreign and dropped.</param>
public sealed record ProbeOptions(
    IPEndPoint PeerLocal,
    IPEndPoint PeerGateway,
    IPEndPoint ClusterLocal,
    IPEndPoint ClusterGateway,
    int Rate = 1000,
    int Flows = 0,
    double FlowPeriodSeconds = 8,
    IReadOnlyList<IPEndPoint>? AlsoFrom = null,
    bool Plain = false,
    string? PeerSpace = null,
    string? ClusterSpace = null);
