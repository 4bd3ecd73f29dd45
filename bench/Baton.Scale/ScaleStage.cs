using System.Diagnostics;
using System.Globalization;
using Baton.Cli.Demo;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Scenario;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Demo.Watching;
using Baton.Cluster.Protos;

namespace Baton.Scale;

/// <summary>One cluster of the demo's processes with so many pairs of SAs. Their keys are in a file: what is measured lies below IKE.</summary>
internal sealed class ScaleStage : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(1);

    private readonly RunFolder _folder = new();
    private readonly string? _logs;
    private readonly FreshKeys _keys;
    private readonly DemoStage _stage;
    private readonly ClusterWatch _watch;
    private readonly Cast _cast;
    private readonly int _pairs;

    public ScaleStage(int pairs, string? logs)
    {
        (_pairs, _logs) = (pairs, logs);
        FreshKeys? keys = null;
        _stage = new DemoStage(_folder, new DemoOptions(0, null, null, 1, Fast: true, KeepLogs: true),
            topology => keys = new FreshKeys(pairs, 1, topology.ObserverRouterSide.ToString()), Path.Combine("artifacts", "baton", "baton"));
        (_keys, _watch, _cast) = (keys!, _stage.Watch, _stage.Cast);
    }

    public async Task<ScaleResult> RunAsync(int kills, CancellationToken cancellation)
    {
        await _cast.StartObserverAsync(cancellation);
        long began = Stopwatch.GetTimestamp();
        await _cast.StartHandlerAsync();
        await _watch.UntilHandlerAsync("the handler answers", _ => true, Patience, cancellation);
        await _cast.StartRouterAsync();
        await _cast.StartGatewayAsync("a");
        await _watch.UntilGatewayAsync("a", "a has every SA", status => status.State == "active" && status.SaCount == _keys.Pairs * 2, Patience, cancellation);
        TimeSpan registered = Say("the active stands", began);

        TimeSpan ready = await JoinAsync("a", "b", cancellation);
        (double active, double standby) = (_cast["a"].ResidentMiB, _cast["b"].ResidentMiB);
        NodeStatus told = await _watch.UntilGatewayAsync("b", "b answers", _ => true, Patience, cancellation);
        long managed = (long)told.Counters.GetValueOrDefault("process.managed-bytes");
        await _cast.StartPeerAsync();
        await _cast.StartInstrumentsAsync(_folder.Path, cancellation);

        var results = new List<KillResult>();
        for (int i = 0; i < kills; i++)
            results.Add(await KillAsync(cancellation));
        ClusterStatus end = await _watch.UntilReadyAsync(Patience, cancellation);
        NodeStatus last = await _watch.UntilGatewayAsync(end.Record.Designee.Member, "the standby answers", _ => true, Patience, cancellation);
        return new ScaleResult(
            _pairs, registered, ready, active, standby, managed, results,
            last.Counters.Where(c => c.Key.StartsWith("engine.", StringComparison.Ordinal)).ToDictionary(c => c.Key, c => c.Value), end.Record.Term);
    }

    private async Task<TimeSpan> JoinAsync(string active, string newcomer, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        await _cast.StartGatewayAsync(newcomer);
        await _watch.UntilReadyAsync(active, newcomer, Patience, cancellation);
        return Say($"{newcomer} is ready", began);
    }

    private async Task<KillResult> KillAsync(CancellationToken cancellation)
    {
        ClusterStatus before = await _watch.UntilReadyAsync(Patience, cancellation);
        (string active, string standby) = (before.Record.Holder.Member, before.Record.Designee.Member);
        await Task.Delay(Calm, cancellation);
        await ReadAsync("calm", cancellation);
        DateTime at = DateTime.UtcNow;
        await _cast.KillAsync(active, cancellation);
        ClusterStatus after = await _watch.UntilHandlerAsync("the other takes over", one => one.Record?.Holder?.Member == standby, Patience, cancellation);
        await Task.Delay(Calm, cancellation);
        Reading reading = await ReadAsync("after", cancellation);
        double notice = (Noticed(standby, at) - at).TotalMilliseconds;
        TimeSpan ready = await JoinAsync(standby, active, cancellation);
        var result = new KillResult(reading.OutageToPeerMs, reading.OutageFromPeerMs, notice, ready.TotalSeconds);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  kill -9: outage {result.ToPeerMs:0.0} / {result.FromPeerMs:0.0} ms, noticed after {notice:0} ms; term {before.Record.Term} -> {after.Record.Term}"));
        return result;
    }

    private Task<Reading> ReadAsync(string mark, CancellationToken cancellation) =>
        Reading.TakeAsync(_cast.PhoneAtPeer, _cast.PhoneAtCluster, _cast.Probe, mark, cancellation);

    /// <summary>When its log says that the other died: to the millisecond.</summary>
    private DateTime Noticed(string standby, DateTime after)
    {
        foreach (string line in File.ReadLines(_folder.File($"gateway-{standby}.log")))
        {
            if (line.EndsWith(" is Dead", StringComparison.Ordinal)
                && TimeSpan.TryParse(line.AsSpan(0, 12), CultureInfo.InvariantCulture, out TimeSpan time) && after.Date + time >= after.AddMilliseconds(-1))
                return after.Date + time;
        }

        return DateTime.MaxValue;
    }

    private TimeSpan Say(string what, long began)
    {
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_keys.Pairs * 2} SAs: {what} after {took.TotalSeconds:0.0} s"));
        return took;
    }

    public ValueTask DisposeAsync()
    {
        _stage.Dispose();
        if (_logs is not null)
            _folder.CopyLogs(Directory.CreateDirectory(_logs).FullName);
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
