using System.Globalization;
using System.Text;
using System.Text.Json;
using Baton.Cli.Demo.Scenario;
using Baton.Voice.Audio;

namespace Baton.Cli.Demo.Report;

/// <summary>Writes report.html, which needs no other file and no network, and lanes.svg.</summary>
public static class ReportWriter
{
    /// <summary>Returns the path of report.html.</summary>
    public static string Write(DemoReport report, string folder)
    {
        Directory.CreateDirectory(folder);
        string lanes = LanesPicture.Draw(report);
        File.WriteAllText(Path.Combine(folder, "lanes.svg"), lanes);
        string page = Path.Combine(folder, "report.html");
        File.WriteAllText(page, Page(report, lanes));
        return page;
    }

    private static string Page(DemoReport report, string lanes)
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>{Text(report.Title)}</title><style>{ReportStyle.Css}</style></head><body>
            <h1>{Text(report.Title)}</h1>
            <p class="dim">{report.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, {report.Seconds(report.EndNs):F1} s</p>

            """);
        Promises(html, report);
        Events(html, report);
        html.Append("<h2>Sequence lanes</h2>\n<p>The numbers of the call's SA from the cluster to the peer, as they were seen on the wire. "
            + "A member goes up to its limit and no further; the next one starts above it.</p>\n<figure>").Append(lanes).Append("</figure>\n");
        html.Append("<h2>The probe</h2>\n<figure>").Append(GapsPicture.Draw(report)).Append("</figure>\n");
        Calls(html, report);
        Facts(html, "In all", report.Totals);
        Facts(html, "Where it ran", report.Environment);
        return html.Append("</body></html>\n").ToString();
    }

    private static void Promises(StringBuilder html, DemoReport report)
    {
        if (report.Promises.Count == 0)
            return;
        html.Append("<ul class=\"promises\">\n");
        foreach (ReportPromise promise in report.Promises)
        {
            html.Append(CultureInfo.InvariantCulture, $"<li class=\"{(promise.Held ? "held" : "broken")}\">");
            html.Append(promise.Held ? "<b>&#10003; held</b> " : "<b>&#10007; broken</b> ").Append(Text(promise.Text)).Append("</li>\n");
        }

        html.Append("</ul>\n");
    }

    private static void Events(StringBuilder html, DemoReport report)
    {
        html.Append("""
            <h2>What happened, and what it cost</h2>
            <div class="scroll"><table><thead><tr><th rowspan="2">at</th><th rowspan="2">event</th><th colspan="2">packets of the call lost</th>
            <th colspan="2">outage of the probe</th><th rowspan="2">limit before</th><th rowspan="2">first after</th><th rowspan="2">IKE exchanges</th></tr>
            <tr><th>to peer</th><th>from peer</th><th>to peer</th><th>from peer</th></tr></thead><tbody>

            """);
        foreach (ReportEvent happened in report.Events)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><td class=\"n\">{report.Seconds(happened.AtNs):F1} s</td><td><b>{Text(happened.Title)}</b>");
            html.Append(CultureInfo.InvariantCulture, $" <code>{Text(happened.Kind)}</code>");
            if (happened.Note is { } note)
                html.Append(CultureInfo.InvariantCulture, $"<br><span class=\"dim\">{Text(note)}</span>");
            html.Append("</td>");
            Cell(html, happened.LostToPeer?.ToString(CultureInfo.InvariantCulture));
            Cell(html, happened.LostFromPeer?.ToString(CultureInfo.InvariantCulture));
            Cell(html, Milliseconds(happened.OutageToPeerMs));
            Cell(html, Milliseconds(happened.OutageFromPeerMs));
            Cell(html, happened.LimitBefore is { } limit ? Svg.Grouped(limit) : null);
            Cell(html, happened.FirstAfter is { } first ? Svg.Grouped(first) : null);
            Cell(html, happened.IkeExchanges?.ToString(CultureInfo.InvariantCulture));
            html.Append("</tr>\n");
        }

        html.Append("</tbody></table></div>\n");
    }

    private static void Calls(StringBuilder html, DemoReport report)
    {
        if (report.Calls.Count == 0)
            return;
        html.Append("<h2>The call as heard</h2>\n<p>Frames that were not there in time are silent; in the pictures they are marked.</p>\n");
        for (int ear = 0; ear < report.Calls.Count; ear++)
        {
            CallRecording call = report.Calls[ear];
            html.Append(CultureInfo.InvariantCulture, $"<h3>{Text(call.Name)}</h3>\n");
            if (!File.Exists(call.WavPath) || !WavFile.TryParse(File.ReadAllBytes(call.WavPath), out WavFile? wav) || wav is null)
            {
                html.Append("<p class=\"dim\">No recording.</p>\n");
                continue;
            }

            short[] samples = wav.ToPcm();
            html.Append("<audio controls preload=\"none\" src=\"data:audio/wav;base64,").Append(Convert.ToBase64String(MuLaw(samples))).Append("\"></audio>\n");
            html.Append("<div class=\"waves\">\n");
            foreach (ReportEvent happened in report.Events)
            {
                double into = (happened.AtNs - call.StartNs) / 1e9;
                if (into < 0 || into * G711.SampleRate > samples.Length)
                    continue;
                string picture = WaveformPicture.Draw(
                    samples, (int)(into * G711.SampleRate), $"The call at {call.Name} around {happened.Title}");
                html.Append("<figure>").Append(picture);
                html.Append(CultureInfo.InvariantCulture, $"<figcaption>{Text(happened.Title)}, {into:F1} s into the recording");
                if (ear < happened.Qualities.Count)
                    Quality(html, happened.Qualities[ear]);
                html.Append("</figcaption></figure>\n");
            }

            html.Append("</div>\n");
        }
    }

    /// <summary>Loss, gap, jitter and score (ITU-T G.107) below the picture of the same moment.</summary>
    private static void Quality(StringBuilder html, EarQuality ear)
    {
        html.Append("<table class=\"quality\"><thead><tr><th></th><th>MOS</th><th>R</th><th>lost</th><th>longest gap</th><th>jitter</th></tr></thead><tbody>");
        foreach ((string when, JsonElement? part) in new[] { ("before", ear.Before), ("during", ear.During), ("after", ear.After) })
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><th>{when}</th>");
            Cell(html, Number(part, "mos", "F2"));
            Cell(html, Number(part, "rating", "F1"));
            Cell(html, part is { } one ? string.Create(CultureInfo.InvariantCulture, $"{one.GetProperty("lost").GetInt64() + one.GetProperty("late").GetInt64()} of {one.GetProperty("expected").GetInt64()}") : null);
            Cell(html, Milliseconds(part?.GetProperty("longestGapMs").GetDouble()));
            Cell(html, Milliseconds(part?.GetProperty("jitterMs").GetDouble()));
            html.Append("</tr>");
        }

        html.Append("</tbody></table>");
    }

    private static string? Number(JsonElement? part, string name, string format) => part?.GetProperty(name).GetDouble().ToString(format, CultureInfo.InvariantCulture);

    private static void Facts(StringBuilder html, string title, IReadOnlyList<ReportFact> facts)
    {
        if (facts.Count == 0)
            return;
        html.Append(CultureInfo.InvariantCulture, $"<h2>{Text(title)}</h2>\n<div class=\"scroll\"><table class=\"facts\"><tbody>\n");
        foreach (ReportFact fact in facts)
            html.Append(CultureInfo.InvariantCulture, $"<tr><th>{Text(fact.Name)}</th><td>{Text(fact.Value)}</td></tr>\n");
        html.Append("</tbody></table></div>\n");
    }

    private static void Cell(StringBuilder html, string? value) =>
        html.Append(value is null ? "<td class=\"n dim\">&ndash;</td>" : $"<td class=\"n\">{Text(value)}</td>");

    private static string? Milliseconds(double? value) =>
        value is { } milliseconds ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds:F1} ms") : null;

    private static byte[] MuLaw(short[] samples)
    {
        var codes = new byte[samples.Length];
        for (int i = 0; i < codes.Length; i++)
            codes[i] = G711.EncodeMuLaw(samples[i]);
        return WavFile.WriteMuLaw(codes);
    }

    private static string Text(string text) => Svg.Escape(text);
}
