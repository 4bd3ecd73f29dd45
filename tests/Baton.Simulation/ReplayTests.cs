using System.Globalization;
using Baton.Redundancy;

namespace Baton.Simulation;

/// <summary>One seed with its whole trace: what eng/simulate runs.</summary>
public sealed class ReplayTests
{
    [Fact]
    public void Replay()
    {
        string? seed = Environment.GetEnvironmentVariable("BATON_SEED");
        Assert.SkipUnless(seed is { Length: > 0 }, "only for eng/simulate --seed N");
        Guards guards = Guards.All;
        if (Environment.GetEnvironmentVariable("BATON_WITHOUT") is { Length: > 1 } without)
            guards &= ~(Guards)(1 << int.Parse(without[1..], CultureInfo.InvariantCulture));
        var world = new World(ulong.Parse(seed!, CultureInfo.InvariantCulture), guards, keepTrace: true);
        Outcome outcome = Run.One(world);
        string verdict = outcome.Broken is null ? "no promise broken" : $"{outcome.Broken} broken: {outcome.What}";
        string text = $"{world.PrintTrace()}\nseed {world.Seed}, profile {world.Profile}, trace hash {outcome.TraceHash:x16}: {verdict}\n";
        if (Environment.GetEnvironmentVariable("BATON_TRACE") is { Length: > 0 } file)
            File.WriteAllText(file, text);
        Assert.True(outcome.Broken is null, verdict);
    }
}
