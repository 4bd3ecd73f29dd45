using Baton.Gateway.DataPath;
using Baton.Wire;

namespace Baton.Gateway.Tests.DataPath;

public sealed class GatheringTests
{
    private readonly Gathering _gathering = new();
    private Instant _now = Instant.FromMilliseconds(1_000);

    [Fact]
    public void Packets_gather_while_they_come_in_masses()
    {
        Turns(20, packets: Gathering.Mass / 5);
        Assert.Equal(_now + Gathering.Span, _gathering.Until);
    }

    [Fact]
    public void Below_that_nothing_waits()
    {
        Turns(20, packets: (Gathering.Mass / 5) - 4);
        Assert.Equal(_now, _gathering.Until);
    }

    [Fact]
    public void The_masses_of_before_a_silence_are_forgotten()
    {
        Turns(20, packets: Gathering.Mass);
        _now += TimeSpan.FromMilliseconds(5);
        _gathering.Took(1, _now, moreWaits: false);
        Assert.Equal(_now, _gathering.Until);
    }

    [Fact]
    public void After_a_turn_that_could_not_take_all_the_next_one_comes_at_once()
    {
        Turns(20, packets: Gathering.Mass, moreWaits: true);
        Assert.Equal(_now, _gathering.Until);
        Turns(1, packets: Gathering.Mass);
        Assert.Equal(_now + Gathering.Span, _gathering.Until);
    }

    /// <summary>Turns five to the millisecond.</summary>
    private void Turns(int count, int packets, bool moreWaits = false)
    {
        for (int i = 0; i < count; i++)
        {
            _now += TimeSpan.FromMicroseconds(200);
            _gathering.Took(packets, _now, moreWaits);
        }
    }
}
