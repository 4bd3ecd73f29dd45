namespace Baton.Claims;

/// <summary>As 15, with the passing of the security information required.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim23(OneRun run)
{
    [Fact]
    public void Holds()
    {
        // What was killed and started again had nothing; it becomes active by a switchover and carries every SA on.
        run.AssertOrder("kill", "restart", "switchover");
        run.AssertEverySaPasses("switchover");
    }
}
