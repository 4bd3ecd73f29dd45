using System.Text.Json;

namespace Baton.Claims;

/// <summary>As 23: voice calls.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim26(OneRun run)
{
    [Fact]
    public void Holds()
    {
        // Both phones heard speech for the whole run; what came was never heard twice.
        run.AssertRecording("call-at-peer.wav");
        run.AssertRecording("call-at-cluster.wav");
        Assert.Equal(0, run.Count("deliveredTwice"));
        JsonElement call = run.Event("kill").GetProperty("call");
        Assert.InRange(call.GetProperty("lostToPeer").GetInt64(), 0, 50);
        Assert.InRange(call.GetProperty("lostFromPeer").GetInt64(), 0, 50);
    }
}
