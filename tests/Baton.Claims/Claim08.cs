using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Cli.Demo.Scenario;
using Baton.Cluster.Protos;

namespace Baton.Claims;

/// <summary>As 1: the second device is active, the third stands by.</summary>
public sealed class Claim08
{
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(3);

    [Fact]
    public Task Holds() => Play.RunAsync(async play =>
    {
        string active = await play.StartAsync();
        string standby = active == "a" ? "b" : "a";

        // While the call runs, both are asked again and again, and the wire is watched. Numbers that the standby had used would be on it.
        (ulong sealedBefore, long wireBefore) = (Sealed(await play.GatewayAsync(active)), await OnTheWireAsync("begin"));
        for (DateTime end = DateTime.UtcNow + Watched; DateTime.UtcNow < end;)
        {
            NodeStatus second = await play.GatewayAsync(active);
            NodeStatus third = await play.GatewayAsync(standby);
            Assert.Equal(("active", "standby"), (second.State, third.State));
            Assert.Equal(second.Term, third.Copy.Term);
            Assert.Equal(0UL, Sealed(third));
            Assert.Equal(0UL, Tally.Counter(third, "esp.delivered"));
        }

        (long wire, ulong sealedByActive) = (await OnTheWireAsync("end") - wireBefore, Sealed(await play.GatewayAsync(active)) - sealedBefore);
        Assert.True(wire > 1000, $"only {wire} packets went to the peer: there was no communication to watch");
        Assert.True((ulong)wire <= sealedByActive, $"{wire} packets went to the peer, and {active} had sealed {sealedByActive}: others sealed some");

        // To stand by is to be able to go on: with every SA, when the active is gone.
        NodeStatus ready = await play.GatewayAsync(standby);
        Assert.Equal((uint)(play.Sas.Pairs * 2), ready.SaReady);
        await play.Cast.KillAsync(active, Play.Cancellation);
        await play.Watch.UntilGatewayAsync(standby, $"{standby} is active", status => status.State == "active", Play.Patience, Play.Cancellation);
        JsonElement check = await play.Cast.Probe.AskAsync(new JsonObject { ["cmd"] = "check", ["timeout"] = 10_000 }, Play.Patience, Play.Cancellation);
        Assert.Equal((Play.FurtherSas, Play.FurtherSas), (check.Count("okToPeer"), check.Count("okFromPeer")));

        async Task<long> OnTheWireAsync(string mark) => (await play.Cast.Observer.MarkAsync(mark, Play.Cancellation)).Count("espToPeer");
    });

    private static ulong Sealed(NodeStatus gateway) => Tally.Counter(gateway, "esp.sealed");
}
