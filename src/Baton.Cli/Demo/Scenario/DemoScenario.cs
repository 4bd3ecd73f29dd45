using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Demo.Watching;
using Baton.Cluster.Protos;
using Baton.Linux;

namespace Baton.Cli.Demo.Scenario;

/// <summary>The main job, event by event. Every step waits for a state of the cluster and measures at the phones and the probe.</summary>
public sealed partial class DemoScenario(DemoStage stage, DemoDisplay display, DemoOptions options)
{
    private readonly Cast _cast = stage.Cast;
    private readonly ClusterWatch _watch = stage.Watch;
    private readonly IDemoSas _keys = stage.Sas;
    private readonly RunFolder _folder = stage.Folder;
    private readonly DemoResult _result = new(options.Sas);
    private readonly Tally _tally = new();
    private string _active = "a";                       // it starts first, and alone
    private string _standby = "b";
    private ulong _term;
    private ulong? _lastOfSurrendered;

    /// <summary>The observer's mark since when <see cref="_term"/> has held: no packet was lost by a takeover after it.</summary>
    private string _calmSince = "";
    private ulong _calmTerm;

    /// <summary>States come in milliseconds; a machine that is starved may take its time, and many SAs theirs.</summary>
    private TimeSpan Patience => TimeSpan.FromSeconds(30 + (options.Sas / 500));

    private TimeSpan Calm => TimeSpan.FromMilliseconds(options.Fast ? 700 : 1800);

    /// <summary>Who held the call's SA when, for the picture of the lanes.</summary>
    public Timeline Timeline { get; } = new();

    public DemoResult Result => _result;

    public async Task RunAsync(string report, CancellationToken cancellation)
    {
        display.Doing("the handler, the router, two gateways and the peer start");
        await _cast.StartObserverAsync(cancellation).ConfigureAwait(false);
        string active = await _cast.FormClusterAsync(Patience, cancellation).ConfigureAwait(false);
        await _cast.WatchAsync(active, cancellation).ConfigureAwait(false);
        await _cast.StartInstrumentsAsync(report, cancellation).ConfigureAwait(false);
        await LearnRolesAsync(cancellation).ConfigureAwait(false);
        await AnnounceAsync(cancellation).ConfigureAwait(false);
        await ConverseAsync(options.Fast ? TimeSpan.FromSeconds(2) : TimeSpan.FromSeconds(5), cancellation).ConfigureAwait(false);

        await KillAsync("kill -9 of the active while the call runs", cancellation).ConfigureAwait(false);
        await ReplayAsync(cancellation).ConfigureAwait(false);
        await RestartAsync(cancellation).ConfigureAwait(false);
        await SwitchoverAsync(cancellation).ConfigureAwait(false);
        await PauseAsync(cancellation).ConfigureAwait(false);
        await HandlerKillAsync(cancellation).ConfigureAwait(false);
        await KillWithoutHandlerAsync(cancellation).ConfigureAwait(false);
        await RestartAsync(cancellation).ConfigureAwait(false);
        await KillAsync("kill -9 of the active once more", cancellation).ConfigureAwait(false);
        await RestartAsync(cancellation).ConfigureAwait(false);
        await StopAsync(cancellation).ConfigureAwait(false);
        await FinishAsync(cancellation).ConfigureAwait(false);
    }

    private static long Now => Stopwatch.GetTimestamp() * (1_000_000_000L / Stopwatch.Frequency);

    private Task<Reading> ReadAsync(string mark, CancellationToken cancellation) =>
        Reading.TakeAsync(_cast.PhoneAtPeer, _cast.PhoneAtCluster, _cast.Probe, mark, cancellation);

    private async Task ConverseAsync(TimeSpan time, CancellationToken cancellation)
    {
        display.Doing("the call goes on");
        await Task.Delay(time, cancellation).ConfigureAwait(false);
    }

