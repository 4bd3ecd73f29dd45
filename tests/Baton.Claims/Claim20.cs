namespace Baton.Claims;

/// <summary>As 15: replay prevention is on in both communications.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim20(OneRun run)
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
