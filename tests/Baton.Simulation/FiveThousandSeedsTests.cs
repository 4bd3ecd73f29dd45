using System.Diagnostics;
using System.Globalization;
using System.Text;
using Baton.Redundancy;
using Baton.Simulation.Observing;

namespace Baton.Simulation;

/// <summary>P1, P2, P3, P6, P7 and the return of service, with every guard in place.</summary>
public sealed class FiveThousandSeedsTests(ITestOutputHelper output)
{
    /// <summary>Counters that honest runs may leave at zero: each has its reason.</summary>
    private static readonly HashSet<string> MayBeZero =
    [
        // Every run has one ledger, and members write what is well formed; these are the unit tests' work.
        "verdict OtherLedger",
        "verdict Malformed",
        "verdict UnknownSa",
        // Who is not the holder, or has named a designee, knows it from its copy and does not ask.
        "verdict NotHolder",
        "verdict DesigneeAlreadyNamed",
        // A member that refuses the snapshot of an older ledger asks it nothing: counted as event RefusedGrantOfOlderLedger.
        "verdict LedgerBehind",
    ];

    [Fact]
    public void FiveThousandSeeds()
    {
        long start = Stopwatch.GetTimestamp();
        (IReadOnlyList<Outcome> failures, Coverage coverage, int ran, int abandoned) = Run.Many(Run.Seeds, Guards.All);

        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{ran} seeds in {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s, {failures.Count} failed, {abandoned} left the promises' ground");
        foreach ((string name, long count) in coverage.All())
            text.AppendLine(CultureInfo.InvariantCulture, $"  {name,-42} {count,12}");
        output.WriteLine(text.ToString());
        if (Environment.GetEnvironmentVariable("BATON_COVERAGE") is { Length: > 0 } file)
        {
            foreach (Outcome failure in failures)
                text.AppendLine(CultureInfo.InvariantCulture, $"FAILED {failure.Seed} ({World.ProfileOf(failure.Seed)}) {failure.Broken}: {failure.What}");
            File.WriteAllText(file, text.ToString());
        }

        Assert.True(failures.Count == 0, $"{failures.Count} of {ran} seeds failed; the first:\n{(failures.Count > 0 ? failures[0].Report : "")}");
        if (Run.Seeds < Run.AllSeeds)
            return;
        foreach ((string name, long count) in coverage.All())
            Assert.True(count > 0 || MayBeZero.Contains(name), $"nothing in {ran} seeds ever came to: {name}");
        Assert.True(abandoned < ran / 100, $"{abandoned} runs abandoned");
    }
}
