namespace Baton.Claims;

/// <summary>As 1: the devices are blades of a chassis.</summary>
public sealed class Claim07
{
    [Fact(Skip = "there is no chassis profile yet")]
    public void Holds()
    {
    }
}
