using Baton.Cli.Demo.Setup;
using Baton.Cluster.Protos;

namespace Baton.Robustness;

/// <summary>The operator's programs, run by real gateways when the role moves.</summary>
[Collection("processes")]
public sealed class HooksTests
{
    [Fact]
    public async Task A_switchover_runs_on_standby_at_the_one_and_on_active_at_the_other_with_the_facts_in_their_environment()
    {
        await using var stage = new Stage();
        await stage.PlayAsync(async () =>
        {
            string program = stage.At("hook");
            File.WriteAllText(program, "#!/bin/sh\necho \"$1 $BATON_ROLE $BATON_TERM $BATON_MEMBER $BATON_CLUSTER\" >>\"$2\"\n");
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            foreach (string gateway in Topology.Gateways)
                stage.Append(gateway, $"[hooks]\non-active = [\"{program}\", \"up\", \"{Told(stage, gateway)}\"]\non-standby = [\"{program}\", \"down\", \"{Told(stage, gateway)}\"]");
            await stage.Cast.FormClusterAsync(Stage.Patience, stage.Cancellation);
            ulong term = (await stage.GatewayAsync("a")).Term;
            await UntilLastAsync(stage, "a", $"up active {term} a demo");
            Assert.Empty(Lines(stage, "b"));  // who starts as a standby has not changed its role

            (int status, string output) = await stage.RunAsync(
                "switchover", "--to", "b", "--handler", stage.Topology.HandlerSession.ToString(), "--ca", stage.At("ca.crt"), "--cert", stage.At("o.crt"));
            Assert.True(status == 0, output);
            NodeStatus successor = await stage.Watch.UntilGatewayAsync("b", "b is active", one => one.State == "active", Stage.Patience, stage.Cancellation);
            Assert.True(successor.Term > term);
            await UntilLastAsync(stage, "b", $"up active {successor.Term} b demo");
            await stage.UntilAsync("a's hook has run", () => Lines(stage, "a").LastOrDefault()?.StartsWith("down standby ", StringComparison.Ordinal) == true);
            Assert.EndsWith(" a demo", Lines(stage, "a")[^1], StringComparison.Ordinal);
            Assert.Single(Lines(stage, "b"));

            NodeStatus deposed = await stage.UntilAsync("the hooks are counted", async () => await stage.GatewayAsync("a") is var one && one.Counters["hooks.runs"] >= 2 ? one : null);
            Assert.Equal(0UL, deposed.Counters["hooks.failures"]);
        });
    }

    private static string Told(Stage stage, string gateway) => stage.At($"{gateway}.told");

    private static string[] Lines(Stage stage, string gateway) => File.Exists(Told(stage, gateway)) ? File.ReadAllLines(Told(stage, gateway)) : [];

    private static Task UntilLastAsync(Stage stage, string gateway, string line) => stage.UntilAsync($"{gateway}'s hook tells \"{line}\"", () => Lines(stage, gateway).LastOrDefault() == line);
}
