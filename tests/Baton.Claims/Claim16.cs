namespace Baton.Claims;

/// <summary>As 15: the security information is passed from the first of the two gateways to the other.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim16(OneRun run)
{
    [Fact]
    public void Holds()
    {
        run.AssertPassedOn();
    }
}
