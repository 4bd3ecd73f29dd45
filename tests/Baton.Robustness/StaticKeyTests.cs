using Baton.Cli.Demo.Processes;

namespace Baton.Robustness;

/// <summary>RFC 8221 3, RFC 4106 2: a counter cipher's key from a file must not be used by a second life of the process.</summary>
[Collection("processes")]
public sealed class StaticKeyTests
{
    [Fact]
    public async Task A_peer_that_starts_again_with_the_same_keys_refuses_to_run()
    {
        await using var stage = new Stage();
        await stage.PlayAsync(async () =>
        {
            await stage.Cast.StartPeerAsync();
            await stage.UntilAsync("the peer answers", () => stage.Watch.PeerAsync(stage.Cancellation));
            await stage.Cast.KillAsync("p", stage.Cancellation);
            await stage.Cast.StartPeerAsync();
            ChildProcess again = stage.Cast["p"];
            await again.WaitForExitAsync(stage.Cancellation).WaitAsync(Stage.Patience, stage.Cancellation);
            Assert.Equal(1, again.ExitStatus);
            Assert.Single(stage.LogLines("peer-p", "was used by an earlier run: its numbers would repeat"));
        });
    }
}
