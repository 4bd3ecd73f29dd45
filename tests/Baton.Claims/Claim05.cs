namespace Baton.Claims;

/// <summary>As 2: the fourth device is a router.</summary>
public sealed class Claim05
{
    [Fact(Skip = "the router does not hold the records itself yet")]
    public void Holds()
    {
    }
}
