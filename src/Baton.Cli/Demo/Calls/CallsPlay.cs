using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Cli.Demo.Report;
using Baton.Cli.Demo.Scenario;
using Baton.Cli.Demo.Setup;

namespace Baton.Cli.Demo.Calls;

/// <summary>Media gateways and their controller (<c>--profile controller</c>).</summary>
internal sealed class CallsPlay : IDemoPlay
{
    private readonly CallsStage _stage;
    private readonly CallsScenario _scenario;
    private readonly DemoOptions _options;

    public CallsPlay(RunFolder folder, DemoDisplay display, DemoOptions options)
    {
        _stage = new CallsStage(folder, options);
        (_scenario, _options) = (new CallsScenario(_stage, display, options), options);
    }

    public string Addresses => _stage.Addresses;

    public DemoResult Result => _scenario.Result;

    public Task RunAsync(string report, CancellationToken cancellation) => _scenario.RunAsync(report, cancellation);

    public Task GuardAsync(CancellationToken cancellation) => _stage.Nodes.GuardAsync(cancellation);

    public Task WriteStatesAsync(string folder) => _stage.Watch.WriteStatesAsync(folder);

    public async Task WriteReportAsync(string folder, DateTimeOffset started, long startNs, CancellationToken cancellation)
    {
        JsonElement reports = await AskAsync(new JsonObject { ["cmd"] = "reports", ["call"] = CallsStage.Id(0) }, cancellation).ConfigureAwait(false);
        JsonElement gaps = await AskAsync(new JsonObject { ["cmd"] = "gaps" }, cancellation).ConfigureAwait(false);
        long endNs = Stopwatch.GetTimestamp();
        JsonElement records = (await _stage.Phones.StopAsync(cancellation).ConfigureAwait(false)).GetProperty("records");
        CallsResult result = _scenario.Result;
        ReportWriter.Write(new DemoReport
        {
            Title = "Calls outlive their media gateway",
            StartedAt = started,
            StartNs = startNs,
            EndNs = endNs,
            Events = [.. result.Events.Select(one => new ReportEvent(
                one.Kind, one.Title, one.AtNs, one.CallLostToPeer, one.CallLostFromPeer, one.OutageToPeerMs, one.OutageFromPeerMs, one.LimitBefore, one.FirstAfter, null, one.Note)
                { Qualities = [.. new[] { one.QualityToPeer, one.QualityFromPeer }.OfType<EarQuality>()] })],
            Samples = [.. reports.GetProperty("samples").EnumerateArray().Select(pair => Sample(pair[0].GetInt64(), pair[1].GetUInt64()))],
            Limits = [.. _scenario.Timeline.Stretches.Where(stretch => stretch.Limit is not null)
                .Select(stretch => new LeaseLimit(stretch.StartNs, Math.Min(stretch.EndNs, endNs), stretch.Limit!.Value, Letter(stretch.Member), stretch.Term))],
            Gaps = [.. Gaps(gaps, "toPeer"), .. Gaps(gaps, "fromPeer")],
            Calls = [Call("the SRTP phone", records.GetProperty("secure")), Call("the plain phone", records.GetProperty("plain"))],
            Promises = [.. result.Promises.Select(promise => new ReportPromise(promise.Text, promise.Held))],
            Totals =
            [
                Fact("packets at the phones", result.WireObserved),
                Fact("replays injected", result.ReplaysInjected),
                Fact("replays refused", result.ReplaysRefused),
                Fact("calls whose ROC was above 0", result.RolledOver),
                Fact("messages between members", (long)result.Sync.Messages),
                Fact("bytes of them", (long)result.Sync.Bytes),
                new("memory of the killed media gateway", string.Create(CultureInfo.InvariantCulture, $"{result.MemoryOfKilledMiB:0} MiB")),
                Fact("takeovers that nobody asked for", result.FalseTakeovers),
                .. result.Notes.Select((note, i) => new ReportFact(string.Create(CultureInfo.InvariantCulture, $"each call, {i + 1}"), note)),
            ],
            Environment =
            [
                new("calls", _options.Calls.ToString(CultureInfo.InvariantCulture)),
                new("real-time priority", result.RealTime ? "yes" : "no"),
                new("processors", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
                new("system", RuntimeInformation.OSDescription),
                new("runtime", RuntimeInformation.FrameworkDescription),
                new("addresses", _stage.Addresses),
            ],
        }, folder);
    }

    public void Dispose() => _stage.Dispose();

    private Task<JsonElement> AskAsync(JsonObject command, CancellationToken cancellation) => _stage.Phones.AskAsync(command, TimeSpan.FromSeconds(20), cancellation);

    private SequenceSample Sample(long ns, ulong number) => new(ns, number, Letter(_scenario.Timeline.MemberAt(ns)));

    private static IEnumerable<ProbeGap> Gaps(JsonElement gaps, string direction) =>
        gaps.GetProperty(direction).EnumerateArray().Select(pair => new ProbeGap(pair[0].GetInt64(), pair[1].GetDouble(), direction));

    private static CallRecording Call(string name, JsonElement record) => new(name, record.GetProperty("record").GetString()!, record.GetProperty("recordStartNs").GetInt64());

    private static string Letter(string member) => member.ToUpperInvariant();

    private static ReportFact Fact(string name, long value) => new(name, value.ToString("N0", CultureInfo.InvariantCulture));
}
