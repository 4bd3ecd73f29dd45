namespace Baton.Claims;

/// <summary>As 11, with replay prevention.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim12(OneRun run)
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
