using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Baton.Calls;

/// <summary>The figures as a table, as JSON, and as a page.</summary>
internal static class Report
{
    private const string Begin = "<!-- figures -->", End = "<!-- end of figures -->";

    public static string Table(IReadOnlyList<Figure> figures)
    {
        var text = new StringBuilder();
        foreach (IGrouping<string, Figure> of in figures.GroupBy(figure => figure.Case))
        {
            text.AppendLine($"| {of.Key} | |").AppendLine("| --- | ---: |");
            foreach (Figure figure in of)
                text.AppendLine($"| {figure.What} | {string.Create(CultureInfo.InvariantCulture, $"{figure.Value:0.###}")} {figure.Unit} |".Replace("  |", " |", StringComparison.Ordinal));
            text.AppendLine();
        }

        if (Outage("srtp1-kill") is { } one && Outage("srtp500-kill") is { } all)
            text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"Outage of 500 calls at once: {all:0.0} ms; of one: {one:0.0} ms; allowed 1.5 x that and 3 ms: {(1.5 * one) + 3:0.0} ms."));
        return text.ToString();

        double? Outage(string name) => figures.FirstOrDefault(figure => figure.Case == name && figure.What == "outage of a call, mean")?.Value;
    }

    public static string Json(IReadOnlyList<Figure> figures) => JsonSerializer.Serialize(figures, Indented);

    public static void Write(string table)
    {
        string page = Path.Combine("docs", "performance-calls.md"), old = File.ReadAllText(page);
        File.WriteAllText(page, $"{old[..(old.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)]}\n\n{table}\n{old[old.IndexOf(End, StringComparison.Ordinal)..]}");
        Console.WriteLine($"{page} is written");
    }

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
}