    /// <summary>Nobody prescribes who is active: a takeover that nobody asked for must not break the run, only be counted.</summary>
    private async Task LearnRolesAsync(CancellationToken cancellation)
    {
        ClusterStatus status = await _watch.UntilReadyAsync(Patience, cancellation).ConfigureAwait(false);
        string before = _active;
        (_active, _standby) = (status.Record.Holder.Member, status.Record.Designee.Member);
        if (before != _active) CountFalseTakeover(_active, status.Record.Term);
        else if (_term != 0 && status.Record.Term != _term)
        {
            display.Say($"  {_active} moved on from term {_term} to {status.Record.Term}: its designee had not confirmed in time");
        }

        _term = status.Record.Term;
        if (_calmTerm != _term)
        {
            (_calmSince, _calmTerm) = ($"term-{_term}", _term);
            JsonElement wire = await _cast.Observer.MarkAsync(_calmSince, cancellation).ConfigureAwait(false);
            if (Timeline.IsEmpty) _result.IkeInSetUp = wire.Count("ike");
        }

        if (Timeline.IsEmpty) Timeline.Begin(_active, _term, Now);
    }

    private void CountFalseTakeover(string member, ulong term)
    {
        _result.FalseTakeovers++;
        display.Say($"  a takeover that nobody asked for: {member} is active in term {term}", "yellow");
    }

    private async Task AnnounceAsync(CancellationToken cancellation)
    {
        NodeStatus? status = await _watch.GatewayAsync(_active, cancellation).ConfigureAwait(false);
        _result.RealTime = status?.RealTime ?? false;
        display.Say($"the call runs; {_keys.Pairs} pairs of SAs; {_active} is active in term {_term}, {_standby} is ready");
        if (!_result.RealTime) display.Say("  without root there is no real-time priority: takeovers that nobody asked for are counted", "yellow");
    }

    /// <summary>One event: reads before and after, checks every SA, and finds the number with which the successor began.</summary>
    private async Task MeasureAsync(string kind, string title, bool takeover, Func<CancellationToken, Task> act, CancellationToken cancellation, Func<string?>? note = null)
    {
        do
        {
            await LearnRolesAsyncIfPossible(kind, cancellation).ConfigureAwait(false);
            await ConverseAsync(Calm, cancellation).ConfigureAwait(false);
        }
        while (kind == "kill" && (await _watch.HandlerAsync(cancellation).ConfigureAwait(false))?.Record.Term != _term);

        display.Say($"{title}");
        display.Doing(title);

        string mark = $"{kind}-{_result.Events.Count}";
        ulong term = _term;
        Records? before = LedgerReader.Read(_folder.File(NodeFiles.Ledger), _keys.CallToPeer);
        _ = await ReadAsync($"{mark}-calm", cancellation).ConfigureAwait(false);
        Reading start = await ReadAsync($"{mark}-before", cancellation).ConfigureAwait(false);
        JsonElement wire = await _cast.Observer.MarkAsync(mark, cancellation).ConfigureAwait(false);
        _lastOfSurrendered = null;
        long at = Now;
        await act(cancellation).ConfigureAwait(false);

        // What was under way has arrived by then, and a gap that is still open has shown its length.
        await Task.Delay(TimeSpan.FromMilliseconds(600), cancellation).ConfigureAwait(false);
        Reading end = await ReadAsync($"{mark}-after", cancellation).ConfigureAwait(false);
        long over = Now;
        JsonElement wireAfter = await _cast.Observer.MarkAsync($"{mark}-over", cancellation).ConfigureAwait(false);

        ulong? limit = null;
        ulong? first = null;
        if (takeover)
        {
            Records? after = LedgerReader.Read(_folder.File(NodeFiles.Ledger), _keys.CallToPeer);
            limit = _lastOfSurrendered ?? Limit(before, after, term);
            first = await FirstAfterAsync(mark, limit, term, cancellation).ConfigureAwait(false);
        }

        JsonElement check = await CheckAsync(cancellation).ConfigureAwait(false);
        var result = new EventResult
        {
            Kind = kind,
            Title = title,
            AtNs = at,
            OverNs = over,
            CallLostToPeer = end.CallLostToPeer - start.CallLostToPeer,
            CallLostFromPeer = end.CallLostFromPeer - start.CallLostFromPeer,
            ProbeLostToPeer = end.ProbeLostToPeer - start.ProbeLostToPeer,
            ProbeLostFromPeer = end.ProbeLostFromPeer - start.ProbeLostFromPeer,
            OutageToPeerMs = end.OutageToPeerMs,
            OutageFromPeerMs = end.OutageFromPeerMs,
            LimitBefore = limit,
            FirstAfter = first,
            IkeMessages = wireAfter.Count("ike") - wire.Count("ike"),
            Sas = options.Sas,
            SasToPeer = (int)check.Count("okToPeer"),
            SasFromPeer = (int)check.Count("okFromPeer"),
            Note = note?.Invoke(),
        };
        Add(result);
    }

