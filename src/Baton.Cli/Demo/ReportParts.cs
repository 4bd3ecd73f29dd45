using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Baton.Cli.Demo.Report;
using Baton.Cli.Demo.Scenario;

namespace Baton.Cli.Demo;

/// <summary>What every profile's report says alike: of the instruments' answers and of a result.</summary>
internal static class ReportParts
{
    public static IReadOnlyList<ReportEvent> Events(IEnumerable<EventResult> events) => [.. events.Select(one => new ReportEvent(
        one.Kind, one.Title, one.AtNs, one.CallLostToPeer, one.CallLostFromPeer, one.OutageToPeerMs, one.OutageFromPeerMs, one.LimitBefore, one.FirstAfter, null, one.Note)
        { Qualities = [.. new[] { one.QualityToPeer, one.QualityFromPeer }.OfType<EarQuality>()] })];

    /// <param name="samples">Pairs of time and number.</param>
    /// <param name="timeline">Whose they are.</param>
    public static IReadOnlyList<SequenceSample> Samples(JsonElement samples, Timeline timeline) =>
        [.. samples.EnumerateArray().Select(pair => (Ns: pair[0].GetInt64(), Number: pair[1].GetUInt64())).Select(at => new SequenceSample(at.Ns, at.Number, Letter(timeline.MemberAt(at.Ns))))];

    public static IReadOnlyList<LeaseLimit> Limits(Timeline timeline, long endNs) => [.. timeline.Stretches.Where(stretch => stretch.Limit is not null)
        .Select(stretch => new LeaseLimit(stretch.StartNs, Math.Min(stretch.EndNs, endNs), stretch.Limit!.Value, Letter(stretch.Member), stretch.Term))];

    /// <summary>Of both directions.</summary>
    public static IReadOnlyList<ProbeGap> Gaps(JsonElement gaps) => [.. Gaps(gaps, "toPeer"), .. Gaps(gaps, "fromPeer")];

    public static CallRecording Call(string name, JsonElement record) => new(name, record.GetProperty("record").GetString()!, record.GetProperty("recordStartNs").GetInt64());

    public static IReadOnlyList<ReportPromise> Promises(DemoResult result) => [.. result.Promises.Select(promise => new ReportPromise(promise.Text, promise.Held))];

    public static ReportFact Fact(string name, long value) => new(name, value.ToString("N0", CultureInfo.InvariantCulture));

    /// <summary>Of this machine, and what it granted.</summary>
    public static IReadOnlyList<ReportFact> Machine(DemoResult result, string addresses) =>
    [
        new("real-time priority", result.RealTime ? "yes" : "no"),
        new("processors", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
        new("system", RuntimeInformation.OSDescription),
        new("runtime", RuntimeInformation.FrameworkDescription),
        new("addresses", addresses),
    ];

    private static IEnumerable<ProbeGap> Gaps(JsonElement gaps, string direction) =>
        gaps.GetProperty(direction).EnumerateArray().Select(pair => new ProbeGap(pair[0].GetInt64(), pair[1].GetDouble(), direction));

    private static string Letter(string member) => member.ToUpperInvariant();
}
