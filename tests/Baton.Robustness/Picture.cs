using System.Text.Json;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Setup;
using Baton.Cluster.Protos;

namespace Baton.Robustness;

/// <summary>All that can be seen of a cluster from outside, at one moment.</summary>
internal sealed class Picture
{
    private static readonly string[] Frames = ["runt", "not-a-frame", "unknown-key", "replayed", "forged", "too-many-strangers"];

    private static readonly string[] HandlerFrames = ["Runt", "NotAFrame", "UnknownKey", "Replayed", "Forged", "TooManyStrangers"];

    private static readonly string[] Refusals = ["runt", "unknown-spi", "replayed", "bad-icv", "bad-padding", "ike", "keepalive"];

    /// <summary>Which counters must have every bad datagram of which ports; genuine traffic moves none of them.</summary>
    /// <remarks>Where it is not exact, changed inner packets arrive too that an SA let pass: their addresses are right, and the rest is for the ends to judge.</remarks>
    public static readonly IReadOnlyList<(string[] Targets, string[] Counters, bool Exact)> Places =
    [
        (["a.sync"], [.. Frames.Select(frame => $"a.sync.frame.{frame}")], true),
        (["b.sync"], [.. Frames.Select(frame => $"b.sync.frame.{frame}")], true),
        (["a.heartbeat"], [.. Frames.Select(frame => $"a.heartbeat.frame.{frame}")], true),
        (["b.heartbeat"], [.. Frames.Select(frame => $"b.heartbeat.frame.{frame}")], true),
        (["h.heartbeat"], [.. HandlerFrames.Select(frame => $"h.heartbeat.refused.{frame}")], true),
        (["r.control"], [.. Frames.Select(frame => $"r.steer.frame.{frame}")], true),
        (["a.outer"], ["a.esp.bad-envelope"], true),
        (["b.outer"], ["b.esp.bad-envelope"], true),
        (["r.outer"], ["r.router.empty", .. Refusals.Select(verdict => $"a.esp.{verdict}")], true),
        (["p.outer"], [.. Refusals.Select(verdict => $"p.esp.{verdict}")], true),
        (["b.inner"], ["b.esp.bad-inner", "b.esp.no-policy", "b.esp.no-lease", "b.esp.too-long"], true),
        (["observer.peer", "observer.router"], ["observer.foreign"], true),
        (["phone-peer"], ["phone-peer.foreign"], false),
        (["phone-cluster"], ["phone-cluster.foreign"], false),
        (["probe.peer", "probe.cluster"], ["probe.foreign"], false),
    ];

    public Dictionary<string, long> Counters { get; } = [];

    public Dictionary<string, long> Sent { get; } = [];

    public Dictionary<string, long> Drops { get; } = [];

    public Dictionary<string, double> MemoryMiB { get; } = [];

    public Dictionary<string, int> LogLines { get; } = [];

    /// <summary>Packets of the call and of the probe that are missing at their ends.</summary>
    public string Calls { get; private set; } = "";

    public long DeliveredTwice { get; private set; }

    public long Repeats { get; private set; }

    /// <summary>Who is what: a flood must not move it.</summary>
    public string Cluster { get; private set; } = "";

    public static async Task<Picture> TakeAsync(Stage stage, IReadOnlyList<Target> targets)
    {
        var picture = new Picture();
        foreach (Target target in targets)
            (picture.Sent[target.Name], picture.Drops[target.Name]) = (target.Sent, KernelDrops.Of(target.Port));
        ClusterStatus cluster = await stage.UntilAsync("the handler answers", () => stage.Watch.HandlerAsync(stage.Cancellation));
        NodeStatus a = await stage.GatewayAsync("a");
        NodeStatus b = await stage.GatewayAsync("b");
        picture.Add("a", a);
        picture.Add("b", b);
        picture.Add("r", await stage.UntilAsync("the router answers", () => stage.Watch.RouterAsync(stage.Cancellation)));
        picture.Add("p", await stage.UntilAsync("the peer answers", () => stage.Watch.PeerAsync(stage.Cancellation)));
        picture.Add("h", cluster.Handler);
        ClusterRecord record = cluster.Record;
        picture.Cluster = $"term {record.Term}, active {record.Holder.Member} ({a.State}), designee {record.Designee?.Member} ({b.State}), in sync {string.Join(',', record.InSync.Select(one => one.Member))}, "
            + $"suspicions {a.Counters["witness.suspicions"]}/{b.Counters["witness.suspicions"]}, handler {a.HandlerConnected}/{b.HandlerConnected}, {a.SaReady}/{b.SaReady} SAs";

        var cast = stage.Cast;
        JsonElement atPeer = await cast.PhoneAtPeer.MarkAsync("picture", stage.Cancellation);
        JsonElement atCluster = await cast.PhoneAtCluster.MarkAsync("picture", stage.Cancellation);
        JsonElement probe = await cast.Probe.MarkAsync("picture", stage.Cancellation);
        JsonElement wire = await cast.Observer.MarkAsync("picture", stage.Cancellation);
        picture.Calls = $"call {Long(atPeer, "lost")}/{Long(atCluster, "lost")}, probe {Long(probe.GetProperty("toPeer"), "lost")}/{Long(probe.GetProperty("fromPeer"), "lost")}";
        picture.DeliveredTwice = Long(atPeer, "deliveredTwice") + Long(atCluster, "deliveredTwice") + Long(probe, "deliveredTwice");
        picture.Repeats = Long(wire, "repeats");
        foreach ((string name, JsonElement mark) in new[] { ("phone-peer", atPeer), ("phone-cluster", atCluster), ("probe", probe), ("observer", wire) })
            picture.Counters[$"{name}.foreign"] = Long(mark, "foreign");
        foreach ((string name, string log) in new[] { ("a", "gateway-a"), ("b", "gateway-b"), ("h", "handler-h"), ("r", "router-r"), ("p", "peer-p") })
        {
            ChildProcess process = cast[name];
            Assert.False(process.HasExited, $"{log} ended: {process.LastWords()}");
            picture.MemoryMiB[log] = process.ResidentMiB;
            picture.LogLines[log] = stage.Log(log).Count(c => c == '\n');
        }

        return picture;
    }

    private static long Long(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private void Add(string node, NodeStatus status)
    {
        foreach ((string name, ulong value) in status.Counters)
            Counters[$"{node}.{name}"] = (long)value;
    }
}
