using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Cli.Operators;
using Baton.Cluster.Protos;
using Baton.Linux;

namespace Baton.Cli.Demo.Scenario;

/// <summary>The events themselves.</summary>
public sealed partial class DemoScenario
{
    private async Task KillAsync(string title, CancellationToken cancellation)
    {
        bool first = _result.MemoryOfKilledMiB == 0;
        await MeasureAsync("kill", title, takeover: true, async _ =>
        {
            await CountAsync(_active, cancellation).ConfigureAwait(false);
            if (first) _result.MemoryOfKilledMiB = _cast[_active].ResidentMiB;
            await _cast.KillAsync(_active, cancellation).ConfigureAwait(false);
            await SwapAsync(cancellation).ConfigureAwait(false);
        }, cancellation).ConfigureAwait(false);
    }

    /// <summary>Everything that was on the wire before the kill, and delivered, goes over it once more: each packet must be refused as replayed. (What went before
    /// a takeover that nobody asked for may have been lost by it, and would then be fresh: such a run begins after it.)</summary>
    private async Task ReplayAsync(CancellationToken cancellation)
    {
        string mark = $"kill-{_result.Events.Count - 1}";
        display.Doing("every ESP packet recorded before the kill is sent again");
        (ulong peer, ulong active) before = await ReplayedAsync(cancellation).ConfigureAwait(false);
        JsonElement sent = await _cast.Observer.AskAsync(
            new JsonObject { ["cmd"] = "inject", ["after"] = _calmSince, ["before"] = mark, ["guardMs"] = 60, ["pps"] = 10_000 }, TimeSpan.FromSeconds(60), cancellation).ConfigureAwait(false);
        long toPeer = sent.Count("injectedToPeer");
        long toCluster = sent.Count("injectedToCluster");
        _result.ReplaysInjected = toPeer + toCluster;

        (long Peer, long Active) refused = default;
        for (int look = 0; look < 100; look++)
        {
            (ulong peer, ulong active) now = await ReplayedAsync(cancellation).ConfigureAwait(false);
            refused = ((long)(now.peer - before.peer), (long)(now.active - before.active));
            if (refused.Peer + refused.Active >= _result.ReplaysInjected) break;
            await Task.Delay(50, cancellation).ConfigureAwait(false);
        }

        _result.ReplaysRefused = refused.Peer + refused.Active;
        _result.EachRefusedItsReplays = refused == (toPeer, toCluster);
        display.Say(string.Create(CultureInfo.InvariantCulture,
            $"  replays: {toPeer:N0} to the peer, {toCluster:N0} to {_active}; refused as replayed: {refused.Peer:N0} and {refused.Active:N0}"),
            _result.EachRefusedItsReplays ? "green" : "red");
    }

    private async Task<(ulong Peer, ulong Active)> ReplayedAsync(CancellationToken cancellation)
    {
        NodeStatus peer = await _watch.UntilAsync("the peer tells its counters", () => _watch.PeerAsync(cancellation), Patience, cancellation).ConfigureAwait(false);
        NodeStatus active = await _watch.UntilAsync($"{_active} tells its counters", () => _watch.GatewayAsync(_active, cancellation), Patience, cancellation).ConfigureAwait(false);
        return (Tally.Replayed(peer), Tally.Replayed(active));
    }

    private async Task RestartAsync(CancellationToken cancellation)
    {
        string dead = _standby;
        display.Say($"{dead} starts again");
        display.Doing($"{dead} starts again and becomes standby");

        // Roles cannot be learned while one is dead: the measurement begins with what is known.
        string mark = $"restart-{_result.Events.Count}";
        Reading start = await ReadAsync(mark, cancellation).ConfigureAwait(false);
        long at = Now;
        await _cast.StartGatewayAsync(dead).ConfigureAwait(false);
        await _watch.UntilReadyAsync(_active, dead, Patience, cancellation).ConfigureAwait(false);
        Reading end = await ReadAsync($"{mark}-after", cancellation).ConfigureAwait(false);
        long over = Now;
        JsonElement check = await CheckAsync(cancellation).ConfigureAwait(false);
        Add(new EventResult
        {
            Kind = "restart",
            Title = $"{dead} starts again and becomes standby",
            AtNs = at,
            OverNs = over,
            CallLostToPeer = end.CallLostToPeer - start.CallLostToPeer,
            CallLostFromPeer = end.CallLostFromPeer - start.CallLostFromPeer,
            ProbeLostToPeer = end.ProbeLostToPeer - start.ProbeLostToPeer,
            ProbeLostFromPeer = end.ProbeLostFromPeer - start.ProbeLostFromPeer,
            OutageToPeerMs = end.OutageToPeerMs,
            OutageFromPeerMs = end.OutageFromPeerMs,
            Sas = options.Sas,
            SasToPeer = (int)check.Count("okToPeer"),
            SasFromPeer = (int)check.Count("okFromPeer"),
            Note = string.Create(CultureInfo.InvariantCulture, $"ready after {(Now - at) / 1e9:0.0} s"),
        });
    }

