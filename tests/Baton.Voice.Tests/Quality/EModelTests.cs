using Baton.Voice.Quality;

namespace Baton.Voice.Tests.Quality;

public class EModelTests
{
    private static double Rate(double delayMs = 0, double lossPercent = 0, double burstRatio = 1) =>
        EModel.Rate(TimeSpan.FromMilliseconds(delayMs), LossyCodec.G711, new PacketLoss(lossPercent, burstRatio));

    /// <summary>G.107 section 3.7: with every parameter at its default the rating is 93.2.</summary>
    [Fact]
    public void Defaults_rate_93_2_and_score_4_41()
    {
        Assert.Equal(93.2, Rate(), 0.05);
        Assert.Equal(4.41, EModel.OpinionScore(Rate()), 0.005);
    }

    /// <summary>G.107 annex B, table B.1.</summary>
    [Theory]
    [InlineData(90, 4.34)]
    [InlineData(80, 4.03)]
    [InlineData(70, 3.60)]
    [InlineData(60, 3.10)]
    [InlineData(50, 2.58)]
    public void Scores_of_ratings(double rating, double score) => Assert.Equal(score, EModel.OpinionScore(rating), 0.0075);

    [Theory]
    [InlineData(-5, 1)]
    [InlineData(0, 1)]
    [InlineData(100, 4.5)]
    [InlineData(120, 4.5)]
    public void A_score_has_ends(double rating, double score) => Assert.Equal(score, EModel.OpinionScore(rating));

    /// <summary>G.113 appendix I (2001), table I.2: what subjects made of G.711 with concealment and losses at random; the formula that replaced the table is a fit.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 5)]
    [InlineData(2, 7)]
    [InlineData(3, 10)]
    [InlineData(5, 15)]
    [InlineData(7, 20)]
    [InlineData(10, 25)]
    [InlineData(15, 35)]
    [InlineData(20, 45)]
    public void Loss_costs_what_listeners_said(double percent, double impairment) => Assert.Equal(impairment, LossyCodec.G711.Impairment(new PacketLoss(percent, 1)), 3.0);

    /// <summary>G.107 section 3.5, by hand: 95 * 2 / (2 / BurstR + 25.1).</summary>
    [Theory]
    [InlineData(1, 7.011)]
    [InlineData(2, 7.280)]
    [InlineData(4, 7.422)]
    public void Bursts_cost_more(double burstRatio, double impairment) => Assert.Equal(impairment, LossyCodec.G711.Impairment(new PacketLoss(2, burstRatio)), 0.001);

    /// <summary>Without concealment half of what there is goes at 4.3 percent (G.113 table I.3).</summary>
    [Fact]
    public void Silence_costs_more_than_concealment()
    {
        Assert.Equal(47.5, LossyCodec.G711WithoutConcealment.Impairment(new PacketLoss(4.3, 1)), 0.001);
        Assert.Equal(13.9, LossyCodec.G711.Impairment(new PacketLoss(4.3, 1)), 0.05);
    }

    /// <summary>The known simplification of Cole and Rosenbluth: Id = 0.024 d, and 0.11 for each millisecond beyond 177.3. It overrates long delays.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(150)]
    [InlineData(177)]
    [InlineData(200)]
    [InlineData(250)]
    public void Delay_costs_what_others_say(double ms) =>
        Assert.Equal((0.024 * ms) + (ms > 177.3 ? 0.11 * (ms - 177.3) : 0), Rate() - Rate(ms), 1.0);

    [Fact]
    public void More_delay_and_more_loss_are_never_better()
    {
        for (int ms = 5; ms < 1000; ms++)                        // below, the echo formula has a bump of some hundredths Assert.True(Rate(ms + 1) <= Rate(ms) + 1e-9, $"{ms} ms");
        for (int percent = 0; percent < 100; percent++) Assert.True(Rate(0, percent + 1) < Rate(0, percent), $"{percent} %");
    }

    [Fact]
    public void Loss_is_at_random_or_in_bursts()
    {
        Assert.Equal(PacketLoss.None, PacketLoss.Of(100, 0, 0));
        Assert.Equal(new PacketLoss(2, 1), PacketLoss.Of(100, 2, 2));
        Assert.Equal(2, PacketLoss.Of(100, 2, 1).Percent, 9);
        Assert.Equal(2 * 0.98, PacketLoss.Of(100, 2, 1).BurstRatio, 9);
    }
}
