using Baton.Gateway.Sentinel;
using Baton.Wire;

namespace Baton.Gateway.Tests.Sentinel;

public sealed class HangPatienceTests
{
    private readonly HangPatience _patience = new(TimeSpan.FromMilliseconds(25));

    [Fact]
    public void APauseThatEndedByItselfTeachesPatienceWhichIsForgotten()
    {
        Assert.Equal(25, At(0));
        Paused(40, at: 1_000);
        Assert.Equal(60, At(1_000));
        Assert.Equal(42.5, At(4_000));
        Assert.Equal(33.75, At(7_000));
        Paused(26, at: 7_000);  // teaches 39
        Assert.Equal(39, At(7_000));
        Assert.InRange(At(60_000), 25, 25.1);
    }

    [Theory]
    [InlineData(10, 25)]     // no pause at all
    [InlineData(90, 60)]     // never more than 2.4 times the usual
    [InlineData(2_000, 25)]  // a freeze: the takeover was right
    public void OnlyAPauseOfAMachineThatCannotKeepUpTeaches(int lasted, double expected)
    {
        Paused(lasted, at: 1_000);
        Assert.Equal(expected, At(1_000));
    }

    [Fact]
    public void AMemberWhoseTermHasJustBegunGetsMore()
    {
        _patience.Term(3, Instant.FromMilliseconds(5_000));
        Assert.Equal(50, At(5_000));
        _patience.Term(3, Instant.FromMilliseconds(5_990));
        Assert.Equal(50, At(5_990));
        Assert.Equal(25, At(6_000));
    }

    [Fact] // a frozen host costs its peers 100 ms at most
    public void PausesWithoutEndInTermsThatJustBeganBuyNoMore()
    {
        for (int i = 0; i < 1_000; i++)
        {
            _patience.Term((ulong)i, Instant.FromMilliseconds(i * 100));
            Paused(25 + (i % 76), at: i * 100);
            Assert.InRange(At(i * 100), 25, 60);
        }
    }

    private double At(int milliseconds) => _patience.At(Instant.FromMilliseconds(milliseconds)).TotalMilliseconds;

    private void Paused(int lasted, int at) => _patience.Paused(TimeSpan.FromMilliseconds(lasted), Instant.FromMilliseconds(at));
}
