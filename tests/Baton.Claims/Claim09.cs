namespace Baton.Claims;

/// <summary>As 8: the communication with the third replaces that with the second when the second fails.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim09(OneRun run)
{
    [Fact]
    public void Holds()
    {
        run.AssertGoesOnAboveTheLimit();
    }
}
