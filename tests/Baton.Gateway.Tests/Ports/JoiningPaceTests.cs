using Baton.Gateway.Ports;
using Baton.Wire;

namespace Baton.Gateway.Tests.Ports;

public sealed class JoiningPaceTests
{
    private readonly JoiningPace _pace = new();
    private Instant _now = Instant.FromMilliseconds(1_000);

    [Fact]
    public void Many_single_packets_are_joined_within_two_milliseconds()
    {
        Turns(milliseconds: 2, reads: JoiningPace.Many / 5, packets: JoiningPace.Many / 5);
        Assert.True(_pace.Joins);
    }

    [Fact]
    public void Fewer_are_not()
    {
        Turns(milliseconds: 20, reads: (JoiningPace.Many / 5) - 2, packets: (JoiningPace.Many / 5) - 2);
        Assert.False(_pace.Joins);
    }

    [Fact]
    public void Nor_is_what_comes_in_super_packets_already()
    {
        Turns(milliseconds: 20, reads: 2, packets: 80);
        Assert.False(_pace.Joins);
    }

    /// <summary>They come in fewer reads then: that ends nothing.</summary>
    [Fact]
    public void Joined_packets_go_on_being_joined_and_after_a_rest_no_more()
    {
        Turns(milliseconds: 2, reads: JoiningPace.Many / 5, packets: JoiningPace.Many / 5);
        Turns(milliseconds: 3_000, reads: 0, packets: JoiningPace.Many / 5);
        Assert.True(_pace.Joins);
        Turns(milliseconds: 1_900, reads: 1, packets: 1);
        Assert.True(_pace.Joins);
        Turns(milliseconds: 200, reads: 1, packets: 1);
        Assert.False(_pace.Joins);
    }

    [Fact]
    public void One_burst_after_a_silence_is_no_rate()
    {
        _now += TimeSpan.FromSeconds(1);
        Assert.False(_pace.Took(JoiningPace.Many * 4, JoiningPace.Many * 4, _now));
        Assert.False(_pace.Joins);
    }

    /// <summary>Turns five to the millisecond.</summary>
    private void Turns(int milliseconds, int reads, int packets)
    {
        for (int i = 0; i < 5 * milliseconds; i++)
        {
            _now += TimeSpan.FromMicroseconds(200);
            _pace.Took(reads, packets, _now);
        }
    }
}
