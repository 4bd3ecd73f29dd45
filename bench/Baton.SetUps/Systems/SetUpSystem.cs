using System.Globalization;
using Baton.Lab.Hosts;
using Baton.Lab.Steps;

namespace Baton.SetUps.Systems;

/// <summary>Two ends that set IKE SAs with a child up between them, on the hosts of the lab.</summary>
public abstract class SetUpSystem
{
    /// <summary>USER_HZ is 100 on every Linux of today (man 7 time).</summary>
    private const double MillisecondsPerTick = 10;

    public abstract string Name { get; }

    /// <summary>Who takes part, for the report.</summary>
    public abstract string Ends { get; }

    /// <summary>Both ends run and know of all tunnels; none is up.</summary>
    public abstract void Raise(Story story, IReadOnlyList<Batch> batches, string group);

    /// <summary>Asks for all of a batch at once.</summary>
    public abstract void Begin(Batch batch);

    /// <summary>How many are up, as the end that began says it without looking at each.</summary>
    public abstract int Up();

    /// <summary>What each end says when it looks at each: IKE SAs with a child that can carry packets.</summary>
    public abstract IEnumerable<(string End, int Count)> Standing();

    /// <summary>Milliseconds of CPU so far, by who spent them.</summary>
    public abstract IReadOnlyDictionary<string, double> Cpu();

    /// <summary>Of all that runs on a host, without the operator's process that asks.</summary>
    protected static double CpuOf(Host host) => host.ProcessIds().Where(pid => !IsOperator(pid)).Sum(CpuOf);

    private static double CpuOf(int pid)
    {
        try
        {
            // man 5 proc: utime and stime are fields 14 and 15; the name before them may have blanks.
            string[] fields = File.ReadAllText($"/proc/{pid}/stat").Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) * MillisecondsPerTick;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return 0;           // it has ended
        }
    }

    private static bool IsOperator(int pid) => File.Exists($"/proc/{pid}/cmdline") && File.ReadAllText($"/proc/{pid}/cmdline").Contains(Baton.Lab.Batons.OperatorProcess.Argument, StringComparison.Ordinal);
}

/// <summary>Tunnels that are asked for together.</summary>
/// <param name="First">Index of its first tunnel.</param>
/// <param name="Measured">False: it warms both ends.</param>
public sealed record Batch(string Name, int First, int Count, bool Measured)
{
    /// <summary>Where the cost of a set-up is looked at.</summary>
    public static IReadOnlyList<int> Marks { get; } = [100, 500, 1_000, 2_500];

    public IEnumerable<int> Indexes => Enumerable.Range(First, Count);

    /// <summary>Warm-up, then up to each of these marks.</summary>
    public static IReadOnlyList<Batch> Up(int warm, IEnumerable<int> marks)
    {
        var batches = new List<Batch> { new("warm", 0, warm, Measured: false) };
        int done = 0;
        foreach (int mark in marks)
        {
            batches.Add(new Batch($"to{mark}", warm + done, mark - done, Measured: true));
            done = mark;
        }

        return batches;
    }
}
