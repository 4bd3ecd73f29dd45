using System.Diagnostics;
using System.Globalization;
using Baton.Redundancy;
using Baton.Simulation.Observing;

namespace Baton.Simulation;

/// <summary>A guard whose absence nobody notices is not proven to be needed, or not tested. Each, taken away, breaks a promise within the same seeds.</summary>
public sealed class EachGuardRemovedIsFoundTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void EachGuardRemovedIsFound(int guard)
    {
        var without = Guards.All & ~(Guards)(1 << guard);
        long start = Stopwatch.GetTimestamp();
        (IReadOnlyList<Outcome> failures, _, int ran, _) = Run.Many(Math.Max(Run.Seeds, Run.AllSeeds), without, IsHarm);

        // Harm, not discomfort: a run that merely stands still does not show what the guard is for.
        Outcome? found = failures.FirstOrDefault(IsHarm);
        string line = string.Create(CultureInfo.InvariantCulture,
            $"G{guard}: {(found is null ? "NOT FOUND" : $"seed {found.Seed}, {found.Broken}")} after {ran} seeds, {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s. {found?.What}");
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("BATON_COVERAGE") is { Length: > 0 } file)
            File.AppendAllText(file + ".guards", line + "\n");
        Assert.NotNull(found);
    }

    private static bool IsHarm(Outcome outcome) =>
        outcome.Broken is Promise.NoNumberTwice or Promise.NoReplayAccepted or Promise.CopyBeforeWork or Promise.CommittedStateLost;
}
