namespace Baton.Cli.Demo.Report;

/// <summary>The numbers that one member used in one go: a stretch without a jump.</summary>
internal sealed class SequenceLane(SequenceSample first)
{
    /// <summary>More than any traffic moves between two packets, less than the smallest step from one slice to the next.</summary>
    private const ulong Jump = 1 << 16;

    private readonly List<SequenceSample> _samples = [first];

    public string Member => first.Member;

    public IReadOnlyList<SequenceSample> Samples => _samples;

    public SequenceSample First => _samples[0];

    public SequenceSample Last => _samples[^1];

    public ulong Lowest { get; private set; } = first.Number;

    public ulong Highest { get; private set; } = first.Number;

    /// <summary>The limits that stood over this lane while it was in use, each once, ascending.</summary>
    public IReadOnlyList<LeaseLimit> Limits { get; private set; } = [];

    /// <summary>Sorts packets into lanes, lowest first, and finds for each lane the limits of its member above it.</summary>
    /// <remarks>
    /// By nearness and not by order of time: packets of the old member that were still under way mix with the first of the
    /// new one, and a planned switchover goes on with the very next number, in another colour.
    /// </remarks>
    public static IReadOnlyList<SequenceLane> Arrange(IReadOnlyList<SequenceSample> samples, IReadOnlyList<LeaseLimit> limits)
    {
        var lanes = new List<SequenceLane>();
        foreach (SequenceSample sample in samples)
        {
            SequenceLane? lane = lanes.FindLast(lane => lane.Member == sample.Member && lane.IsNear(sample.Number));
            if (lane is null || IsOvertaken(lane, sample, lanes))
                lanes.Add(new SequenceLane(sample));
            else
                lane.Take(sample);
        }

        lanes.Sort((one, other) => one.Lowest.CompareTo(other.Lowest));
        for (int i = 0; i < lanes.Count; i++)
        {
            // A limit above a later lane of the same member is that one's.
            ulong ceiling = lanes.Skip(i + 1).FirstOrDefault(lane => lane.Member == lanes[i].Member && lane.Lowest > lanes[i].Highest + Jump)?.Lowest ?? ulong.MaxValue;
            lanes[i].TakeLimits(limits, ceiling);
        }

        return lanes;
    }

    /// <summary>Another member has gone on from there meanwhile: its numbers lie between the lane's and this one.</summary>
    private static bool IsOvertaken(SequenceLane lane, SequenceSample sample, List<SequenceLane> lanes) =>
        lanes.Exists(other => other.First.AtNs > lane.Last.AtNs && other.Lowest > lane.Highest && sample.Number > other.Highest);

    private bool IsNear(ulong number) => number >= Lowest - Math.Min(Lowest, Jump) && number <= Highest + Jump;

    private void Take(SequenceSample sample)
    {
        _samples.Add(sample);
        Lowest = Math.Min(Lowest, sample.Number);
        Highest = Math.Max(Highest, sample.Number);
    }

    private void TakeLimits(IReadOnlyList<LeaseLimit> limits, ulong ceiling) => Limits =
    [
        .. limits
            .Where(limit => limit.Member == Member && limit.Limit >= Highest && limit.Limit < ceiling
                && limit.StartNs <= Last.AtNs && limit.EndNs >= First.AtNs)
            .GroupBy(limit => limit.Limit)
            .Select(same => same.First() with { StartNs = same.Min(limit => limit.StartNs), EndNs = same.Max(limit => limit.EndNs) })
            .OrderBy(limit => limit.Limit),
    ];
}
