namespace Baton.Claims;

/// <summary>As 15: the replacing happens on failure.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim19(OneRun run)
{
    [Fact]
    public void Holds()
    {
        run.AssertGoesOnAboveTheLimit();
    }
}
