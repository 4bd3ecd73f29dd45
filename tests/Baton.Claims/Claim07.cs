namespace Baton.Claims;

/// <summary>As 1: the devices are blades of a chassis.</summary>
[Collection(nameof(BladesRun))]
public sealed class Claim07(BladesRun run)
{
    [Fact]
    public void Holds()
    {
        run.AssertNoIpBetweenThem();
        run.AssertGoesOnAboveTheLimit();
    }
}
