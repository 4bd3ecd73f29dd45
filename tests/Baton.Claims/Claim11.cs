using System.Text.Json;

namespace Baton.Claims;

/// <summary>A cluster that has the devices of 1, 8 and 9 together.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim11(OneRun run)
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
