using System.Net;
using Baton.Lab.Voice;

namespace Baton.Interop.Lab.Voice;

/// <summary>What a capture at a phone tells of a blow: what never came, how long it was silent, how often SEQ turned.</summary>
public sealed class CallWayTests
{
    private static readonly IPEndPoint Phone = new(IPAddress.Loopback, 6_000);

    [Fact]
    public void Numbers_that_never_came_between_the_blow_and_the_end_are_lost_also_across_the_turn_of_SEQ()
    {
        CallWay way = Heard(65_530, 65_531, 65_532, 65_535, 1, 0, 2, 3, 3);
        WayThroughBlow through = way.Through(At(2) + Little, At(9) - Little);
        Assert.Equal((true, 2L), (through.GoesOn, through.Lost));
        Assert.Equal((1L, 1L, 2L), (way.Turns, way.Twice, way.Lost));
    }

    [Fact]
    public void What_was_lost_before_the_blow_is_not_the_blows()
    {
        WayThroughBlow through = Heard(10, 14, 15, 16).Through(At(1) + Little, At(4));
        Assert.Equal(0L, through.Lost);
        Assert.Equal(20.0, through.GapMs, precision: 3);
    }

    [Fact]
    public void A_call_that_falls_silent_does_not_go_on_and_its_gap_lasts_to_the_end()
    {
        WayThroughBlow through = Heard(10, 11).Through(At(1) + Little, At(251));
        Assert.Equal((false, (long?)null), (through.GoesOn, through.Lost));
        Assert.Equal(5_000.0, through.GapMs, precision: 3);
    }

    private static TimeSpan Little => TimeSpan.FromMilliseconds(1);

    private static TimeSpan At(int tick) => TimeSpan.FromMilliseconds(20 * tick);

    private static CallWay Heard(params ushort[] numbers) => new(numbers.Select((number, tick) => new SeenRtp(At(tick), Phone, Phone, number, 1, 0)));
}
