using System.Text.Json;

namespace Baton.Claims;

/// <summary>Three devices: the first talks to the second and can go on with the third over the same SA. The second may use numbers only up to a limit below the maximum; the third begins with a number above the limit.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim01(OneRun run)
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
    }
}
