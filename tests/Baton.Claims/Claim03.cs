namespace Baton.Claims;

/// <summary>As 2: the security information contains at least the SPI.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim03(OneRun run)
{
    [Fact]
    public void Holds()
    {
        // A peer knows an SA by its SPI alone: it accepts what the successor sends because that carries the same one.
        run.AssertEverySaPasses("kill");
        Assert.True(run.Event("kill").GetProperty("firstAfter").GetUInt64() > 0, "the observer saw the successor on the SPI that it had watched before");
    }
}
