using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Cli.Demo.Scenario;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Demo.Watching;
using Baton.Cluster.Protos;

namespace Baton.Claims;

/// <summary>As 2: the fourth device is a router.</summary>
public sealed class Claim05
{
    [Fact]
    public Task Holds() => Play.RunAsync(async play =>
    {
        string active = await play.StartAsync();
        string standby = active == "a" ? "b" : "a";

        // The fourth device carries the peers' packets, and the records of every SA lie in a file that it, and no other process of the run, has open.
        string ledger = play.Folder.File(NodeFiles.Ledger);
        Assert.True(HasOpen(play.Cast["r"].Id, ledger), "the router has the ledger open");
        Assert.All(new[] { "a", "b", "p" }, node => Assert.False(HasOpen(play.Cast[node].Id, ledger), $"{node} has the ledger open"));
        NodeStatus router = await play.Watch.UntilAsync("the router answers", () => play.Watch.RouterAsync(Play.Cancellation), Play.Patience, Play.Cancellation);
        Assert.Equal("router", router.Role);
        Assert.Equal(play.Cast["r"].Id, router.Pid);
        Assert.True(Tally.Counter(router, "router.to-active") > 0 && Tally.Counter(router, "router.to-peer") > 0, "it steers the peer's packets");

        // It passes the security information on: each gateway in turn is killed, and starts with an empty memory; then it must carry every SA on, above the limit of the other.
        for (int turn = 0; turn < 2; turn++)
        {
            ClusterStatus before = await play.Watch.UntilReadyAsync(active, standby, Play.Patience, Play.Cancellation);
            await play.Cast.KillAsync(active, Play.Cancellation);
            await play.Cast.Observer.MarkAsync($"killed-{turn}", Play.Cancellation);
            await play.Watch.UntilHandlerAsync($"{standby} holds the next term", status => status.Record?.Holder?.Member == standby, Play.Patience, Play.Cancellation);
            ulong limit = LedgerReader.Read(ledger, play.Sas.CallToPeer)!.LastOf(before.Record.Term) ?? throw new InvalidOperationException("the ledger knows no limit of the term that ended");
            JsonElement check = await play.Cast.Probe.AskAsync(new JsonObject { ["cmd"] = "check", ["timeout"] = 10_000 }, Play.Patience, Play.Cancellation);
            Assert.Equal((Play.FurtherSas, Play.FurtherSas), (check.Count("okToPeer"), check.Count("okFromPeer")));
            ulong first = await FirstAfterAsync(play, $"killed-{turn}");
            Assert.True(first > limit, $"{standby} began with {first}; the limit of {active} was {limit}");
            await play.Cast.StartGatewayAsync(active);
            (active, standby) = (standby, active);
        }

        JsonElement wire = await play.Cast.Observer.MarkAsync("end", Play.Cancellation);
        Assert.Equal(0, wire.Count("repeats"));
    }, ledgerInRouter: true);

    /// <summary>The first number of the call's SA that went to the peer after the mark; a packet may still be on its way.</summary>
    private static async Task<ulong> FirstAfterAsync(Play play, string mark)
    {
        ulong first = 0;
        await play.Watch.UntilAsync("the call's SA goes on", async () =>
        {
            JsonElement answer = await play.Cast.Observer.AskAsync(new JsonObject { ["cmd"] = "firstAfter", ["mark"] = mark }, Play.Patience, Play.Cancellation);
            JsonElement number = answer.GetProperty("watched").EnumerateArray()
                .Where(watched => watched.GetProperty("direction").GetString() == "toPeer" && Convert.ToUInt32(watched.GetProperty("spi").GetString(), 16) == play.Sas.CallToPeer)
                .Select(watched => watched.GetProperty("firstAfter")).Single();
            return number.ValueKind == JsonValueKind.Number && number.TryGetUInt64(out first) ? mark : null;
        }, Play.Patience, Play.Cancellation);
        return first;
    }

    private static bool HasOpen(int pid, string file) =>
        Directory.GetFiles($"/proc/{pid}/fd").Any(fd => new FileInfo(fd).LinkTarget == file);
}
