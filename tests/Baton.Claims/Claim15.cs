using System.Text.Json;

namespace Baton.Claims;

/// <summary>A method: an SA is established, a limit is agreed, the second device uses numbers up to it; the communication with the third replaces that with the second, over the same SA, from an initial number above the limit.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim15(OneRun run)
{
    [Fact]
    public void Holds()
    {
        JsonElement kill = run.Event("kill");
        ulong limit = kill.GetProperty("limitBefore").GetUInt64();
        ulong first = kill.GetProperty("firstAfter").GetUInt64();
        Assert.True(limit < ulong.MaxValue, "the limit lies below the maximum of the 64-bit counter");
        Assert.True(first > limit, $"the standby began with {first}; the limit was {limit}");
        Assert.Equal(0, run.Count("numbersRepeated"));
        run.AssertEverySaPasses("kill");

        // The same SA: the observer, on whose way IKE goes, saw some while it was established, and none at the replacement.
        Assert.True(run.Count("ikeInSetUp") > 0);
        Assert.Equal(0, kill.GetProperty("ikeExchanges").GetInt64());
    }
}
