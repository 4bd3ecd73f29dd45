using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Setup;
using Baton.Cluster.Protos;

namespace Baton.Robustness;

/// <summary>Bad datagrams at every UDP port of every process, while a call runs: named counters change, and nothing else.</summary>
/// <remarks><c>eng/hostile N</c> sends N; a run of <c>./test</c> fewer.</remarks>
[Collection("processes")]
public sealed class HostileDatagramsTests(ITestOutputHelper output)
{
    private const int PerSecond = 8_000;

    private static long Datagrams => Environment.GetEnvironmentVariable("BATON_HOSTILE_DATAGRAMS") is { Length: > 0 } text
        ? long.Parse(text, CultureInfo.InvariantCulture) : 100_000;

    [Fact]
    public async Task Bad_datagrams_at_every_port_change_named_counters_and_nothing_else()
    {
        await using var stage = new Stage();
        using var taps = new Taps();
        await stage.PlayAsync(() => PlayAsync(stage, taps));
    }

    private async Task PlayAsync(Stage stage, Taps taps)
    {
        Topology at = stage.Topology;
        Tap(stage, taps);
        await stage.StartAsync();
        await stage.UntilAsync("genuine datagrams of every kind", async () =>
            Ports(at).All(port => taps.Recorded(port).Length >= 40) && (await EspAsync(stage)).ToCluster.Length >= 64 ? "yes" : null);
        (byte[][] toPeer, byte[][] toCluster) = await EspAsync(stage);
        List<Target> targets = Targets(at, taps, toPeer, toCluster);
        using var flood = new Flood(targets, stage.Spare(40), seed: 5);

        // First a part, so that code is warm and pools have their size; then the bulk is measured.
        await Task.Run(() => flood.Run(Datagrams / 5, PerSecond, stage.Cancellation), stage.Cancellation);
        Picture before = await Picture.TakeAsync(stage, targets);
        await Task.Run(() => flood.Run(Datagrams - (Datagrams / 5), PerSecond, stage.Cancellation), stage.Cancellation);
        Picture after = await stage.UntilAsync("every datagram is counted", async () =>
            await Picture.TakeAsync(stage, targets) is var now && Uncounted(before, now).All(one => one.Left <= 0) ? now : null);

        foreach ((string name, long left, bool exact) in Uncounted(before, after))
            Assert.True(exact ? left == 0 : left <= 0, $"{name}: {left} datagrams of the flood changed no counter (negative: others were counted beside)");
        Assert.Equal(before.Calls, after.Calls);
        Assert.Equal(0, after.DeliveredTwice);
        Assert.Equal(0, after.Repeats);
        Assert.Equal(before.Cluster, after.Cluster);
        foreach ((string process, double was) in before.MemoryMiB)
        {
            output.WriteLine($"{process}: {was:0.0} MiB, then {after.MemoryMiB[process]:0.0} MiB; log {before.LogLines[process]}, then {after.LogLines[process]} lines");
            Assert.True(after.MemoryMiB[process] - was < 24, $"{process} grew from {was:0.0} to {after.MemoryMiB[process]:0.0} MiB");
            Assert.True(after.LogLines[process] - before.LogLines[process] < 10, $"{process} wrote {after.LogLines[process] - before.LogLines[process]} lines:\n{stage.Log(process)}");
        }

        foreach ((string name, long grown) in after.Counters.Select(c => (c.Key, c.Value - before.Counters.GetValueOrDefault(c.Key))).Where(c => c.Item2 > 0))
            output.WriteLine($"{name} +{grown}");
        output.WriteLine($"{targets.Sum(target => target.Sent)} datagrams, {after.Drops.Sum(drop => drop.Value)} dropped by the kernel");
    }

    /// <summary>The frames between processes go through our taps; detection is slow enough that a busy machine is not taken for a dead one.</summary>
    private static void Tap(Stage stage, Taps taps)
    {
        Topology at = stage.Topology;
        int spare = 31;
        foreach (string node in new[] { "a", "b", "h" })
            stage.Append(node, "[heartbeat]\ninterval-ms = 100\nmultiplier = 20\nhang-after-ms = 2000");
        foreach ((string node, IPEndPoint to) in new[]
        {
            ("a", at.Sync("b")), ("a", at.Heartbeat("b")), ("a", at.HandlerHeartbeat), ("a", at.RouterControl), ("b", at.Sync("a")), ("b", at.Heartbeat("a")),
        })
        {
            var tap = new IPEndPoint(stage.Spare(spare++), to.Port);
            taps.Add(tap, to);
            stage.Edit(node, text => text.Replace($"\"{to}\"", $"\"{tap}\"", StringComparison.Ordinal));
        }

        taps.Start();
    }

