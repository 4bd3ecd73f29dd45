using System.Text.Json;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Demo.Watching;
using Baton.Cluster.Protos;

namespace Baton.Robustness;

/// <summary>P1 without a handler: the active stops exactly at its limit, and says so long before.</summary>
[Collection("processes")]
public sealed class LeaseEndTests
{
    [Fact]
    public async Task An_active_without_handler_warns_early_and_stops_exactly_at_its_limit()
    {
        await using var stage = new Stage();
        await stage.PlayAsync(() => PlayAsync(stage));
    }

    private static async Task PlayAsync(Stage stage)
    {
        // A lease of some seconds instead of ten minutes; all else is as it would be.
        foreach (string gateway in Topology.Gateways)
            stage.Append(gateway, "[redundancy]\nlease-time-ms = 12000\nlease-minimum = 512");
        await stage.StartAsync();

        // Extended at least once, and no extension under way: then what the ledger says is what the active may use.
        uint[] spis = [stage.Keys.CallToPeer, stage.Keys.ProbeToPeer];
        NodeStatus calm = await stage.UntilAsync("leases in their first half", async () =>
        {
            NodeStatus status = await stage.GatewayAsync("a", withSas: true);
            return spis.Select(spi => Sa(status, spi)).All(sa => sa.Limit > 512 && sa.Limit == sa.RecordLimit && sa.HeadroomMs > 7_000) ? status : null;
        });
        Assert.Equal("active", calm.State);
        Assert.DoesNotContain(calm.Warnings, warning => warning.Contains("lease", StringComparison.Ordinal));
        await stage.Cast.KillAsync("h", stage.Cancellation);
        ulong[] limits = [.. spis.Select(spi => LedgerReader.Read(stage.At(NodeFiles.Ledger), spi)!.LastOf(calm.Term)!.Value)];
        Assert.Equal(spis.Select(spi => Sa(calm, spi).Limit), limits);

        // The early warning: in the log, in the metrics, and for whoever asks, while every SA still sends.
        NodeStatus early = await stage.UntilAsync("the early warning", async () =>
            await stage.GatewayAsync("a") is var status && status.Counters["leases.low"] + status.Counters["leases.ended"] > 0 ? status : null);
        Assert.Equal(0UL, early.Counters["leases.ended"]);
        Assert.True(early.Counters["redundancy.lease-running-low"] > 0);
        Assert.Contains(early.Warnings, warning => warning.Contains("leases with less than a quarter left: ", StringComparison.Ordinal));
        Assert.Equal(0UL, early.Counters["esp.no-lease"]);
        Assert.NotEmpty(stage.LogLines("gateway-a", "LeaseRunningLow"));
        Assert.Empty(stage.LogLines("gateway-a", "LeaseEnded"));
        (_, string told) = await StatusAsync(stage);
        Assert.True(Flat(told).Contains("a: leases with less than a quarter left", StringComparison.Ordinal)
            || Flat(told).Contains("a: leases at their end", StringComparison.Ordinal), told);  // the command is a process, and may be slow to start

        // The end: the last number on the wire is the limit, and stays it however much more there is to send.
        NodeStatus ended = await UntilEndedAsync(stage, early.Counters["esp.no-lease"] + 100);
        Assert.Equal(limits, await LastOnWireAsync(stage, spis));
        _ = await UntilEndedAsync(stage, ended.Counters["esp.no-lease"] + 500);
        Assert.Equal(limits, await LastOnWireAsync(stage, spis));
        Assert.Equal(2UL, ended.Counters["redundancy.lease-ended"]);
        Assert.Equal(2, stage.LogLines("gateway-a", "LeaseEnded").Count());
        Assert.Contains(ended.Warnings, warning => warning.Contains("leases at their end, whose SAs send nothing: 2 (the handler cannot be reached)", StringComparison.Ordinal));
        (_, told) = await StatusAsync(stage);
        Assert.True(Flat(told).Contains("a: leases at their end, whose SAs send nothing: 2", StringComparison.Ordinal), told);

        // With the handler back it goes on above, and nothing left twice.
        await stage.Cast.StartHandlerAsync();
        await stage.UntilAsync("the SAs send again", async () => (await LastOnWireAsync(stage, spis)).Zip(limits).All(pair => pair.First > pair.Second) ? "yes" : null);
        JsonElement wire = await stage.Cast.Observer.MarkAsync("end", stage.Cancellation);
        Assert.Equal(0, wire.GetProperty("repeats").GetInt64());
    }

    private static SaStatus Sa(NodeStatus status, uint spi) => status.Sas.Single(sa => sa.Spi == spi);

    /// <summary>What the operator's command shows when only the gateway can be asked.</summary>
    private static Task<(int Status, string Output)> StatusAsync(Stage stage) =>
        stage.RunAsync("status", "--node", $"{stage.Topology.Status("a")}", "--ca", stage.At("ca.crt"), "--cert", stage.At("o.crt"));

    /// <summary>Without the line breaks of a narrow terminal.</summary>
    private static string Flat(string table) => string.Join(' ', table.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries));

    private static Task<NodeStatus> UntilEndedAsync(Stage stage, ulong refused) => stage.UntilAsync("both leases have ended", async () =>
        await stage.GatewayAsync("a") is var status && status.Counters["leases.ended"] == 2 && status.Counters["esp.no-lease"] >= refused ? status : null);

    private static async Task<ulong[]> LastOnWireAsync(Stage stage, uint[] spis)
    {
        JsonElement mark = await stage.Cast.Observer.MarkAsync("now", stage.Cancellation);
        return
        [
            .. spis.Select(spi => mark.GetProperty("watched").EnumerateArray()
                .Single(track => track.GetProperty("direction").GetString() == "toPeer" && Convert.ToUInt32(track.GetProperty("spi").GetString(), 16) == spi)
                .GetProperty("last").GetUInt64()),
        ];
    }
}
