using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Scenario;
using Baton.Cli.Operators;
using Baton.Cluster.Protos;
using Baton.Linux;

namespace Baton.Cli.Demo.Calls;

/// <summary>The events themselves.</summary>
internal sealed partial class CallsScenario
{
    private Task KillAsync(string title, CancellationToken cancellation)
    {
        bool first = _result.MemoryOfKilledMiB == 0;
        return MeasureAsync("kill", title, takeover: true, async () =>
        {
            await CountAsync(_active, cancellation).ConfigureAwait(false);
            if (first) _result.MemoryOfKilledMiB = stage.Nodes[_active].ResidentMiB;
            await stage.Nodes.KillAsync(_active, cancellation).ConfigureAwait(false);
            await SwapAsync(cancellation).ConfigureAwait(false);
        }, cancellation);
    }

    private async Task RestartAsync(CancellationToken cancellation)
    {
        string dead = _standby;
        display.Say($"{dead} starts again");
        display.Doing($"{dead} starts again, is told every call, and becomes standby");

        // Roles cannot be learned while one is dead: the measurement begins with what is known.
        Heard start = await stage.ReadAsync("restart", cancellation).ConfigureAwait(false);
        long at = Now;
        await stage.StartMediaAsync(dead).ConfigureAwait(false);
        await _watch.UntilReadyAsync(_active, dead, Patience, cancellation).ConfigureAwait(false);
        Heard end = await stage.ReadAsync("restart-after", cancellation).ConfigureAwait(false);
        long over = Now;
        (int toPeer, int fromPeer) = await CheckAsync(end, cancellation).ConfigureAwait(false);
        Add(new EventResult
        {
            Kind = "restart",
            Title = $"{dead} starts again and becomes standby",
            AtNs = at,
            OverNs = over,
            CallLostToPeer = end.Since(start, "lostToPeer").Max(),
            CallLostFromPeer = end.Since(start, "lostFromPeer").Max(),
            ProbeLostToPeer = end.LostToPeer - start.LostToPeer,
            ProbeLostFromPeer = end.LostFromPeer - start.LostFromPeer,
            OutageToPeerMs = end.OutageToPeerMs,
            OutageFromPeerMs = end.OutageFromPeerMs,
            Sas = options.Calls,
            SasToPeer = toPeer,
            SasFromPeer = fromPeer,
            Note = $"ready after {Amount((over - at) / 1e9, "s")}",
        });
    }

    private Task SwitchoverAsync(CancellationToken cancellation) =>
        MeasureAsync("switchover", "planned switchover to the standby", takeover: true, async () =>
        {
            Answer<SwitchoverReply> answer = await _watch.SwitchoverAsync(_standby, cancellation).ConfigureAwait(false);
            if (answer.Value is not { Done: true }) throw new DemoException($"no switchover: {answer.Value?.Detail ?? answer.Error}");
            await SwapAsync(cancellation).ConfigureAwait(false);
            await HearLastAsync(_standby, cancellation).ConfigureAwait(false);
        }, cancellation);

    private Task PauseAsync(CancellationToken cancellation) =>
        MeasureAsync("pause", "SIGSTOP of the active for two seconds", takeover: true, async () =>
        {
            ChildProcess paused = stage.Nodes[_active];
            string name = _active;
            Task twoSeconds = Task.Delay(TimeSpan.FromSeconds(2), cancellation);
            paused.Signal(ProcessSignal.Stop);
            try
            {
                await SwapAsync(cancellation).ConfigureAwait(false);
                await twoSeconds.ConfigureAwait(false);
            }
            finally
            {
                paused.Signal(ProcessSignal.Continue);
            }

            display.Doing($"{name} runs again and must find itself deposed");
            await _watch.UntilGatewayAsync(name, $"{name} finds itself deposed", status => status.State == "standby" && status.Copy?.Term >= _term, Patience, cancellation).ConfigureAwait(false);
        }, cancellation);

    /// <summary>The controller dies and starts again: calls go on meanwhile, and it learns them from the media gateways (decision 31).</summary>
    private Task RestartControllerAsync(CancellationToken cancellation) =>
        MeasureAsync("controller-restart", "kill -9 of the controller, and its start; the calls go on", takeover: false, async () =>
        {
            await stage.Nodes.KillAsync("h", cancellation).ConfigureAwait(false);
            await Task.Delay(Calm, cancellation).ConfigureAwait(false);
            await stage.StartControllerAsync().ConfigureAwait(false);
            await stage.UntilTheControllerHasBothAsync(Patience, cancellation).ConfigureAwait(false);
            await _watch.UntilReadyAsync(Patience, cancellation).ConfigureAwait(false);
            _result.KnownAgain = await stage.Proxy.CountAsync(cancellation).ConfigureAwait(false);
        }, cancellation, () => string.Create(CultureInfo.InvariantCulture, $"it knows {_result.KnownAgain} of {options.Calls} calls again"));

