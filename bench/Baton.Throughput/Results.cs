using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Baton.Throughput;

/// <summary>What each system reached in each round of each case, and how the medians compare.</summary>
public sealed class Results
{
    private readonly Dictionary<(BenchCase Case, string System), List<double>> _values = [];

    public void Add(BenchCase of, string system, double value)
    {
        if (!_values.TryGetValue((of, system), out List<double>? series))
            _values[(of, system)] = series = [];
        series.Add(value);
    }

    public string ToJson() => JsonSerializer.Serialize(new
    {
        cases = _values.Select(one => new
        {
            system = one.Key.System,
            @case = one.Key.Case.Name,
            median = Round(Median(one.Value)),
            min = Round(one.Value.Min()),
            max = Round(one.Value.Max()),
            unit = one.Key.Case.Unit,
            runs = one.Value.Count,
        }),
    });

    /// <summary>For the terminal and for docs/performance.md alike: a table a case.</summary>
    public string ToTable()
    {
        var text = new StringBuilder();
        foreach (IGrouping<BenchCase, KeyValuePair<(BenchCase Case, string System), List<double>>> of in _values.GroupBy(one => one.Key.Case))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {of.Key.Name}, {of.Key.Unit} | median | least | most | runs | baton is |");
            text.AppendLine("| --- | --- | --- | --- | --- | --- |");
            double? baton = _values.TryGetValue((of.Key, "baton"), out List<double>? own) ? Median(own) : null;
            foreach (((_, string system), List<double> series) in of)
            {
                string ratio = baton is { } b && system != "baton" ? $"{(b / Median(series)).ToString("0.00", CultureInfo.InvariantCulture)} x" : "";
                text.AppendLine(CultureInfo.InvariantCulture, $"| {system} | {Median(series):0} | {series.Min():0} | {series.Max():0} | {series.Count} | {ratio} |");
            }

            text.AppendLine();
        }

        return text.ToString();
    }

    private static double Round(double value) => Math.Round(value, 1);

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
