namespace Baton.Cluster.Tests;

public sealed class LineBudgetTests
{
    private readonly Clock _clock = new();

    [Fact]
    public void AFloodHasAFewLinesAndTheNextOneTellsHowManyWentUnsaid()
    {
        var budget = new LineBudget(burst: 3, TimeSpan.FromSeconds(10), _clock);
        Assert.Equal(3, Enumerable.Range(0, 1_000).Count(_ => budget.Take() is not null));
        _clock.Seconds = 9;
        Assert.Null(budget.Take());
        _clock.Seconds = 10.5;
        Assert.Equal(" (998 more since the last line)", budget.Take());
        Assert.Null(budget.Take());
    }

    [Fact]
    public void WhoComesSeldomHasALineEachTime()
    {
        var budget = new LineBudget(burst: 3, TimeSpan.FromSeconds(10), _clock);
        for (int i = 0; i < 100; i++)
        {
            _clock.Seconds = i * 11;
            Assert.Equal("", budget.Take());
        }
    }

    private sealed class Clock : TimeProvider
    {
        public double Seconds { get; set; }

        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => (long)(Seconds * 1e6);
    }
}
