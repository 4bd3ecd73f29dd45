using Baton.Voice.Probes;
using Baton.Wire;

namespace Baton.Voice.Tests.Probes;

public class SendGridTests
{
    private static Instant At(double milliseconds) => Instant.FromMilliseconds(milliseconds);

    [Fact]
    public void Late_by_a_little_catches_up_late_by_much_lets_go()
    {
        var grid = new SendGrid(1000, At(0));
        Assert.Equal(1, Take(grid, At(0)));
        Assert.Equal(50, Take(grid, At(50)));
        Assert.Equal(101, Take(grid, At(5000)), 1.0);
        Assert.Equal(0, Take(grid, At(5000)));
    }

    [Fact]
    public void A_rate_of_zero_never_comes()
    {
        var grid = new SendGrid(0, At(0));
        Assert.Equal(0, Take(grid, At(1e9)));
        grid.Restart(10, At(1e9));
        Assert.Equal(1, Take(grid, At(1e9)));
    }

    private static int Take(SendGrid grid, Instant now)
    {
        int taken = 0;
        while (grid.TryTake(now))
            taken++;
        return taken;
    }
}
