namespace Baton.Claims;

/// <summary>A cluster that has the devices of 1, 8 and 9 together.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim11(OneRun run)
{
    [Fact]
    public void Holds()
    {
        run.AssertGoesOnAboveTheLimit();
    }
}
