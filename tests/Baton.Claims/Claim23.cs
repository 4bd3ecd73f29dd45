namespace Baton.Claims;

/// <summary>As 15, with the passing of the security information required.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim23(OneRun run)
{
    [Fact]
    public void Holds()
    {
        run.AssertPassedOn();
    }
}
