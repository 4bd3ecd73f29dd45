using Baton.Voice.Rtp;
using Baton.Wire;

namespace Baton.Voice.Quality;

/// <summary>What the ear had of a stretch of a call: loss, gap, jitter, and the rating that they amount to. Sans-IO.</summary>
/// <param name="Expected">Packets whose moment at the ear lies in the stretch.</param>
/// <param name="Lost">Of them those that never came.</param>
/// <param name="Late">Of them those that came after their moment: to the ear they are lost too.</param>
/// <param name="LongestGap">The longest time without an arrival, of those that the ear had in the stretch or partly in it.</param>
/// <param name="Jitter">Interarrival jitter (RFC 3550 A.8) of the stretch alone, at its end.</param>
public sealed record CallStretch(long Expected, long Lost, long Late, TimeSpan LongestGap, TimeSpan Jitter, PacketLoss Loss, double Rating)
{
    public double OpinionScore => EModel.OpinionScore(Rating);

    /// <summary>Null: nothing was expected then.</summary>
    /// <param name="arrivals">Of the whole call, in the order in which they came.</param>
    /// <param name="playout">How long the ear waits, from the first packet's arrival on.</param>
    /// <param name="network">The way from one phone's socket to the other's.</param>
    /// <remarks>Packets are a frame apart when they are sent, so a number says when it was due: neither clock nor timestamp of the far phone is asked.</remarks>
    public static CallStretch? Measure(IReadOnlyList<RtpArrival> arrivals, Instant from, Instant to, TimeSpan playout, TimeSpan network)
    {
        ArgumentNullException.ThrowIfNull(arrivals);
        if (arrivals.Count == 0) return null;
        RtpArrival origin = arrivals[0];
        Instant Due(long number) => origin.At + playout + (RtpSender.FrameTime * (number - (long)origin.Sequence));
        long Number(Instant at) => (long)origin.Sequence + (long)Math.Ceiling((at - (origin.At + playout)) / RtpSender.FrameTime);

        long last = (long)arrivals.Max(arrival => arrival.Sequence);
        long first = Math.Max(Number(from), (long)origin.Sequence);
        long end = Math.Min(Number(to), last + 1);             // what is still under way at the end of the call is not lost
        if (end <= first) return null;

        var ends = new RtpEnd[end - first];
        TimeSpan gap = default;
        double jitter = 0, transit = 0;
        int measured = 0;
        Instant before = origin.At;
        foreach (RtpArrival arrival in arrivals)
        {
            if (before + playout < to && arrival.At + playout > from && arrival.At - before > gap) gap = arrival.At - before;
            before = arrival.At;
            long number = (long)arrival.Sequence;
            if (arrival.Twice || number < first || number >= end) continue;
            ends[number - first] = arrival.At <= Due(number) ? RtpEnd.InTime : RtpEnd.Late;

            double now = (arrival.At - Due(number)).TotalSeconds;
            if (measured++ > 0) jitter += (Math.Abs(now - transit) - jitter) / 16;
            transit = now;
        }

        long lost = ends.LongCount(one => one == RtpEnd.Lost), late = ends.LongCount(one => one == RtpEnd.Late);
        long bursts = Enumerable.Range(0, ends.Length).LongCount(i => ends[i] != RtpEnd.InTime && (i == 0 || ends[i - 1] == RtpEnd.InTime));
        PacketLoss loss = PacketLoss.Of(ends.Length, lost + late, bursts);
        double rating = EModel.Rate(RtpSender.FrameTime + network + playout, LossyCodec.G711, loss);
        return new CallStretch(ends.Length, lost, late, gap, TimeSpan.FromSeconds(jitter), loss, rating);
    }

    private enum RtpEnd : byte
    {
        Lost,
        InTime,
        Late,
    }
}
