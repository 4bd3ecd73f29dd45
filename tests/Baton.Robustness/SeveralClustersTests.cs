using Baton.Cli.Demo.Scenario;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Operators;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;

namespace Baton.Robustness;

/// <summary>Two clusters, each with handler, gateways, peer, call and probe of its own, behind the same two routers.</summary>
[Collection("processes")]
public sealed class SeveralClustersTests
{
    private const int SecondRouter = 5;

    [Fact]
    public async Task A_kill_in_one_does_not_touch_the_other_and_both_routers_give_the_same_answer()
    {
        await using var east = new Stage();
        await using var west = new Stage();
        await east.PlayAsync(async () =>
        {
            string mine = east.Topology.RouterOuter.Address.ToString(), second = east.Spare(SecondRouter).ToString(), theirs = west.Topology.RouterOuter.Address.ToString();
            east.Append("r", Group(west, theirs));
            (int status, string output) = await east.RunAsync("pki", "issue", "router", "s", "-d", Path.GetDirectoryName(east.At("x"))!);
            Assert.True(status == 0, output);
            string[] halves = File.ReadAllText(east.Files.Of("r"))
                .Replace("\"r.", "\"s.", StringComparison.Ordinal).Replace("[node]\nname = \"r\"", "[node]\nname = \"s\"", StringComparison.Ordinal)
                .Replace($"{theirs}:", $"{west.Spare(SecondRouter)}:", StringComparison.Ordinal).Split("[tls]", 2);
            File.WriteAllText(east.At("s.toml"), $"{halves[0]}[tls]{halves[1].Replace($"{mine}:", $"{second}:", StringComparison.Ordinal)}");
            foreach (Stage stage in new[] { east, west })
            {
                foreach (string gateway in Topology.Gateways)
                {
                    stage.Edit(gateway, text => text.Replace("[tls]", $"""
                        [[cluster.router]]
                        name = "s"
                        control = "{stage.Spare(SecondRouter)}:7300"
                        outer = "{stage.Spare(SecondRouter)}:4500"
                        [tls]
                        """, StringComparison.Ordinal));
                }
            }

            await east.StartNodeAsync("router", "s");
            await east.StartAsync();
            await west.Cast.StartObserverAsync(west.Cancellation);
            await west.Cast.StartHandlerAsync();
            await west.Cast.StartGatewayAsync("a");
            await west.Watch.UntilGatewayAsync("a", "a of the west is active", one => one.State == "active", Stage.Patience, west.Cancellation);
            await west.Cast.StartGatewayAsync("b");
            await west.Cast.StartPeerAsync();
            await west.Watch.UntilReadyAsync("a", "b", Stage.Patience, west.Cancellation);
            await west.Cast.StartInstrumentsAsync(Path.GetDirectoryName(west.At("x"))!, west.Cancellation);

            using ClusterClient client = ClusterClient.Open(new TlsOptions(east.At("ca.crt"), east.At("o.crt"), east.At("o.key")));
            ulong westTerm = (await west.GatewayAsync("a")).Term, eastTerm = (await east.GatewayAsync("a")).Term;
            await SameAnswerAsync("steers to a; west steers to a", eastTerm);
            Reading before = await UntilItTalksAsync(west, "before");
            await UntilItTalksAsync(east, "before");

            await east.Cast.KillAsync("a", east.Cancellation);
            eastTerm = (await east.Watch.UntilGatewayAsync("b", "b of the east is active", one => one.State == "active", Stage.Patience, east.Cancellation)).Term;
            await SameAnswerAsync("steers to b; west steers to a", eastTerm);
            await UntilItTalksAsync(east, "after");

            // The west has heard nothing of it: the same term, and no packet of its call or probe is missing.
            Reading after = await UntilItTalksAsync(west, "after");
            Assert.Equal(westTerm, (await west.GatewayAsync("a")).Term);
            Assert.Equal((before.CallLostToPeer, before.CallLostFromPeer, before.ProbeLostToPeer, before.ProbeLostFromPeer),
                (after.CallLostToPeer, after.CallLostFromPeer, after.ProbeLostToPeer, after.ProbeLostFromPeer));

            async Task SameAnswerAsync(string state, ulong term)
            {
                foreach (string router in new[] { east.Topology.RouterStatus.ToString(), $"{second}:7400" })
                {
                    NodeStatus told = await east.UntilAsync($"the router at {router} says: {state}", async () =>
                        (await client.NodeAsync(router, TimeSpan.FromSeconds(2), east.Cancellation)).Value is { } one && one.State == state && one.Term == term ? one : null);
                    Assert.Equal((term, westTerm), (Tally.Counter(told, "group.demo.term"), Tally.Counter(told, "group.west.term")));
                    Assert.Equal(Tally.Counter(told, "router.steered"), Tally.Counter(told, "group.demo.router.steered") + Tally.Counter(told, "group.west.router.steered"));
                }

                NodeStatus first = (await client.NodeAsync(east.Topology.RouterStatus.ToString(), TimeSpan.FromSeconds(2), east.Cancellation)).Value!;
                Assert.All(new[] { "demo", "west" }, group => Assert.True(Tally.Counter(first, $"group.{group}.router.to-active") > 0, group));
            }
        });
    }

    /// <summary>Another cluster's members, at addresses of its own.</summary>
    private static string Group(Stage of, string router) => $"""
        [[group]]
        name = "west"
        key-file = "{of.At("control.key")}"
        outer = "{router}:4500"
        inner = "{router}:7000"
        control = "{router}:7300"
        {string.Join('\n', Topology.Gateways.Select(gateway => $"""
            [[group.member]]
            name = "{gateway}"
            outer = "{of.Topology.Outer(gateway)}"
            inner = "{of.Topology.Inner(gateway)}"
            """))}
        """;

    /// <summary>A hundred packets of the probe more, each way, after which everything before has arrived.</summary>
    private static async Task<Reading> UntilItTalksAsync(Stage stage, string mark)
    {
        Cast cast = stage.Cast;
        Reading from = await Reading.TakeAsync(cast.PhoneAtPeer, cast.PhoneAtCluster, cast.Probe, mark, stage.Cancellation);
        return await stage.UntilAsync("both ways pass", async () =>
        {
            Reading now = await Reading.TakeAsync(cast.PhoneAtPeer, cast.PhoneAtCluster, cast.Probe, mark, stage.Cancellation);
            return Received(now, "toPeer") > Received(from, "toPeer") + 100 && Received(now, "fromPeer") > Received(from, "fromPeer") + 100 ? now : null;
        });
    }

    private static long Received(Reading reading, string way) => reading.Probe.GetProperty(way).Count("received");
}