    private Task SwitchoverAsync(CancellationToken cancellation) =>
        MeasureAsync("switchover", $"planned switchover to {_standby}", takeover: true, async _ =>
        {
            Answer<SwitchoverReply> answer = await _watch.SwitchoverAsync(_standby, cancellation).ConfigureAwait(false);
            if (answer.Value is not { Done: true }) throw new DemoException($"no switchover: {answer.Value?.Detail ?? answer.Error}");
            await SwapAsync(cancellation).ConfigureAwait(false);
            await HearLastAsync(_standby, cancellation).ConfigureAwait(false);
        }, cancellation);

    private async Task PauseAsync(CancellationToken cancellation)
    {
        string paused = _active;
        await MeasureAsync("pause", $"SIGSTOP of {paused}, the active, for two seconds", takeover: true, async _ =>
        {
            paused = _active;
            Task twoSeconds = Task.Delay(TimeSpan.FromSeconds(2), cancellation);
            Signal(paused, ProcessSignal.Stop);
            try
            {
                await SwapAsync(cancellation).ConfigureAwait(false);
                await twoSeconds.ConfigureAwait(false);
            }
            finally
            {
                Signal(paused, ProcessSignal.Continue);
            }

            display.Doing($"{paused} runs again and must find itself deposed");
            await _watch.UntilGatewayAsync(paused, $"{paused} finds itself deposed", status => status.State == "standby" && status.Copy?.Term >= _term, Patience, cancellation).ConfigureAwait(false);
        }, cancellation).ConfigureAwait(false);
    }

    private Task HandlerKillAsync(CancellationToken cancellation) =>
        MeasureAsync("handler-kill", "kill -9 of the handler; the call goes on", takeover: false, async _ =>
        {
            await _cast.KillAsync("h", cancellation).ConfigureAwait(false);
            await Task.Delay(Calm, cancellation).ConfigureAwait(false);
        }, cancellation);

    private async Task KillWithoutHandlerAsync(CancellationToken cancellation)
    {
        long began = 0;
        double alone = 0;
        await MeasureAsync("kill-without-handler", $"kill -9 of {_active} while there is no handler: {_standby} acts alone", takeover: true, async _ =>
        {
            // A wrong suspicion while there is no handler costs most: who acts alone receives nothing until it is back (G7).
            if (await _watch.GatewayAsync(_standby, cancellation).ConfigureAwait(false) is { State: "alone" or "active" } early) CountFalseTakeover(_standby, early.Term);
            await CountAsync(_active, cancellation).ConfigureAwait(false);
            await _cast.KillAsync(_active, cancellation).ConfigureAwait(false);
            began = Now;
            (_active, _standby) = (_standby, _active);
            NodeStatus status = await _watch.UntilGatewayAsync(_active, $"{_active} acts alone", one => one.State is "alone" or "active" && one.Term > _term, Patience, cancellation).ConfigureAwait(false);
            alone = (Now - began) / 1e6;
            _term = status.Term;
            await Task.Delay(TimeSpan.FromSeconds(options.Fast ? 1 : 2), cancellation).ConfigureAwait(false);
            display.Doing("the handler starts again from its file and adopts the term");
            await _cast.StartHandlerAsync().ConfigureAwait(false);
            await _watch.UntilHandlerAsync("the handler adopts the term", one => one.Record?.Holder?.Member == _active && one.Record.Term >= _term, Patience, cancellation).ConfigureAwait(false);
            await _watch.UntilGatewayAsync(_active, $"{_active} receives again", one => one.State == "active", Patience, cancellation).ConfigureAwait(false);
        }, cancellation, () => string.Create(CultureInfo.InvariantCulture, $"it acted after {alone:0} ms, received again with the handler; the term was adopted")).ConfigureAwait(false);
    }

    private async Task StopAsync(CancellationToken cancellation)
    {
        await MeasureAsync("stop", $"SIGTERM of the active: an orderly stop is a planned switchover", takeover: true, async _ =>
        {
            await CountAsync(_active, cancellation).ConfigureAwait(false);
            string stopped = _active;
            _cast.Expect(_cast[stopped]);
            Signal(stopped, ProcessSignal.Terminate);
            await SwapAsync(cancellation).ConfigureAwait(false);
            await HearLastAsync(stopped, cancellation).ConfigureAwait(false);
            await _cast[stopped].WaitForExitAsync(cancellation).WaitAsync(TimeSpan.FromSeconds(20), cancellation).ConfigureAwait(false);
            if (_cast[stopped].ExitStatus != 0) throw new DemoException($"{stopped} ended with status {_cast[stopped].ExitStatus}: {_cast[stopped].LastWords()}");
        }, cancellation).ConfigureAwait(false);
    }

    /// <summary>An orderly end of a term: its owner says which number of the call's SA it never assigned, while it still hands packets over.</summary>
    private async Task HearLastAsync(string surrendered, CancellationToken cancellation) =>
        _lastOfSurrendered = (await _watch.OutboundAsync(surrendered, _keys.CallToPeer, cancellation).ConfigureAwait(false))?.Next - 1;

    private Task<JsonElement> CheckAsync(CancellationToken cancellation) => _cast.Probe.AskAsync(
        new JsonObject { ["cmd"] = "check", ["timeout"] = 3000 + options.Sas }, TimeSpan.FromSeconds(20 + (options.Sas / 200)), cancellation);

    private void Add(EventResult result)
    {
        _result.Events.Add(result);
        display.Event(result);
    }
}
