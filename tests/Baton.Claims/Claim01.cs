namespace Baton.Claims;

/// <summary>Three devices: the first talks to the second and can go on with the third over the same SA. The second may use numbers only up to a limit below the maximum; the third begins with a number above the limit.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim01(OneRun run)
{
    [Fact]
    public void Holds()
    {
        run.AssertGoesOnAboveTheLimit();
    }
}
