using System.Text.Json;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;

namespace Baton.Lab.Traffic;

/// <summary>Two phones on the two inner hosts: RTP through their stacks, the gateways between.</summary>
public sealed class Call : IDisposable
{
    private const int Port = 4000;

    private readonly Instrument _atPeer;
    private readonly Instrument _atCluster;

    public Call(Host peerHost, string peerAddress, Host clusterHost, string clusterAddress)
    {
        _atPeer = Phone("phone at peer", peerHost, peerAddress, clusterAddress, "a");
        _atCluster = Phone("phone at cluster", clusterHost, clusterAddress, peerAddress, "b");
    }

    /// <summary>Packets lost and received since the last look, the worse way and each.</summary>
    public CallReading Look()
    {
        JsonElement peer = _atPeer.Mark();
        JsonElement cluster = _atCluster.Mark();
        return new CallReading(
            peer.GetProperty("lostSinceMark").GetInt64(), cluster.GetProperty("lostSinceMark").GetInt64(),
            peer.GetProperty("receivedSinceMark").GetInt64(), cluster.GetProperty("receivedSinceMark").GetInt64(),
            peer.GetProperty("maxGapMs").GetDouble(), cluster.GetProperty("maxGapMs").GetDouble(),
            peer.GetProperty("deliveredTwice").GetInt64() + cluster.GetProperty("deliveredTwice").GetInt64());
    }

    public void Dispose()
    {
        _atPeer.Dispose();
        _atCluster.Dispose();
    }

    private static Instrument Phone(string name, Host host, string self, string far, string speech) => Instrument.Start(
        name, host.Inside(BatonTool.Path, "phone", "--plain", "--local", Endpoint(self), "--gateway", Endpoint(far), "--speech", speech));

    private static string Endpoint(string address) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]:{Port}" : $"{address}:{Port}";
}

/// <summary>"At the peer" is what the phone behind the peer heard: the way from the cluster.</summary>
public sealed record CallReading(long LostAtPeer, long LostAtCluster, long ReceivedAtPeer, long ReceivedAtCluster, double GapAtPeerMs, double GapAtClusterMs, long DeliveredTwice)
{
    /// <summary>This and a later look in one.</summary>
    public CallReading And(CallReading later) => new(
        LostAtPeer + later.LostAtPeer, LostAtCluster + later.LostAtCluster, ReceivedAtPeer + later.ReceivedAtPeer, ReceivedAtCluster + later.ReceivedAtCluster,
        Math.Max(GapAtPeerMs, later.GapAtPeerMs), Math.Max(GapAtClusterMs, later.GapAtClusterMs), later.DeliveredTwice);
}
