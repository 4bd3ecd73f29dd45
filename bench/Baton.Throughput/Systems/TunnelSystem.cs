using Baton.Lab;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Lab.Steps;

namespace Baton.Throughput.Systems;

/// <summary>What differs between tunnels: what is inside, the cipher, whether ESP goes without UDP, and for how many hosts there is an SA each.</summary>
public readonly record struct TunnelKind(bool InnerV6 = false, bool Gcm256 = false, bool RawEsp = false, int FurtherHosts = 0)
{
    public static readonly TunnelKind Usual;

    /// <summary>The addresses behind the cluster that are spoken to: a flow each, and where the system can, an SA each.</summary>
    public IReadOnlyList<string> Targets =>
        FurtherHosts > 0 ? [.. Enumerable.Range(21, FurtherHosts).Select(host => $"10.2.0.{host}")] : [InnerV6 ? Network.HostInner6 : Network.HostInner];
}

/// <summary>What is measured: raised on the hosts of the lab, between the peer's host and the cluster's, and gone with the room.</summary>
public abstract class TunnelSystem
{
    public abstract string Name { get; }

    /// <summary>Null: it can be raised here. Otherwise what is missing.</summary>
    public virtual string? WhyNot() => null;

    /// <summary>Can it make such a tunnel? One tunnel for all hosts is what everybody has.</summary>
    public virtual bool Knows(TunnelKind kind) => kind with { FurtherHosts = 0 } == TunnelKind.Usual;

    /// <summary>Returns when the two inner hosts reach each other.</summary>
    public void Raise(Story story, TunnelKind kind)
    {
        new StageSteps(story).HostsWithRuns("a and b");
        if (kind.FurtherHosts > 0)
            Network.AddAddresses(story.Network.Inner, "lan", kind.Targets.Select(target => $"{target}/16"));
        RaiseTunnel(story, kind);
        story.Room.Wait.Until($"the inner hosts reach each other through {Name}", TimeSpan.FromSeconds(20),
            () => kind.Targets.All(target => Command.Try("ip", story.Network.PeerHost.Inside("ping", "-c", "1", "-W", "1", target).Skip(1)).Status == 0));
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

/// <summary>Two strongSwans with kernel-libipsec; AES-GCM. It refuses ESN.</summary>
public sealed class StrongSwanSystem : TunnelSystem
{
    public override string Name => "strongswan";

    public override bool Knows(TunnelKind kind) => base.Knows(kind with { Gcm256 = false });

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
