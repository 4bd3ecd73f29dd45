using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
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
            Events = [.. result.Events.Select(one => new ReportEvent(
                one.Kind, one.Title, one.AtNs, one.CallLostToPeer, one.CallLostFromPeer, one.OutageToPeerMs, one.OutageFromPeerMs, one.LimitBefore, one.FirstAfter, null, one.Note)
                { Qualities = [.. new[] { one.QualityToPeer, one.QualityFromPeer }.OfType<EarQuality>()] })],
            Samples = [.. samples.GetProperty("samples").EnumerateArray().Select(pair => Sample(pair[0].GetInt64(), pair[1].GetUInt64()))],
            Limits = [.. scenario.Timeline.Stretches.Where(stretch => stretch.Limit is not null)
                .Select(stretch => new LeaseLimit(stretch.StartNs, Math.Min(stretch.EndNs, endNs), stretch.Limit!.Value, Letter(stretch.Member), stretch.Term))],
            Gaps = [.. Gaps(gaps, "toPeer"), .. Gaps(gaps, "fromPeer")],
            Calls = [Call("the peer's phone", atPeer), Call("the cluster's phone", atCluster)],
            Promises = [.. result.Promises.Select(promise => new ReportPromise(promise.Text, promise.Held))],
            Totals =
            [
                Fact("ESP packets on the wire", result.WireObserved),
                Fact("numbers repeated", result.NumbersRepeated),
                Fact("replays injected", result.ReplaysInjected),
                Fact("replays refused", result.ReplaysRefused),
                Fact("delivered twice", result.DeliveredTwice),
                Fact("messages between members", (long)result.Sync.Messages),
                Fact("bytes of them", (long)result.Sync.Bytes),
                new("memory of the killed gateway", string.Create(CultureInfo.InvariantCulture, $"{result.MemoryOfKilledMiB:0} MiB")),
                Fact("takeovers that nobody asked for", result.FalseTakeovers),
            ],
            Environment =
            [
                new("further pairs of SAs", options.Sas.ToString(CultureInfo.InvariantCulture)),
                new("real-time priority", result.RealTime ? "yes" : "no"),
                new("processors", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
                new("system", RuntimeInformation.OSDescription),
                new("runtime", RuntimeInformation.FrameworkDescription),
                new("addresses", stage.Addresses),
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

    private SequenceSample Sample(long ns, ulong number) => new(ns, number, Letter(scenario.Timeline.MemberAt(ns)));

    private static IEnumerable<ProbeGap> Gaps(JsonElement gaps, string direction) =>
        gaps.GetProperty(direction).EnumerateArray().Select(pair => new ProbeGap(pair[0].GetInt64(), pair[1].GetDouble(), direction));

    private static CallRecording Call(string name, JsonElement last) =>
        new(name, last.GetProperty("record").GetString()!, last.GetProperty("recordStartNs").GetInt64());

    private static string Letter(string member) => member.ToUpperInvariant();

    private static ReportFact Fact(string name, long value) => new(name, value.ToString("N0", CultureInfo.InvariantCulture));
}
