namespace Baton.Claims;

/// <summary>As 23: blades.</summary>
[Collection(nameof(BladesRun))]
public sealed class Claim27(BladesRun run)
{
    [Fact]
    public void Holds()
    {
        run.AssertNoIpBetweenThem();
        run.AssertGoesOnAboveTheLimit();
        run.AssertSameSa();
        run.AssertPassedOn();
    }
}
