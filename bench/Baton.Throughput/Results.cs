using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Baton.Throughput;

/// <summary>What each system reached in each round, and how the medians compare.</summary>
public sealed class Results(string caseName, string unit)
{
    private readonly Dictionary<string, List<double>> _values = [];

    public void Add(string system, double value)
    {
        if (!_values.TryGetValue(system, out List<double>? series))
            _values[system] = series = [];
        series.Add(value);
    }

    public string ToJson() => JsonSerializer.Serialize(new
    {
        cases = _values.Select(of => new
        {
            system = of.Key,
            @case = caseName,
            median = Round(Median(of.Value)),
            min = Round(of.Value.Min()),
            max = Round(of.Value.Max()),
            unit,
            runs = of.Value.Count,
        }),
    });

    /// <summary>For the terminal and for docs/performance.md alike.</summary>
    public string ToTable()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"| {caseName}, {unit} | median | least | most | runs | baton is |");
        text.AppendLine("| --- | --- | --- | --- | --- | --- |");
        double? baton = _values.TryGetValue("baton", out List<double>? own) ? Median(own) : null;
        foreach ((string system, List<double> series) in _values)
        {
            string ratio = baton is { } b && system != "baton" ? $"{(b / Median(series)).ToString("0.00", CultureInfo.InvariantCulture)} x" : "";
            text.AppendLine(CultureInfo.InvariantCulture, $"| {system} | {Median(series):0} | {series.Min():0} | {series.Max():0} | {series.Count} | {ratio} |");
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
