namespace Baton.Claims;

/// <summary>As 15: blades.</summary>
[Collection(nameof(BladesRun))]
public sealed class Claim22(BladesRun run)
{
    [Fact]
    public void Holds()
    {
        run.AssertNoIpBetweenThem();
        run.AssertGoesOnAboveTheLimit();
        run.AssertSameSa();
    }
}
