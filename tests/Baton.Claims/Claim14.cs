namespace Baton.Claims;

/// <summary>As 12, all of it together with the fourth device.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim14(OneRun run)
{
    [Fact]
    public void Holds()
    {
        long injected = run.Count("replaysInjected");
        Assert.True(injected >= 1000, $"only {injected} packets were sent again");
        Assert.Equal(injected, run.Count("replaysRefused"));
        Assert.Equal(0, run.Count("deliveredTwice"));
    }
}
