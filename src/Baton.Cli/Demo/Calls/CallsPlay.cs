using System.Diagnostics;
using System.Globalization;
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
            Events = ReportParts.Events(result.Events),
            Samples = ReportParts.Samples(reports.GetProperty("samples"), _scenario.Timeline),
            Limits = ReportParts.Limits(_scenario.Timeline, endNs),
            Gaps = ReportParts.Gaps(gaps),
            Calls = [ReportParts.Call("the SRTP phone", records.GetProperty("secure")), ReportParts.Call("the plain phone", records.GetProperty("plain"))],
            Promises = ReportParts.Promises(result),
            Totals =
            [
                ReportParts.Fact("packets at the phones", result.WireObserved),
                ReportParts.Fact("replays injected", result.ReplaysInjected),
                ReportParts.Fact("replays refused", result.ReplaysRefused),
                ReportParts.Fact("calls whose ROC was above 0", result.RolledOver),
                ReportParts.Fact("messages between members", (long)result.Sync.Messages),
                ReportParts.Fact("bytes of them", (long)result.Sync.Bytes),
                new("memory of the killed media gateway", string.Create(CultureInfo.InvariantCulture, $"{result.MemoryOfKilledMiB:0} MiB")),
                ReportParts.Fact("takeovers that nobody asked for", result.FalseTakeovers),
                .. result.Notes.Select((note, i) => new ReportFact(string.Create(CultureInfo.InvariantCulture, $"each call, {i + 1}"), note)),
            ],
            Environment =
            [
                new("calls", _options.Calls.ToString(CultureInfo.InvariantCulture)),
                .. ReportParts.Machine(result, _stage.Addresses),
            ],
        }, folder);
    }

    public void Dispose() => _stage.Dispose();

    private Task<JsonElement> AskAsync(JsonObject command, CancellationToken cancellation) => _stage.Phones.AskAsync(command, TimeSpan.FromSeconds(20), cancellation);
}
