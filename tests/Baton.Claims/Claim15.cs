namespace Baton.Claims;

/// <summary>A method: an SA is established, a limit is agreed, the second device uses numbers up to it; the communication with the third replaces that with the second, over the same SA, from an initial number above the limit.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim15(OneRun run)
{
    [Fact]
    public void Holds()
    {
        run.AssertGoesOnAboveTheLimit();
        run.AssertSameSa();
    }
}
