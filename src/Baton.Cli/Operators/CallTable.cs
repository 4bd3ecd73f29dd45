using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Cluster.Protos;
using Spectre.Console;

namespace Baton.Cli.Operators;

/// <summary>Calls and their quality: two rows a call, one a direction.</summary>
internal static class CallTable
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <param name="answers">Of media gateways, those that carry calls and those that stand by.</param>
    public static void Write(IReadOnlyList<CallReports> answers)
    {
        foreach (CallReports standby in answers.Where(answer => !answer.Active))
            AnsiConsole.MarkupLineInterpolated($"{standby.Member} stands by for {standby.Calls.Count} calls{(standby.MoreAfter > 0 ? " and more" : "")}");
        foreach (CallReports active in answers.Where(answer => answer.Active))
        {
            AnsiConsole.MarkupLineInterpolated($"[bold]{active.Member}[/] carries {active.Calls.Count} calls{(active.MoreAfter > 0 ? " and more" : "")}, term {active.Term}, for {Tenure(active)}");
            if (active.Calls.Count == 0) continue;
            Table table = new Table().Border(TableBorder.Minimal).AddColumns("call", "tags", "from", "suite", "packets", "lost", "gap", "jitter", "MOS", "since takeover: lost, gap, MOS", "the other heard: lost, MOS");
            foreach (CallReport call in active.Calls)
            {
                Row(table, call.Name, $"{call.FromTag} {call.ToTag}", "a", call.A, call.B);
                Row(table, "", "", "b", call.B, call.A);
            }

            AnsiConsole.Write(table);
            if (active.MoreAfter > 0) AnsiConsole.MarkupLineInterpolated($"and more: --after {active.MoreAfter}");
        }
    }

    public static JsonObject ToJson(IReadOnlyList<CallReports> answers, IReadOnlyList<string> unreachable) => new()
    {
        ["mediaGateways"] = new JsonArray([.. answers.Select(answer => new JsonObject
        {
            ["name"] = answer.Member,
            ["active"] = answer.Active,
            ["term"] = answer.Term,
            ["tenureMs"] = answer.TenureMs,
            ["moreAfter"] = answer.MoreAfter,
            ["calls"] = new JsonArray([.. answer.Calls.Select(call => new JsonObject
            {
                ["id"] = call.Id,
                ["callId"] = call.Name,
                ["fromTag"] = call.FromTag,
                ["toTag"] = call.ToTag,
                ["mediaGateway"] = answer.Member,
                ["silentMs"] = call.SilentMs,
                ["a"] = Leg(call.A),
                ["b"] = Leg(call.B),
            })]),
        })]),
        ["unreachable"] = new JsonArray([.. unreachable.Select(each => JsonValue.Create(each))]),
    };

    public static string Text(JsonObject json) => json.ToJsonString(Indented);

    /// <summary>What a leg's phone said, and what the other leg's phone says that it heard of it.</summary>
    private static void Row(Table table, string name, string tags, string leg, LegReport from, LegReport to)
    {
        StreamReport? stream = Speaking(from);
        string[] quality = stream is null
            ? ["-", "-", "-", "-", "-", "-"]
            : [Number(stream.Packets), Number(stream.Lost), $"{stream.Whole.LongestGapMs} ms", $"{Tenths(stream.Whole.JitterMs)} ms", Score((stream.Newest ?? stream.Whole).Mos), Takeover(stream)];
        string[] row = [name, tags, $"{leg} {from.PhoneRtp}", from.Suite.Length == 0 ? "plain" : from.Suite, .. quality, Heard(to.Heard)];
        table.AddRow([.. row.Select(text => Markup.Escape(Printable(text)))]);
    }

    /// <summary>Call-ID and tags are what a stranger's phone wrote: a terminal must not take them for orders.</summary>
    internal static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format ? '?' : c));

    /// <summary>The source that was heard last.</summary>
    private static StreamReport? Speaking(LegReport leg) => leg.Streams.Where(stream => stream.Packets > 0).MinBy(stream => stream.LastHeardMs);

    private static string Takeover(StreamReport stream)
    {
        StretchReport about = stream.First ?? stream.Whole;
        return $"{stream.LostInTakeover}, {about.LongestGapMs} ms, {Score(about.Mos)}";
    }

    private static string Heard(HeardReport? heard) => heard is null ? "-" : $"{Number(heard.Lost)}, {Score(heard.Mos)}";

    private static JsonObject Leg(LegReport leg) => new()
    {
        ["phone"] = leg.PhoneRtp,
        ["suite"] = leg.Suite,
        ["packets"] = leg.Packets,
        ["rtcpPackets"] = leg.RtcpPackets,
        ["dropped"] = leg.Dropped,
        ["streams"] = new JsonArray([.. leg.Streams.Select(stream => new JsonObject
        {
            ["ssrc"] = stream.Ssrc,
            ["packets"] = stream.Packets,
            ["lost"] = stream.Lost,
            ["lostInTakeover"] = stream.LostInTakeover,
            ["tenure"] = Stretch(stream.Whole),
            ["firstTenSeconds"] = Stretch(stream.First),
            ["now"] = Stretch(stream.Newest),
        })]),
        ["heard"] = Report(leg.Heard),
        ["heardFirst"] = Report(leg.HeardFirst),
    };

    private static JsonObject? Stretch(StretchReport? stretch) => stretch is null ? null : new JsonObject
    {
        ["packets"] = stretch.Packets,
        ["lost"] = stretch.Lost,
        ["longestGapMs"] = stretch.LongestGapMs,
        ["jitterMs"] = stretch.JitterMs,
        ["mos"] = stretch.Mos > 0 ? stretch.Mos : null,
    };

    private static JsonObject? Report(HeardReport? heard) => heard is null ? null : new JsonObject
    {
        ["ssrc"] = heard.Ssrc,
        ["lost"] = heard.Lost,
        ["lostFraction"] = heard.LostFraction,
        ["jitter"] = heard.Jitter,
        ["mos"] = heard.Mos > 0 ? heard.Mos : null,
    };

    private static string Tenure(CallReports reports) => Amounts.Span(TimeSpan.FromMilliseconds(Math.Min(reports.TenureMs, 1UL << 40)));

    private static string Number(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);

    private static string Tenths(double number) => number.ToString("0.0", CultureInfo.InvariantCulture);

    private static string Score(double mos) => mos > 0 ? mos.ToString("0.0", CultureInfo.InvariantCulture) : "-";
}
