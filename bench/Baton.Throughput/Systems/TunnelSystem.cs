using System.Globalization;
using System.Text.Json;
using Baton.Lab;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Lab.Steps;

namespace Baton.Throughput.Systems;

/// <summary>What differs between tunnels: what is inside, and the cipher.</summary>
public readonly record struct TunnelKind(bool InnerV6 = false, bool Gcm256 = false)
{
    public static readonly TunnelKind Usual;

    /// <summary>The host behind the cluster.</summary>
    public string Target => InnerV6 ? Network.HostInner6 : Network.HostInner;
}

/// <summary>What is measured: raised on the hosts of the lab, between the peer's host and the cluster's, and gone with the room.</summary>
public abstract class TunnelSystem
{
    public abstract string Name { get; }

    /// <summary>Null: it can be raised here. Otherwise what is missing.</summary>
    public virtual string? WhyNot() => null;

    /// <summary>Can it make such a tunnel?</summary>
    public virtual bool Knows(TunnelKind kind) => kind == TunnelKind.Usual;

    /// <summary>Returns when the two inner hosts reach each other.</summary>
    public void Raise(Story story, TunnelKind kind)
    {
        new StageSteps(story).Hosts("a and b");
        RaiseTunnel(story, kind);
        story.Room.Wait.Until($"the inner hosts reach each other through {Name}", TimeSpan.FromSeconds(20),
            () => Command.Try("ip", story.Network.PeerHost.Inside("ping", "-c", "1", "-W", "1", kind.Target).Skip(1)).Status == 0);
    }

    /// <summary>What explains a figure, asked after the measurement; null: nothing to say.</summary>
    public virtual string? Notes(Story story) => null;

    protected abstract void RaiseTunnel(Story story, TunnelKind kind);

    /// <summary>Member a takes the addresses that are the cluster's.</summary>
    protected static Host StandIn(Network network)
    {
        Host member = network.Member("a");
        member.Run("ip", "address", "add", $"{Network.ClusterAddress}/24", "dev", "outer");
        member.Run("ip", "address", "add", $"{Network.ClusterInner}/16", "dev", "inner");
        return member;
    }
}

/// <summary>A cluster with its standby in sync, keyed by hand, and a baton peer; AES-GCM with ESN.</summary>
public sealed class BatonSystem : TunnelSystem
{
    public override string Name => "baton";

    public override bool Knows(TunnelKind kind) => true;

    protected override void RaiseTunnel(Story story, TunnelKind kind)
    {
        var steps = new ClusterSteps(story);
        steps.RaiseStatic($"{Network.PeerAddress}:4500", kind.InnerV6 ? Network.ClusterNet6 : Network.ClusterNet,
            kind.InnerV6 ? Network.PeerNet6 : Network.PeerNet, kind.Gcm256 ? "aes-gcm-256" : "aes-gcm-128");
        steps.Ready();
    }

    /// <summary>How much the active took at once, and how much had to wait for its standby.</summary>
    public override string? Notes(Story story)
    {
        if (story.BatonCluster.ActiveNode?.Look() is not { } node)
            return null;
        JsonElement counters = node.GetProperty("counters");
        double packets = Count("esp.delivered") - Count("esp.sealed");
        return string.Create(CultureInfo.InvariantCulture, $"packets a turn {packets / Count("engine.turns"):0.0}, a write {packets / Math.Max(Count("offload.inner-merged"), 1):0.0}; ")
            + string.Create(CultureInfo.InvariantCulture, $"held {Count("held.packets") / packets:0.0%}, p99 {Count("held.p99-us"):0} us; dropped {Count("esp.held-overflow"):0}");

        double Count(string name) => counters.TryGetProperty(name, out JsonElement value) ? double.Parse(value.ToString(), CultureInfo.InvariantCulture) : 0;
    }
}

/// <summary>Two strongSwans with kernel-libipsec; AES-GCM. It refuses ESN.</summary>
public sealed class StrongSwanSystem : TunnelSystem
{
    public override string Name => "strongswan";

    public override bool Knows(TunnelKind kind) => kind with { Gcm256 = false } == TunnelKind.Usual;

    public override string? WhyNot() => Baton.Lab.StrongSwan.Charon.IsInstalled ? null : "strongSwan is not installed";

    protected override void RaiseTunnel(Story story, TunnelKind kind)
    {
        var steps = new StageSteps(story);
        steps.StrongSwanPeer();
        steps.StandIn("a");
        steps.Agree("psk, ike aes256gcm16-prfsha256-ecp256, esp " + (kind.Gcm256 ? "aes256gcm16" : "aes128gcm16"));
        new EndSteps(story).Initiate("peer");
    }
}

/// <summary>Two wireguard-go; ChaCha20-Poly1305, the only cipher that it has.</summary>
public sealed class WireGuardSystem : TunnelSystem
{
    private const int Port = 51_820;

    private static string Program => Environment.GetEnvironmentVariable("WIREGUARD_GO") is { Length: > 0 } given ? given : "/usr/bin/wireguard-go";

    public override string Name => "wireguard-go";

    public override string? WhyNot() => !File.Exists(Program) ? $"{Program} is not there" : !File.Exists("/usr/bin/wg") ? "wg is not installed (wireguard-tools)" : null;

    protected override void RaiseTunnel(Story story, TunnelKind kind)
    {
        Network network = story.Network;
        Host cluster = StandIn(network);
        (string cryptPeer, string cryptCluster) = (Command.Run("wg", "genkey"), Command.Run("wg", "genkey"));
        string tag = story.Room.Tag[2..];
        Raise(story, network.Peer, $"wp{tag}", cryptPeer, cryptCluster, Network.ClusterNet, Network.ClusterAddress);
        Raise(story, cluster, $"wc{tag}", cryptCluster, cryptPeer, Network.PeerNet, Network.PeerAddress);
    }

    private static void Raise(Story story, Host host, string device, string own, string other, string route, string endpoint)
    {
        LabProcess process = host.Start("wireguard-go", [Program, "-f", device]);
        story.Room.Wait.Until("wireguard-go has its device", TimeSpan.FromSeconds(10), () => File.Exists($"/var/run/wireguard/{device}.sock"), () => process.LastWords());
        string key = Path.Combine(host.Folder, "key");
        File.WriteAllText(key, own);
        string publicKey = Command.Run("wg", ["pubkey"], other).Trim();
        host.Run("wg", "set", device, "listen-port", $"{Port}", "private-key", key, "peer", publicKey, "allowed-ips", "0.0.0.0/0", "endpoint", $"{endpoint}:{Port}");
        host.Run("ip", "link", "set", device, "up", "mtu", "1420");
        host.Run("ip", "route", "add", route, "dev", device);
    }
}

/// <summary>The same hosts and cables, and no tunnel: packets are routed.</summary>
public sealed class BareSystem : TunnelSystem
{
    public override string Name => "veth";

    protected override void RaiseTunnel(Story story, TunnelKind kind)
    {
        Network network = story.Network;
        StandIn(network);
        network.Router.Run("ip", "route", "add", Network.PeerNet, "via", Network.PeerAddress);
        network.Router.Run("ip", "route", "add", Network.ClusterNet, "via", Network.ClusterAddress);
    }
}
