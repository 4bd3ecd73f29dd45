using System.Globalization;
using System.Text;

namespace Baton.Scale;

/// <summary>The figures as a page.</summary>
internal sealed class ScaleReport
{
    private const string Begin = "<!-- figures -->", End = "<!-- end of figures -->";

    private readonly List<ScaleResult> _results = [];

    public void Add(ScaleResult result) => _results.Add(result);

    public string Text()
    {
        var text = new StringBuilder();
        Row(text, "", r => $"{(r.Pairs + 2) * 2} SAs");
        text.Append("| --- |").Insert(text.Length, " --- |", _results.Count).AppendLine();
        Row(text, "active: every SA registered after", r => $"{r.Registered.TotalSeconds:0.0} s");
        Row(text, "standby: ready after", r => $"{r.Ready.TotalSeconds:0.0} s");
        Row(text, "the same again, after a kill (median)", r => $"{Median(r, k => k.ReadyAfterS):0.0} s");
        Row(text, "resident: active, standby", r => $"{r.ActiveMiB:0} MiB, {r.StandbyMiB:0} MiB");
        Row(text, "managed at the standby", r => $"{r.StandbyManagedBytes / 1048576.0:0} MiB");
        Row(text, "`kill -9`: outage to the peer, median (worst)", r => $"{Median(r, k => k.ToPeerMs):0.0} ms ({r.Kills.Max(k => k.ToPeerMs):0.0})");
        Row(text, "`kill -9`: outage from the peer, median (worst)", r => $"{Median(r, k => k.FromPeerMs):0.0} ms ({r.Kills.Max(k => k.FromPeerMs):0.0})");
        Row(text, "`kill -9`: noticed by the standby, median (worst)", r => $"{Median(r, k => k.NoticeMs):0} ms ({r.Kills.Max(k => k.NoticeMs):0})");
        Row(text, "takeovers that nobody asked for", r => $"{r.Terms - 1 - (ulong)r.Kills.Count}");
        foreach (string part in _results.SelectMany(r => r.Turns.Keys).Where(k => k.Contains("longest", StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal))
            Row(text, $"`{part}` of the last standby", r => $"{r.Turns.GetValueOrDefault(part) / 1000.0:0.0} ms");
        if (_results is [var few, var many])
        {
            int more = (many.Pairs - few.Pairs) * 2;
            text.AppendLine().AppendLine(string.Create(
                CultureInfo.InvariantCulture,
                $"An SA more costs a standby {(many.StandbyMiB - few.StandbyMiB) * 1048576 / more:0} bytes resident, {(double)(many.StandbyManagedBytes - few.StandbyManagedBytes) / more:0} of them managed. ")
                + string.Create(CultureInfo.InvariantCulture, $"Outage with many: {Median(many, k => k.ToPeerMs):0.0} ms; allowed {(1.5 * Median(few, k => k.ToPeerMs)) + 3:0.0} ms."));
        }

        return text.ToString();
    }

    public static void Write(string text)
    {
        string page = Path.Combine("docs", "performance-scale.md"), old = File.ReadAllText(page);
        File.WriteAllText(page, $"{old[..(old.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)]}\n\n{text}\n{old[old.IndexOf(End, StringComparison.Ordinal)..]}");
        Console.WriteLine($"{page} is written");
    }

    private void Row(StringBuilder text, string name, Func<ScaleResult, FormattableString> cell) =>
        text.Append("| ").Append(name).Append(" |").AppendJoin("", _results.Select(r => string.Create(CultureInfo.InvariantCulture, $" {cell(r).ToString(CultureInfo.InvariantCulture)} |"))).AppendLine();

    private static double Median(ScaleResult result, Func<KillResult, double> of)
    {
        double[] all = [.. result.Kills.Select(of).Order()];
        return all[all.Length / 2];
    }
}
