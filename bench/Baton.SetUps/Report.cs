using System.Globalization;
using System.Text;
using System.Text.Json;
using Baton.SetUps.Systems;

namespace Baton.SetUps;

/// <summary>One batch of one round.</summary>
/// <param name="Cpu">Milliseconds, by who spent them.</param>
public sealed record Sample(Batch Batch, double Seconds, IReadOnlyDictionary<string, double> Cpu);

/// <summary>What the rounds showed: for the terminal, for docs/performance-setups.md, and for programs.</summary>
public sealed class Report(IReadOnlyList<SetUpSystem> systems, IReadOnlyList<Batch> batches, string group)
{
    private readonly Dictionary<string, List<List<Sample>>> _rounds = systems.ToDictionary(system => system.Name, _ => new List<List<Sample>>());

    private IEnumerable<Batch> Measured => batches.Where(batch => batch.Measured);

    private IEnumerable<SetUpSystem> Done => systems.Where(system => _rounds[system.Name].Count > 0);

    public void Add(SetUpSystem system, List<Sample> round) => _rounds[system.Name].Add(round);

    /// <summary>Set-ups a second of all measured batches of a round together.</summary>
    public static double Rate(IEnumerable<Sample> round)
    {
        Sample[] measured = [.. round.Where(sample => sample.Batch.Measured)];
        return measured.Sum(sample => sample.Batch.Count) / measured.Sum(sample => sample.Seconds);
    }

    public string ToTables()
    {
        var text = new StringBuilder();
        Line(text, $"| set-ups a second, {group} | median | least | most | rounds | of charon's |");
        Line(text, "| --- | --- | --- | --- | --- | --- |");
        double? charon = _rounds.TryGetValue("charon", out List<List<Sample>>? other) && other.Count > 0 ? Rates(other).Median : null;
        foreach (SetUpSystem system in Done)
        {
            Spread rate = Rates(_rounds[system.Name]);
            Line(text, $"| {system.Name} | {rate.Median:0} | {rate.Least:0} | {rate.Most:0} | {rate.Runs} | {(charon is { } c ? Fixed(rate.Median / c, "0.00") : "")} |");
        }

        Line(text, "");
        Line(text, $"| CPU ms a set-up, by how many there are | {string.Join(" | ", Measured.Select(From))} | last of first | who, in the last |");
        Line(text, $"| --- |{string.Concat(Measured.Select(_ => " --- |"))} --- | --- |");
        foreach (SetUpSystem system in Done)
        {
            double[] costs = [.. Measured.Select(batch => Cost(system, batch, sample => sample.Cpu.Values.Sum()))];
            string[] who = [.. _rounds[system.Name][0][^1].Cpu.Keys.Select(name => $"{name} {Fixed(Cost(system, batches[^1], sample => sample.Cpu[name]), "0.00")}")];
            Line(text, $"| {system.Name} | {string.Join(" | ", costs.Select(cost => Fixed(cost, "0.00")))} | {Fixed(costs[^1] / costs[0], "0.00")} | {string.Join(", ", who)} |");
        }

        Line(text, "");
        Line(text, $"| set-ups a second, by how many there are | {string.Join(" | ", Measured.Select(From))} | cores busy, in the last |");
        Line(text, $"| --- |{string.Concat(Measured.Select(_ => " --- |"))} --- |");
        foreach (SetUpSystem system in Done)
        {
            double busy = Cost(system, batches[^1], sample => sample.Cpu.Values.Sum()) / Cost(system, batches[^1], sample => sample.Seconds) / 1_000;
            Line(text, $"| {system.Name} | {string.Join(" | ", Measured.Select(batch => Fixed(1 / Cost(system, batch, sample => sample.Seconds), "0")))} | {Fixed(busy, "0.0")} |");
        }

        Line(text, "");
        Line(text, $"What limits: the cores where all of the {Environment.ProcessorCount} are busy; else what a set-up waits for, thirty-two at a time (at our end two commits one after the other).");
        return text.ToString();
    }

    public string ToJson() => JsonSerializer.Serialize(new
    {
        group,
        warm = batches.Where(batch => !batch.Measured).Sum(batch => batch.Count),
        cases = Done.Select(system =>
        {
            Spread rate = Rates(_rounds[system.Name]);
            return new
            {
                system = system.Name,
                ends = system.Ends,
                @case = "set-ups",
                unit = "1/s",
                median = Math.Round(rate.Median, 1),
                min = Math.Round(rate.Least, 1),
                max = Math.Round(rate.Most, 1),
                runs = rate.Runs,
                batches = Measured.Select(batch => new
                {
                    from = batch.First,
                    count = batch.Count,
                    perSecond = Math.Round(1 / Cost(system, batch, sample => sample.Seconds), 1),
                    cpuMilliseconds = _rounds[system.Name][0][^1].Cpu.Keys.ToDictionary(name => name, name => Math.Round(Cost(system, batch, sample => sample.Cpu[name]), 3)),
                }),
            };
        }),
    });

    /// <summary>The page, with what is measured and how.</summary>
    public string ToPage() => $"""
        # IKE SAs set up a second

        `bench/run-setups --write` measured this and wrote this page: an IKE SA with a child each, pre-shared key, aes256gcm16-prfsha256-{group} and aes128gcm16, between
        hosts of the lab on two cores that everything shares. The systems take turns in each round. All tunnels of a batch are asked for at once; a batch is over when both
        ends have its last child SA, and each round looks at every one of them at its end. The first {batches[0].Count} set-ups warm both ends and do not count. CPU is that of all
        processes of a host, from the kernel's accounts (10 ms steps).

        {string.Join('\n', Done.Select(system => $"- **{system.Name}**: {system.Ends}."))}

        The bars: at least as many set-ups a second as between two charons; a flat cost up to 2,500; at least half of the rate with each sync of the ledger 10 ms longer.

        {ToTables()}
        """;

    private static Spread Rates(List<List<Sample>> rounds) => Spread.Of(rounds.Select(Rate));

    /// <summary>The median of the rounds, for one set-up of a batch.</summary>
    private double Cost(SetUpSystem system, Batch batch, Func<Sample, double> of) =>
        Spread.Of(_rounds[system.Name].Select(round => of(round.Single(sample => sample.Batch == batch)) / batch.Count)).Median;

    private static string From(Batch batch) => $"{batch.First} to {batch.First + batch.Count}";

    private static string Fixed(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static void Line(StringBuilder text, FormattableString line) => text.AppendLine(FormattableString.Invariant(line));

    private static void Line(StringBuilder text, string line) => text.AppendLine(line);
}
