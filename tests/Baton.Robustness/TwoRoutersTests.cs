using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Operators;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;

namespace Baton.Robustness;

/// <summary>Routers keep nothing but what the gateways' steering frames say, so two of them, or one that has just started, give the same answer.</summary>
[Collection("processes")]
public sealed class TwoRoutersTests
{
    [Fact]
    public async Task Both_steer_to_the_same_gateway_before_and_after_a_takeover_and_so_does_one_that_starts_later()
    {
        await using var stage = new Stage();
        await stage.PlayAsync(async () =>
        {
            System.Net.IPAddress address = stage.Spare(5);
            (int status, string output) = await stage.RunAsync("pki", "issue", "router", "s", "-d", Path.GetDirectoryName(stage.At("x"))!);
            Assert.True(status == 0, output);
            string mine = stage.Topology.RouterOuter.Address.ToString();
            string second = File.ReadAllText(stage.Files.Of("r")).Replace("\"r.", "\"s.", StringComparison.Ordinal).Replace("[node]\nname = \"r\"", "[node]\nname = \"s\"", StringComparison.Ordinal);
            string[] halves = second.Split("[tls]", 2);
            File.WriteAllText(stage.At("s.toml"), $"{halves[0]}[tls]{halves[1].Replace($"{mine}:", $"{address}:", StringComparison.Ordinal)}");
            foreach (string gateway in Topology.Gateways)
            {
                stage.Edit(gateway, text => text.Replace("[tls]", $"""
                    [[cluster.router]]
                    name = "s"
                    control = "{address}:7300"
                    outer = "{address}:4500"
                    [tls]
                    """, StringComparison.Ordinal));
            }

            using ClusterClient client = ClusterClient.Open(new TlsOptions(stage.At("ca.crt"), stage.At("o.crt"), stage.At("o.key")));
            ChildProcess other = await stage.StartNodeAsync("router", "s");
            await stage.StartAsync();
            await SameAnswerAsync("a");
            await stage.Cast.KillAsync("a", stage.Cancellation);
            await stage.Watch.UntilGatewayAsync("b", "b is active", one => one.State == "active", Stage.Patience, stage.Cancellation);
            await SameAnswerAsync("b");

            other.Kill();
            await other.WaitForExitAsync(stage.Cancellation);
            await stage.StartNodeAsync("router", "s");
            await SameAnswerAsync("b");

            async Task SameAnswerAsync(string active)
            {
                ulong term = (await stage.GatewayAsync(active)).Term;
                foreach (string router in new[] { stage.Topology.RouterStatus.ToString(), $"{address}:7400" })
                {
                    await stage.UntilAsync($"the router at {router} steers to {active} in term {term}", async () =>
                        (await client.NodeAsync(router, TimeSpan.FromSeconds(2), stage.Cancellation)).Value is { } one && one.State == $"steers to {active}" && one.Term == term ? one : null);
                }
            }
        });
    }
}
