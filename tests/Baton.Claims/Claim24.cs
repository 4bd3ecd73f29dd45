namespace Baton.Claims;

/// <summary>As 23: on failure.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim24(OneRun run)
{
    [Fact]
    public void Holds()
    {
        run.AssertGoesOnAboveTheLimit();
    }
}
