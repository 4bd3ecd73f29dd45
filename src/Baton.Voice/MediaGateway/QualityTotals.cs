namespace Baton.Voice.MediaGateway;

/// <summary>The quality of all streams together, for metrics: sums and histograms of stretches, as many names as there are bounds, whatever the number of calls.</summary>
public sealed class QualityTotals
{
    private static readonly double[] Scores = [2.6, 3.1, 3.6, 4.0, 4.3];  // the bounds of ITU-T G.107 annex B, table B.1
    private static readonly string[] ScoreNames = ["2-6", "3-1", "3-6", "4-0", "4-3"];
    private static readonly int[] Gaps = [30, 60, 100, 300, 1_000];

    private readonly long[] _scores = new long[Scores.Length];
    private readonly long[] _gaps = new long[Gaps.Length];

    public long Stretches { get; private set; }

    public long Scored { get; private set; }

    public long Packets { get; private set; }

    public long Lost { get; private set; }

    public void Take(StreamStretch stretch)
    {
        Stretches++;
        Packets += stretch.Packets;
        Lost += Math.Max(0, stretch.Lost);
        for (int i = 0; i < Gaps.Length; i++)
        {
            if (stretch.LongestGap.TotalMilliseconds > Gaps[i])
                _gaps[i]++;
        }

        if (stretch.OpinionScore is not { } score)
            return;
        Scored++;
        for (int i = 0; i < Scores.Length; i++)
        {
            if (score < Scores[i])
                _scores[i]++;
        }
    }

    /// <summary>Cumulative: a stretch with a gap of 70 ms is above 30 and above 60.</summary>
    public IEnumerable<(string Name, ulong Value)> Counters()
    {
        yield return ("media.stretches", (ulong)Stretches);
        yield return ("media.stretches-scored", (ulong)Scored);
        yield return ("media.stretches-packets", (ulong)Packets);
        yield return ("media.stretches-lost", (ulong)Lost);
        for (int i = 0; i < Scores.Length; i++)
            yield return ($"media.stretches-mos-below-{ScoreNames[i]}", (ulong)_scores[i]);
        for (int i = 0; i < Gaps.Length; i++)
            yield return (FormattableString.Invariant($"media.stretches-gap-above-{Gaps[i]}-ms"), (ulong)_gaps[i]);
    }
}
