namespace Baton.Claims;

/// <summary>As 1: the second device is active, the third stands by.</summary>
public sealed class Claim08
{
    [Fact(Skip = "needs a test that asks both members while they run; the demo's results do not tell it")]
    public void Holds()
    {
    }
}