    private async Task LearnRolesAsyncIfPossible(string kind, CancellationToken cancellation)
    {
        // While the handler is dead nobody can name the roles; they are those of before.
        if (kind != "kill-without-handler") await LearnRolesAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>The last number that the old term could use, by the records: those of after the event know of an extension just before it.</summary>
    private static ulong? Limit(Records? before, Records? after, ulong term)
    {
        if (after is not null && after.Sa.LimitTerm <= term && after.LastOf(term) is { } late) return late;
        return before?.LastOf(term);
    }

    private async Task<ulong?> FirstAfterAsync(string mark, ulong? limit, ulong term, CancellationToken cancellation)
    {
        var question = new JsonObject { ["cmd"] = "firstAfter", ["mark"] = mark };
        if (limit is { } above) question["above"] = above;
        JsonElement answer = await _cast.Observer.AskAsync(question, TimeSpan.FromSeconds(5), cancellation).ConfigureAwait(false);
        foreach (JsonElement watched in answer.GetProperty("watched").EnumerateArray())
        {
            if (watched.GetProperty("direction").GetString() != "toPeer" || Spi(watched) != _keys.CallToPeer) continue;
            if (watched.GetProperty("firstAfter").ValueKind != JsonValueKind.Number) return null;
            Timeline.Takeover(limit ?? 0, _active, _term, watched.GetProperty("firstAfterAtNs").GetInt64(), term);
            return watched.GetProperty("firstAfter").GetUInt64();
        }

        return null;
    }

    private static uint Spi(JsonElement watched) => Convert.ToUInt32(watched.GetProperty("spi").GetString(), 16);

    private async Task SwapAsync(CancellationToken cancellation)
    {
        (_active, _standby) = (_standby, _active);
        ClusterStatus status = await _watch.UntilHandlerAsync($"{_active} holds the next term", one => one.Record?.Holder?.Member == _active && one.Record.Term > _term, Patience, cancellation).ConfigureAwait(false);
        _term = status.Record.Term;
    }

    private async Task FinishAsync(CancellationToken cancellation)
    {
        await ConverseAsync(Calm, cancellation).ConfigureAwait(false);
        display.Doing("a repeat is planted; the observer must find it");
        long before = (await _cast.Observer.MarkAsync("plant", cancellation).ConfigureAwait(false)).Count("repeats");
        await _cast.Observer.AskAsync(new JsonObject { ["cmd"] = "plant" }, TimeSpan.FromSeconds(5), cancellation).ConfigureAwait(false);
        await Task.Delay(200, cancellation).ConfigureAwait(false);
        JsonElement wire = await _cast.Observer.MarkAsync("end", cancellation).ConfigureAwait(false);
        _result.PlantedRepeatFound = wire.Count("repeats") == before + 1;
        _result.NumbersRepeated = wire.Count("repeats") - (_result.PlantedRepeatFound ? 1 : 0);
        _result.ForeignIvs = wire.Count("ivMismatch");
        _result.WireObserved = wire.Count("esp");
        _result.DeliveredTwice = (await ReadAsync("end", cancellation).ConfigureAwait(false)).DeliveredTwice;
        foreach (string gateway in Topology.Gateways) await CountAsync(gateway, cancellation).ConfigureAwait(false);
        _result.Sync = _tally.Sum;
    }

    /// <summary>Remembers the counters of a gateway that is about to die, or at the end.</summary>
    private async Task CountAsync(string gateway, CancellationToken cancellation)
    {
        if (_cast[gateway].HasExited) return;
        if (await _watch.GatewayAsync(gateway, cancellation).ConfigureAwait(false) is { } status) _tally.Note(status);
    }

    private void Signal(string node, ProcessSignal signal) => _cast[node].Signal(signal);
}
