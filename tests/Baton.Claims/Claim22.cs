namespace Baton.Claims;

/// <summary>As 15: blades.</summary>
public sealed class Claim22
{
    [Fact(Skip = "there is no chassis profile yet")]
    public void Holds()
    {
    }
}
