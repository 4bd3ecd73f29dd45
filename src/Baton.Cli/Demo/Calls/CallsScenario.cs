using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Cli.Demo.Scenario;
using Baton.Cli.Demo.Watching;
using Baton.Cluster.Protos;

namespace Baton.Cli.Demo.Calls;

/// <summary>Calls outlive their media gateways, event by event. Every step waits for a state of the cluster and measures at the phones.</summary>
internal sealed partial class CallsScenario(CallsStage stage, DemoDisplay display, DemoOptions options)
{
    private readonly ClusterWatch _watch = stage.Watch;
    private readonly CallsResult _result = new(options.Calls);
    private readonly Tally _tally = new();
    private string _active = "a";
    private string _standby = "b";
    private ulong _term;
    private ulong? _lastOfSurrendered;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private TimeSpan Calm => TimeSpan.FromMilliseconds(options.Fast ? 500 : 1800);

    /// <summary>Who sealed the first call's reports when, for the picture of the lanes.</summary>
    public Timeline Timeline { get; } = new();

    public CallsResult Result => _result;

    public async Task RunAsync(string report, CancellationToken cancellation)
    {
        display.Doing("the controller and two media gateways start");
        await stage.FormAsync(Patience, cancellation).ConfigureAwait(false);
        await stage.CallAsync(report, cancellation).ConfigureAwait(false);
        await LearnRolesAsync(cancellation).ConfigureAwait(false);
        _result.IkeInSetUp = await stage.AskedAsync(cancellation).ConfigureAwait(false);
        await AnnounceAsync(cancellation).ConfigureAwait(false);
        await ConverseAsync(TimeSpan.FromSeconds(options.Fast ? 1.2 : 5), cancellation).ConfigureAwait(false);

        await KillAsync("kill -9 of the active media gateway while the calls run", cancellation).ConfigureAwait(false);
        await RestartAsync(cancellation).ConfigureAwait(false);
        await SwitchoverAsync(cancellation).ConfigureAwait(false);
        await PauseAsync(cancellation).ConfigureAwait(false);
        await RestartControllerAsync(cancellation).ConfigureAwait(false);
        await KillAsync("kill -9 of the active once more", cancellation).ConfigureAwait(false);
        await RestartAsync(cancellation).ConfigureAwait(false);
        await StopAsync(cancellation).ConfigureAwait(false);
        await FinishAsync(cancellation).ConfigureAwait(false);
    }

    private static long Now => Stopwatch.GetTimestamp() * (1_000_000_000L / Stopwatch.Frequency);

    private async Task ConverseAsync(TimeSpan time, CancellationToken cancellation)
    {
        display.Doing("the calls go on");
        await Task.Delay(time, cancellation).ConfigureAwait(false);
    }

    /// <summary>Nobody prescribes who is active: a takeover that nobody asked for must not break the run, only be counted.</summary>
    private async Task LearnRolesAsync(CancellationToken cancellation)
    {
        ClusterStatus status = await _watch.UntilReadyAsync(Patience, cancellation).ConfigureAwait(false);
        string before = _active;
        (_active, _standby) = (status.Record.Holder.Member, status.Record.Designee.Member);
        if (before != _active)
        {
            _result.FalseTakeovers++;
            display.Say($"  a takeover that nobody asked for: {_active} is active in term {status.Record.Term}", "yellow");
        }

        _term = status.Record.Term;
        if (Timeline.IsEmpty) Timeline.Begin(_active, _term, Now);
    }

    private async Task AnnounceAsync(CancellationToken cancellation)
    {
        NodeStatus? status = await _watch.GatewayAsync(_active, cancellation).ConfigureAwait(false);
        _result.RealTime = status?.RealTime ?? false;
        display.Say($"the calls run: {options.Calls}, each plain on one side and SRTP on the other; {_active} is active in term {_term}, {_standby} is ready");
        if (!_result.RealTime) display.Say("  without root there is no real-time priority: takeovers that nobody asked for are counted", "yellow");
    }

