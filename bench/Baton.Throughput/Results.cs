using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Baton.Throughput;

/// <summary>What each system reached in each round of each case, and how the medians compare.</summary>
public sealed class Results
{
    private readonly Dictionary<(BenchCase Case, string System), List<double>> _values = [];

    public IEnumerable<BenchCase> Cases => BenchCase.All.Where(of => _values.Keys.Any(key => key.Case == of));

    /// <summary>Rounds of what was measured most.</summary>
    public int Rounds => _values.Count == 0 ? 0 : _values.Values.Max(series => series.Count);

    public void Add(BenchCase of, string system, double value)
    {
        if (!_values.TryGetValue((of, system), out List<double>? series))
            _values[(of, system)] = series = [];
        series.Add(value);
    }

    /// <summary>In the order of the rounds; empty: not measured.</summary>
    public IReadOnlyList<double> Of(string of, string system) => _values.FirstOrDefault(one => one.Key.Case.Name == of && one.Key.System == system).Value ?? [];

    public IEnumerable<(string System, Spread Spread)> Of(BenchCase of) =>
        from one in _values where one.Key.Case == of select (one.Key.System, Spread.Of(one.Value));

    public string ToJson() => JsonSerializer.Serialize(new
    {
        cases = from one in _values
                let spread = Spread.Of(one.Value)
                select new
                {
                    system = one.Key.System,
                    @case = one.Key.Case.Name,
                    median = Round(spread.Median),
                    min = Round(spread.Least),
                    max = Round(spread.Most),
                    unit = one.Key.Case.Unit,
                    runs = spread.Runs,
                },
    });

    /// <summary>For the terminal and for docs/performance.md alike: a table a case.</summary>
    public string ToTable()
    {
        var text = new StringBuilder();
        foreach (BenchCase of in Cases)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {of.Name}, {of.Unit} | median | least | most | rounds | baton is |");
            text.AppendLine("| --- | --- | --- | --- | --- | --- |");
            double? baton = Of(of.Name, "baton") is { Count: > 0 } own ? Spread.Of(own).Median : null;
            foreach ((string system, Spread spread) in Of(of))
            {
                string ratio = baton is { } b && system != "baton" ? $"{(b / spread.Median).ToString("0.00", CultureInfo.InvariantCulture)} x" : "";
                text.AppendLine(CultureInfo.InvariantCulture, $"| {system} | {spread.Median:0} | {spread.Least:0} | {spread.Most:0} | {spread.Runs} | {ratio} |");
            }

            text.AppendLine();
        }

        return text.ToString();
    }

    private static double Round(double value) => Math.Round(value, 1);
}

/// <summary>A figure of several rounds.</summary>
public readonly record struct Spread(double Median, double Least, double Most, int Runs)
{
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        double median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        return new Spread(median, sorted[0], sorted[^1], sorted.Length);
    }
}
