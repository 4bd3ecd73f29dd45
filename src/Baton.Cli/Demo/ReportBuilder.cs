using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Report;
using Baton.Cli.Demo.Scenario;

namespace Baton.Cli.Demo;

/// <summary>Asks the instruments for all they have seen, stops them, and writes the report.</summary>
public sealed class ReportBuilder(DemoStage stage, DemoScenario scenario, DemoOptions options)
{
    public async Task WriteAsync(string folder, DateTimeOffset started, long startNs, CancellationToken cancellation)
    {
        TimeSpan patience = TimeSpan.FromSeconds(20);
        Cast cast = stage.Cast;
        JsonElement samples = await cast.Observer.AskAsync(
            new JsonObject { ["cmd"] = "samples", ["spi"] = string.Create(CultureInfo.InvariantCulture, $"0x{stage.Sas.CallToPeer:x8}"), ["direction"] = "toPeer" }, patience, cancellation).ConfigureAwait(false);
        JsonElement gaps = await cast.Probe.AskAsync(new JsonObject { ["cmd"] = "gaps", ["thresholdMs"] = 5 }, patience, cancellation).ConfigureAwait(false);
        long endNs = Stopwatch.GetTimestamp();
        await RateAsync(cast, endNs, cancellation).ConfigureAwait(false);
        JsonElement atPeer = await cast.PhoneAtPeer.StopAsync(cancellation).ConfigureAwait(false);
        JsonElement atCluster = await cast.PhoneAtCluster.StopAsync(cancellation).ConfigureAwait(false);
        DemoResult result = scenario.Result;

        var report = new DemoReport
        {
            Title = "A voice call outlives its gateway",
            StartedAt = started,
            StartNs = startNs,
            EndNs = endNs,
            Events = ReportParts.Events(result.Events),
            Samples = ReportParts.Samples(samples.GetProperty("samples"), scenario.Timeline),
            Limits = ReportParts.Limits(scenario.Timeline, endNs),
            Gaps = ReportParts.Gaps(gaps),
            Calls = [ReportParts.Call("the peer's phone", atPeer), ReportParts.Call("the cluster's phone", atCluster)],
            Promises = ReportParts.Promises(result),
            Totals =
            [
                ReportParts.Fact("ESP packets on the wire", result.WireObserved),
                ReportParts.Fact("numbers repeated", result.NumbersRepeated),
                ReportParts.Fact("replays injected", result.ReplaysInjected),
                ReportParts.Fact("replays refused", result.ReplaysRefused),
                ReportParts.Fact("delivered twice", result.DeliveredTwice),
                ReportParts.Fact("messages between members", (long)result.Sync.Messages),
                ReportParts.Fact("bytes of them", (long)result.Sync.Bytes),
                new("memory of the killed gateway", string.Create(CultureInfo.InvariantCulture, $"{result.MemoryOfKilledMiB:0} MiB")),
                ReportParts.Fact("takeovers that nobody asked for", result.FalseTakeovers),
            ],
            Environment =
            [
                new("further pairs of SAs", options.Sas.ToString(CultureInfo.InvariantCulture)),
                .. ReportParts.Machine(result, stage.Addresses),
                new("seed", options.Seed.ToString(CultureInfo.InvariantCulture)),
            ],
        };
        ReportWriter.Write(report, folder);
    }

    /// <summary>Asks both phones what the ear had around each event.</summary>
    private async Task RateAsync(Cast cast, long endNs, CancellationToken cancellation)
    {
        List<EventResult> events = scenario.Result.Events;
        JsonElement atPeer = await AskAsync(cast.PhoneAtPeer).ConfigureAwait(false), atCluster = await AskAsync(cast.PhoneAtCluster).ConfigureAwait(false);
        for (int i = 0; i < events.Count; i++)
            events[i] = events[i] with { QualityToPeer = EarQuality.Of(atPeer, i), QualityFromPeer = EarQuality.Of(atCluster, i) };

        Task<JsonElement> AskAsync(Instrument phone) =>
            phone.AskAsync(new JsonObject { ["cmd"] = "quality", ["stretches"] = EarQuality.Stretches(events, endNs) }, TimeSpan.FromSeconds(20), cancellation);
    }
}