    /// <summary>One event: reads before and after, checks every call, finds the number with which the successor began, and after a takeover sends what was recorded before it once more.</summary>
    private async Task MeasureAsync(string kind, string title, bool takeover, Func<Task> act, CancellationToken cancellation, Func<string?>? note = null)
    {
        do
        {
            await LearnRolesAsync(cancellation).ConfigureAwait(false);
            await ConverseAsync(Calm, cancellation).ConfigureAwait(false);
        }
        while (kind == "kill" && (await _watch.HandlerAsync(cancellation).ConfigureAwait(false))?.Record.Term != _term);

        display.Say(title);
        display.Doing(title);
        ulong term = _term;
        Records? before = Ledger();
        long asked = await stage.AskedAsync(cancellation).ConfigureAwait(false);
        Heard start = await stage.ReadAsync($"{kind}-before", cancellation).ConfigureAwait(false);
        if (_result.Events.Count == 0) _result.RolledOver = start.Calls.Count(call => call.Count("rollovers") > 0);
        _lastOfSurrendered = null;
        long at = Now;
        await act().ConfigureAwait(false);

        // What was under way has arrived by then, and a gap that is still open has shown its length.
        await Task.Delay(TimeSpan.FromMilliseconds(600), cancellation).ConfigureAwait(false);
        Heard end = await stage.ReadAsync($"{kind}-after", cancellation).ConfigureAwait(false);
        long over = Now;
        long? askedDuring = kind is "restart" or "controller-restart" ? null : await stage.AskedAsync(cancellation).ConfigureAwait(false) - asked;
        ulong? limit = null, first = null;
        if (takeover)
        {
            // Who surrenders says the first number that it never used: nothing need be left out then, and its limit is not the successor's.
            limit = kind is "switchover" or "stop" ? _lastOfSurrendered : Ledger()?.LastOf(term) ?? before?.LastOf(term);
            if (limit is not null) first = await FirstAfterAsync(at, limit, term, cancellation).ConfigureAwait(false);
        }

        (int toPeer, int fromPeer) = await CheckAsync(end, cancellation).ConfigureAwait(false);
        Add(new EventResult
        {
            Kind = kind,
            Title = title,
            AtNs = at,
            OverNs = over,
            CallLostToPeer = end.Since(start, "lostToPeer").Max(),
            CallLostFromPeer = end.Since(start, "lostFromPeer").Max(),
            ProbeLostToPeer = end.LostToPeer - start.LostToPeer,
            ProbeLostFromPeer = end.LostFromPeer - start.LostFromPeer,
            OutageToPeerMs = end.OutageToPeerMs,
            OutageFromPeerMs = end.OutageFromPeerMs,
            LimitBefore = limit,
            FirstAfter = first,
            IkeMessages = askedDuring,
            Sas = options.Calls,
            SasToPeer = toPeer,
            SasFromPeer = fromPeer,
            Note = note?.Invoke(),
        });
        if (takeover) await ReplayAsync(at, cancellation).ConfigureAwait(false);
    }

    /// <summary>By which number the active seals reports of the first call to its SRTP phone: leased, and in each packet (RFC 3711 3.4).</summary>
    private Records? Ledger() => LedgerReader.Read(stage.Ledger, record => record.Direction == SaDirection.Outbound && record.Spi == stage.FirstSsrc);

    /// <summary>The first report that the SRTP phone heard of the successor. Where none comes above the limit: the last one it heard, which breaks a promise.</summary>
    private async Task<ulong?> FirstAfterAsync(long at, ulong? limit, ulong term, CancellationToken cancellation)
    {
        for (int look = 0; ; look++)
        {
            JsonElement answer = await stage.Phones.AskAsync(new JsonObject { ["cmd"] = "reports", ["call"] = CallsStage.Id(0) }, TimeSpan.FromSeconds(5), cancellation).ConfigureAwait(false);
            (long AtNs, ulong Number)[] heard = [.. answer.GetProperty("samples").EnumerateArray().Select(pair => (pair[0].GetInt64(), pair[1].GetUInt64())).Where(one => one.Item1 > at)];
            foreach ((long atNs, ulong number) in heard)
            {
                if (number <= (limit ?? 0)) continue;
                Timeline.Takeover(limit ?? 0, _active, _term, atNs, term);
                return number;
            }

            if (look == 60) return heard.Length == 0 ? null : heard[^1].Number;
            await Task.Delay(50, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>How many calls pass a packet each way from now on.</summary>
    private async Task<(int ToPeer, int FromPeer)> CheckAsync(Heard since, CancellationToken cancellation)
    {
        for (int look = 0; ; look++)
        {
            Heard now = await stage.ReadAsync("check", cancellation).ConfigureAwait(false);
            (int toPeer, int fromPeer) = (now.Since(since, "heardToPeer").Count(one => one > 0), now.Since(since, "heardFromPeer").Count(one => one > 0));
            if ((toPeer == options.Calls && fromPeer == options.Calls) || look == 100) return (toPeer, fromPeer);
            await Task.Delay(30, cancellation).ConfigureAwait(false);
        }
    }

    private void Add(EventResult result)
    {
        _result.Events.Add(result);
        display.Event(result, _result.Passing);
    }

    private async Task SwapAsync(CancellationToken cancellation)
    {
        (_active, _standby) = (_standby, _active);
        ClusterStatus status = await _watch.UntilHandlerAsync($"{_active} holds the next term", one => one.Record?.Holder?.Member == _active && one.Record.Term > _term, Patience, cancellation).ConfigureAwait(false);
        _term = status.Record.Term;
    }

    private async Task CountAsync(string member, CancellationToken cancellation)
    {
        if (!stage.Nodes[member].HasExited && await _watch.GatewayAsync(member, cancellation).ConfigureAwait(false) is { } status) _tally.Note(status);
    }

    private static string Amount(double value, string unit) => string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {unit}");
}
