namespace Baton.Claims;

/// <summary>As 23: blades.</summary>
public sealed class Claim27
{
    [Fact(Skip = "there is no chassis profile yet")]
    public void Holds()
    {
    }
}
