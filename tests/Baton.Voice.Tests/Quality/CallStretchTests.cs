using Baton.Voice.Quality;
using Baton.Voice.Rtp;
using Baton.Wire;

namespace Baton.Voice.Tests.Quality;

public class CallStretchTests
{
    private static readonly TimeSpan Playout = TimeSpan.FromMilliseconds(60);

    private static Instant At(double ms) => Instant.FromMilliseconds(ms);

    /// <summary>Five hundred packets, the first at 1,000 ms, all but those that <paramref name="lose"/> names, each so much late.</summary>
    private static List<RtpArrival> Call(Func<int, bool>? lose = null, Func<int, double>? late = null) =>
        [.. Enumerable.Range(0, 500).Where(n => lose?.Invoke(n) != true).Select(n => new RtpArrival((ulong)(40_000 + n), At(1000 + (20 * n) + (late?.Invoke(n) ?? 0)), false)).OrderBy(arrival => arrival.At)];

    private static CallStretch? Measure(List<RtpArrival> arrivals, double fromMs, double toMs) => CallStretch.Measure(arrivals, At(fromMs), At(toMs), Playout, TimeSpan.Zero);

    [Fact]
    public void Nothing_lost_is_as_good_as_its_delay_lets_it_be()
    {
        CallStretch whole = Measure(Call(), 3060, 5060)!;
        Assert.Equal((100, 0, 0), (whole.Expected, whole.Lost, whole.Late));
        Assert.Equal((TimeSpan.FromMilliseconds(20), TimeSpan.Zero, PacketLoss.None), (whole.LongestGap, whole.Jitter, whole.Loss));
        Assert.Equal(EModel.Rate(TimeSpan.FromMilliseconds(80), LossyCodec.G711, PacketLoss.None), whole.Rating);
        Assert.Equal(4.36, whole.OpinionScore, 0.01);
    }

    /// <summary>Two packets in a row of a hundred: a takeover.</summary>
    [Fact]
    public void A_takeover_is_one_burst_in_its_stretch_and_nothing_before_and_after()
    {
        List<RtpArrival> call = Call(n => n is 150 or 151);
        CallStretch before = Measure(call, 2060, 4060)!, during = Measure(call, 4060, 6060)!, after = Measure(call, 6060, 8060)!;
        Assert.Equal((100, 2), (during.Expected, during.Lost));
        Assert.Equal((2.0, 1.96), (during.Loss.Percent, Math.Round(during.Loss.BurstRatio, 9)));
        Assert.Equal(TimeSpan.FromMilliseconds(60), during.LongestGap);
        Assert.Equal(before.Rating - (95 * 2 / ((2 / 1.96) + 25.1)), during.Rating, 9);
        Assert.Equal(before.Rating, after.Rating);
        Assert.Equal((0, 0), (before.Lost, after.Lost));
        Assert.Equal(TimeSpan.FromMilliseconds(20), after.LongestGap);
    }

    /// <summary>The ear waits 60 ms: what is held up for 80 is as good as lost, and jitter tells of the rest.</summary>
    [Fact]
    public void Late_is_lost_to_the_ear_and_the_gap_is_of_the_wire()
    {
        CallStretch held = Measure(Call(late: n => n is >= 150 and < 155 ? 20 * (155 - n) : 0), 3060, 5060)!;
        Assert.Equal((0, 2), (held.Lost, held.Late));                     // held up for 100 and 80 ms; 60 is in time
        Assert.Equal(2, held.Loss.Percent, 9);
        Assert.Equal(TimeSpan.FromMilliseconds(120), held.LongestGap);
        Assert.True(held.Jitter > TimeSpan.Zero);
    }

    /// <summary>RFC 3550 A.8 with a transit that alternates by 8 ms: J goes to 8 ms.</summary>
    [Fact]
    public void Jitter_is_of_the_stretch()
    {
        List<RtpArrival> call = Call(late: n => n is >= 150 and < 300 && n % 2 == 1 ? 8 : 0);
        Assert.Equal(8, Measure(call, 4060, 7060)!.Jitter.TotalMilliseconds, 0.05);
        Assert.Equal(0, Measure(call, 7060, 9060)!.Jitter.TotalMilliseconds, 1e-6);
    }

    [Fact]
    public void A_packet_that_came_twice_or_late_in_order_is_one_packet()
    {
        List<RtpArrival> call = Call();
        call.Insert(160, call[150] with { Twice = true, At = call[159].At });
        Assert.Equal((100, 0, 0), Measure(call, 3060, 5060) is { } stretch ? (stretch.Expected, stretch.Lost, stretch.Late) : default);
    }

    [Fact]
    public void Outside_the_call_there_is_nothing_to_measure()
    {
        Assert.Null(Measure([], 0, 1000));
        Assert.Null(Measure(Call(), 0, 1000));
        Assert.Null(Measure(Call(), 20_000, 21_000));
        Assert.Equal(500, Measure(Call(), 0, 100_000)!.Expected);
    }
}
