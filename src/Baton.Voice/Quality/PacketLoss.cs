namespace Baton.Voice.Quality;

/// <summary>How much of the voice is missing at the ear, and how it goes missing.</summary>
/// <param name="Percent">0 to 100 (Ppl).</param>
/// <param name="BurstRatio">How long the bursts are, beside those that losses at random would make (BurstR, ITU-T G.107 section 3.5): 1 at random, more where a loss seldom comes alone.</param>
public readonly record struct PacketLoss(double Percent, double BurstRatio)
{
    public static PacketLoss None => new(0, 1);

    /// <summary>Of packets in the order in which they were sent.</summary>
    /// <param name="bursts">Runs of lost ones.</param>
    public static PacketLoss Of(long expected, long lost, long bursts)
    {
        if (lost == 0 || expected == 0) return None;
        double share = lost / (double)expected;

        // At random, with probability p, a burst is 1 / (1 - p) long on average.
        double ratio = lost / (double)bursts * (1 - share);
        return new PacketLoss(100 * share, Math.Max(1, ratio));
    }
}

/// <summary>What a codec takes from the rating, and how well it hides losses (ITU-T G.113 appendix I).</summary>
/// <param name="Impairment0">Without loss (Ie).</param>
/// <param name="Robustness">The loss in percent that costs half of what is left (Bpl).</param>
public readonly record struct LossyCodec(double Impairment0, double Robustness)
{
    private const double Most = 95;

    /// <summary>G.711 with the packet loss concealment of its appendix I.</summary>
    public static LossyCodec G711 => new(0, 25.1);

    /// <summary>G.711 that is silent where a packet is missing.</summary>
    public static LossyCodec G711WithoutConcealment => new(0, 4.3);

    /// <summary>The effective equipment impairment factor (Ie,eff, G.107 section 3.5).</summary>
    public double Impairment(in PacketLoss loss) => loss.Percent <= 0
        ? Impairment0
        : Impairment0 + ((Most - Impairment0) * loss.Percent / ((loss.Percent / loss.BurstRatio) + Robustness));
}
