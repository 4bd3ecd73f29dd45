using Baton.Cli.Demo.Setup;
using Baton.Cluster.Protos;

namespace Baton.Robustness;

/// <summary>The only gateway dies and comes back: nobody has its fine ceilings, so it starts at the coarse ones, and its peer is below them (RFC 6311 section 5.2).</summary>
[Collection("processes")]
public sealed class ColdStartTests
{
    [Fact]
    public async Task A_gateway_that_starts_cold_has_the_peer_jump_and_receives_on_the_same_sa()
    {
        await using var stage = new Stage(new NegotiatedSas(0, 1));
        await stage.PlayAsync(async () =>
        {
            await stage.StartAsync();
            uint[] before = [.. (await CallAsync(stage)).Select(sa => sa.Spi)];
            await stage.Cast.KillAsync("b", stage.Cancellation);
            await stage.UntilAsync("nobody stands by", async () => await stage.Watch.HandlerAsync(stage.Cancellation) is { Record.InSync.Count: 0 } status ? status : null);
            await stage.Cast.KillAsync("a", stage.Cancellation);
            await stage.Cast.StartGatewayAsync("a");

            // The call has 50 packets a second and the coarse ceiling lies 65,536 ahead: without the jump nothing would come in for twenty minutes.
            await stage.UntilAsync("the call comes in again", async () => (await CallAsync(stage)).Any(sa => sa.Packets > 50) ? "yes" : null);
            Assert.NotEmpty(stage.LogLines("gateway-a", "StartedCold"));
            Assert.Single(stage.LogLines("gateway-a", "it is asked to jump"));
            Assert.Single(stage.LogLines("peer-p", "CountersSynchronized"));
            Assert.Equal(before, (await CallAsync(stage)).Select(sa => sa.Spi));
            Assert.Equal(1U, (await stage.GatewayAsync("a")).IkeSaCount);
        });
    }

    /// <summary>The inbound SA of the call.</summary>
    private static async Task<IEnumerable<SaStatus>> CallAsync(Stage stage) =>
        (await stage.GatewayAsync("a", withSas: true)).Sas.Where(sa => sa is { Name: "call", Direction: SaDirection.Inbound });
}
