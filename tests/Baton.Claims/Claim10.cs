namespace Baton.Claims;

/// <summary>As 9: replay prevention is on at both ends of the first and of the second communication.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim10(OneRun run)
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