    private static IPEndPoint[] Ports(Topology at) => [at.Sync("a"), at.Sync("b"), at.Heartbeat("a"), at.Heartbeat("b"), at.HandlerHeartbeat, at.RouterControl];

    private static async Task<(byte[][] ToPeer, byte[][] ToCluster)> EspAsync(Stage stage)
    {
        JsonElement answer = await stage.Cast.Observer.AskAsync(new JsonObject { ["cmd"] = "packets", ["count"] = 200 }, TimeSpan.FromSeconds(10), stage.Cancellation);
        byte[][] Of(string name) => [.. answer.GetProperty(name).EnumerateArray().Select(one => one.GetBytesFromBase64())];
        return (Of("toPeer"), Of("toCluster"));
    }

    private static List<Target> Targets(Topology at, Taps taps, byte[][] toPeer, byte[][] toCluster)
    {
        byte[][] shimmed = [.. toCluster.Select(esp => (byte[])[0xBA, 1, 0x11, 0x94, .. IPAddress.Parse("::ffff:127.0.0.9").GetAddressBytes(), .. esp])];
        byte[][] inner = [Inner("10.2.0.10", "10.1.0.10")];
        var targets = new List<Target>
        {
            new("r.outer", at.RouterOuter, toCluster),
            new("r.inner", at.RouterInner, inner),
            new("r.control", at.RouterControl, taps.Recorded(at.RouterControl)),
            new("p.outer", at.PeerOuter, toPeer),
            new("p.inner", at.PeerInner, [Inner("10.1.0.10", "10.2.0.10")]),
            new("h.heartbeat", at.HandlerHeartbeat, taps.Recorded(at.HandlerHeartbeat)),
            new("phone-peer", at.PhoneAtPeer, inner),
            new("phone-cluster", at.PhoneAtCluster, inner),
            new("probe.peer", at.ProbeAtPeer, inner),
            new("probe.cluster", at.ProbeAtCluster, inner),
            new("observer.peer", at.ObserverPeerSide, toPeer),
            new("observer.router", at.ObserverRouterSide, toCluster),
        };
        foreach (string gateway in Topology.Gateways)
        {
            targets.Add(new($"{gateway}.outer", at.Outer(gateway), shimmed));
            targets.Add(new($"{gateway}.inner", at.Inner(gateway), inner));
            targets.Add(new($"{gateway}.sync", at.Sync(gateway), taps.Recorded(at.Sync(gateway))));
            targets.Add(new($"{gateway}.heartbeat", at.Heartbeat(gateway), taps.Recorded(at.Heartbeat(gateway))));
        }

        return targets;
    }

    /// <summary>An inner packet of the call's SA as a host sends it (RFC 791, RFC 768), with an RTP that no phone takes.</summary>
    private static byte[] Inner(string source, string destination)
    {
        byte[] packet = new byte[60];
        (packet[0], packet[3], packet[8], packet[9], packet[25]) = (0x45, 60, 64, 17, 40);
        IPAddress.Parse(source).GetAddressBytes().CopyTo(packet, 12);
        IPAddress.Parse(destination).GetAddressBytes().CopyTo(packet, 16);
        return packet;
    }

    /// <summary>For each place: datagrams sent there, less those that its counters and the kernel's have.</summary>
    private static IEnumerable<(string Name, long Left, bool Exact)> Uncounted(Picture before, Picture after)
    {
        foreach ((string[] ports, string[] counters, bool exact) in Picture.Places)
        {
            long sent = ports.Sum(port => after.Sent[port] - before.Sent[port] - (after.Drops[port] - before.Drops[port]));
            yield return (string.Join('+', ports), sent - counters.Sum(counter => after.Counters.GetValueOrDefault(counter) - before.Counters.GetValueOrDefault(counter)), exact);
        }
    }
}
