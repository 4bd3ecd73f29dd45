using static System.Math;

namespace Baton.Voice.Quality;

/// <summary>What a conversation is worth to those who have it: the E-model (ITU-T G.107), from delay and loss alone. Everything else is at the defaults of its table 2.</summary>
/// <remarks>
/// <code>
///   R = Ro - Is - Id - Ie,eff + A        0 (nobody understands) to 93.2 (two good telephones with nothing between them)
///       |    |    |    |        |
///       |    |    |    |        advantage of access: 0, a telephone on a desk has none
///       |    |    |    the codec, and what loss does to it       (3.5)
///       |    |    echo, and delay by itself                      (3.4)
///       |    what comes with the voice: loudness, sidetone, quantizing (3.3)
///       signal to noise                                          (3.2)
/// </code>
/// Symbols are those of the recommendation. Loudness ratings and noise levels are in dB and dBm0p, delays in milliseconds.
/// </remarks>
public static class EModel
{
    private const double Slr = 8, Rlr = 2, Olr = Slr + Rlr;
    private const double Stmr = 15, DReceive = 3, Lstr = Stmr + DReceive, DSend = 3;
    private const double Telr = 65, Wepl = 110;
    private const double Qdu = 1;
    private const double Nc = -70, Nfor = -64, Ps = 35, Pr = 35;
    private const double Advantage = 0;

    /// <summary>Delay by itself is not heard below (mT, default sensitivity).</summary>
    private const double LeastDelay = 100;

    private static readonly double No = CircuitNoise();
    private static readonly double Ro = 15 - (1.5 * (Slr + No));

    /// <summary>The transmission rating R. Below 0 and above 100 nothing is meant by it.</summary>
    /// <param name="delay">From mouth to ear: packetization, network and playout.</param>
    public static double Rate(TimeSpan delay, in LossyCodec codec, in PacketLoss loss)
    {
        double ms = Max(0, delay.TotalMilliseconds);
        return Ro - Simultaneous(ms) - Delay(ms) - codec.Impairment(loss) + Advantage;
    }

    /// <summary>The mean opinion score of a conversation with such a rating (annex B): 1 (bad) to 4.5.</summary>
    public static double OpinionScore(double rating) => rating switch
    {
        <= 0 => 1,
        >= 100 => 4.5,
        _ => 1 + (0.035 * rating) + (rating * (rating - 60) * (100 - rating) * 7e-6),
    };

    /// <remarks>3.2: circuit noise, room noise at the sending and at the receiving side, and the noise floor, as one level at the 0 dBr point.</remarks>
    private static double CircuitNoise()
    {
        double nos = Ps - Slr - DSend - 100 + (0.004 * Square(Ps - Olr - DSend - 14));
        double pre = Pr + (10 * Log10(1 + Pow(10, (10 - Lstr) / 10)));
        double nor = Rlr - 121 + pre + (0.008 * Square(pre - 35));
        return 10 * Log10(Power(Nc) + Power(nos) + Power(nor) + Power(Nfor + Rlr));
    }

    /// <remarks>3.3: Iolr + Ist + Iq.</remarks>
    private static double Simultaneous(double delay)
    {
        double xolr = Olr + (0.2 * (64 + No - Rlr));
        double iolr = 20 * (Root(8, 1 + Pow(xolr / 8, 8)) - (xolr / 8));

        double stmro = -10 * Log10(Power(-Stmr) + (Exp(-delay / 4) * Power(-Telr)));
        double ist = (12 * Root(8, 1 + Pow((stmro - 13) / 6, 8))) - (28 * Root(35, 1 + Pow((stmro + 1) / 19.4, 35))) - (13 * Root(13, 1 + Pow((stmro - 3) / 33, 13))) + 29;

        double q = 37 - (15 * Log10(Qdu));
        double g = 1.07 + (0.258 * q) + (0.0602 * Square(q));
        double y = ((Ro - 100) / 15) + (46 / 8.4) - (g / 9);
        double z = (46.0 / 30) - (g / 40);
        double iq = 15 * Log10(1 + Pow(10, y) + Pow(10, z));
        return iolr + ist + iq;
    }

    /// <remarks>3.4: Idte + Idle + Idd, with the way there as long as the way back.</remarks>
    private static double Delay(double delay)
    {
        double terv = Telr - (40 * Log10((1 + (delay / 10)) / (1 + (delay / 150)))) + (6 * Exp(-0.3 * Square(delay)));
        double re = 80 + (2.5 * (terv - 14));
        double roe = -1.5 * (No - Rlr);
        double idte = (((roe - re) / 2) + Sqrt((Square(roe - re) / 4) + 100) - 1) * (1 - Exp(-delay));

        double rle = 10.5 * (Wepl + 7) * Pow((2 * delay) + 1, -0.25);
        double idle = ((Ro - rle) / 2) + Sqrt((Square(Ro - rle) / 4) + 169);
        return idte + idle + Absolute(delay);
    }

    /// <remarks>3.4: Idd. Even a connection without any echo is a bad one when the answer comes late.</remarks>
    private static double Absolute(double delay)
    {
        if (delay <= LeastDelay) return 0;
        double x = Log2(delay / LeastDelay);
        return 25 * (Root(6, 1 + Pow(x, 6)) - (3 * Root(6, 1 + Pow(x / 3, 6))) + 2);
    }

    private static double Square(double value) => value * value;

    private static double Root(double degree, double value) => Pow(value, 1 / degree);

    private static double Power(double decibels) => Pow(10, decibels / 10);
}
