namespace Baton.Claims;

/// <summary>As 16: it is stored in a fourth device.</summary>
[Collection(nameof(OneRun))]
public sealed class Claim18(OneRun run)
{
    [Fact]
    public void Holds()
    {
        // The gateway that was started again had nothing in its memory; at the next kill it carries every SA on,
        // from what the handler passed to it, out of a file that outlived the handler's own death.
        run.AssertOrder("kill", "handler-kill", "kill-without-handler", "restart", "kill");
        run.AssertEverySaPasses("kill");
    }
}