    private Task StopAsync(CancellationToken cancellation) =>
        MeasureAsync("stop", "SIGTERM of the active: an orderly stop is a planned switchover", takeover: true, async () =>
        {
            await CountAsync(_active, cancellation).ConfigureAwait(false);
            string stopped = _active;
            ChildProcess process = stage.Nodes[stopped];
            stage.Nodes.Expect(process);
            process.Signal(ProcessSignal.Terminate);
            await SwapAsync(cancellation).ConfigureAwait(false);
            await HearLastAsync(stopped, cancellation).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellation).WaitAsync(TimeSpan.FromSeconds(20), cancellation).ConfigureAwait(false);
            if (process.ExitStatus != 0) throw new DemoException($"{stopped} ended with status {process.ExitStatus}: {process.LastWords()}");
        }, cancellation);

    /// <summary>An orderly end of a term: its owner says which number it never assigned, while it still hands packets over.</summary>
    private async Task HearLastAsync(string surrendered, CancellationToken cancellation) =>
        _lastOfSurrendered = (await _watch.OutboundAsync(surrendered, stage.FirstSsrc, cancellation).ConfigureAwait(false))?.Next - 1;

    /// <summary>Everything that was on the wire since the event before, and 60 ms or more before this takeover, goes over it once more: each packet must be refused as replayed.</summary>
    private async Task ReplayAsync(long takeover, CancellationToken cancellation)
    {
        const long guardNs = 60_000_000;
        display.Doing("every packet recorded before the takeover is sent again");
        long since = _result.Events.Count > 1 ? _result.Events[^2].OverNs : 0;
        (long phones, long gateway) before = await RefusedAsync(cancellation).ConfigureAwait(false);
        JsonElement sent = await stage.Phones.AskAsync(
            new JsonObject { ["cmd"] = "inject", ["fromNs"] = since, ["toNs"] = takeover - guardNs, ["pps"] = 8_000 }, TimeSpan.FromSeconds(60), cancellation).ConfigureAwait(false);
        (long phones, long gateway) injected = (sent.Count("injectedToPhones"), sent.Count("injectedToGateway")), refused = default;
        for (int look = 0; look < 100; look++)
        {
            (long phones, long gateway) now = await RefusedAsync(cancellation).ConfigureAwait(false);
            refused = (now.phones - before.phones, now.gateway - before.gateway);
            if (refused.phones + refused.gateway >= injected.phones + injected.gateway) break;
            await Task.Delay(50, cancellation).ConfigureAwait(false);
        }

        _result.EachRefusedItsReplays = refused == injected && (_result.EachRefusedItsReplays || _result.ReplaysInjected == 0);
        _result.ReplaysInjected += injected.phones + injected.gateway;
        _result.ReplaysRefused += refused.phones + refused.gateway;
        display.Say(string.Create(CultureInfo.InvariantCulture,
            $"  replays: {injected.phones:N0} to the SRTP phones, {injected.gateway:N0} to {_active}; refused as replayed: {refused.phones:N0} and {refused.gateway:N0}"),
            refused == injected ? "green" : "red");
    }

    private async Task<(long Phones, long Gateway)> RefusedAsync(CancellationToken cancellation)
    {
        NodeStatus active = await _watch.UntilAsync($"{_active} tells its counters", () => _watch.GatewayAsync(_active, cancellation), Patience, cancellation).ConfigureAwait(false);
        Heard heard = await stage.ReadAsync("replays", cancellation).ConfigureAwait(false);
        return (heard.Mark.Count("replaysRefused"), (long)Tally.Counter(active, "media.replayed"));
    }

    private async Task FinishAsync(CancellationToken cancellation)
    {
        await ConverseAsync(Calm, cancellation).ConfigureAwait(false);
        display.Doing("a repeat is planted; the phone must find it");
        long before = (await stage.ReadAsync("plant", cancellation).ConfigureAwait(false)).Mark.Count("repeats");
        await stage.Phones.AskAsync(new JsonObject { ["cmd"] = "plant" }, TimeSpan.FromSeconds(5), cancellation).ConfigureAwait(false);
        JsonElement mark = (await stage.ReadAsync("end", cancellation).ConfigureAwait(false)).Mark;
        _result.PlantedRepeatFound = mark.Count("repeats") == before + 1;
        _result.NumbersRepeated = mark.Count("repeats") - (_result.PlantedRepeatFound ? 1 : 0);
        _result.Wrong = mark.Count("wrong");
        _result.DeliveredTwice = mark.Count("deliveredTwice");
        _result.WireObserved = mark.Count("onTheWire");
        await CountAsync(_active, cancellation).ConfigureAwait(false);
        await RateAsync(cancellation).ConfigureAwait(false);

        display.Doing("the proxy deletes every call");
        await stage.HangUpAsync(cancellation).ConfigureAwait(false);
        for (int look = 0; look < 100 && _result.LeftOver != 0; look++)
        {
            if (await _watch.GatewayAsync(_active, cancellation).ConfigureAwait(false) is { } status)
                _result.LeftOver = status.SaCount + (long)Tally.Counter(status, "media.calls") + (long)Tally.Counter(status, "media.ports");
            if (_result.LeftOver != 0) await Task.Delay(50, cancellation).ConfigureAwait(false);
        }

        _result.Sync = _tally.Sum;
    }

    /// <summary>Asks what both ears of each call had around each event.</summary>
    private async Task RateAsync(CancellationToken cancellation)
    {
        List<EventResult> events = _result.Events;
        JsonElement answer = await stage.Phones.AskAsync(
            new JsonObject { ["cmd"] = "quality", ["stretches"] = EarQuality.Stretches(events, Now) }, TimeSpan.FromSeconds(20), cancellation).ConfigureAwait(false);
        for (int i = 0; i < events.Count; i++)
        {
            CallQuality[] calls = [.. answer.GetProperty("calls").EnumerateArray().Select(call => CallQuality.Of(call, i))];
            _result.Qualities.Add(calls);
            events[i] = events[i] with { QualityToPeer = calls[0].ToPeer, QualityFromPeer = calls[0].FromPeer };
        }
    }
}
