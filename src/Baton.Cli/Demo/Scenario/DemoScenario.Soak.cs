using System.Globalization;
using System.Text.Json.Nodes;
using Baton.Cluster.Protos;

namespace Baton.Cli.Demo.Scenario;

/// <summary>No event at all: the call and the probe run, and nobody may take over. Says what readiness costs, on demand also at ten times the packet rate.</summary>
public sealed partial class DemoScenario
{
    /// <summary>Above a packet every other tick: below that each packet asks for its own confirmation, and messages follow the rate by design.</summary>
    private const int UsualRate = 600;

    public async Task SoakAsync(string report, TimeSpan time, CancellationToken cancellation)
    {
        await _cast.StartObserverAsync(cancellation).ConfigureAwait(false);
        string active = await _cast.FormClusterAsync(Patience, cancellation).ConfigureAwait(false);
        await _cast.WatchAsync(active, cancellation).ConfigureAwait(false);
        await _cast.StartInstrumentsAsync(report, cancellation).ConfigureAwait(false);
        await LearnRolesAsync(cancellation).ConfigureAwait(false);
        await AnnounceAsync(cancellation).ConfigureAwait(false);
        ulong term = _term;

        double usual = await MessagesPerTickAsync(UsualRate, time, cancellation).ConfigureAwait(false);
        await TellCountersAsync(cancellation).ConfigureAwait(false);
        if (options.Tenfold)
        {
            double tenfold = await MessagesPerTickAsync(UsualRate * 10, TimeSpan.FromSeconds(Math.Min(10, time.TotalSeconds)), cancellation).ConfigureAwait(false);
            display.Say(string.Create(CultureInfo.InvariantCulture, $"messages a tick at ten times the rate: {tenfold / usual:0.00} of those at the usual rate"));
            await TellCountersAsync(cancellation).ConfigureAwait(false);
        }

        ClusterStatus? cluster = await _watch.HandlerAsync(cancellation).ConfigureAwait(false);
        _result.FalseTakeovers = cluster?.Record.Term == term ? 0 : 1;
        display.Say($"term {term} at the start, {cluster?.Record.Term} at the end", _result.FalseTakeovers == 0 ? "green" : "red");
        Reading end = await ReadAsync("end", cancellation).ConfigureAwait(false);
        _result.DeliveredTwice = end.DeliveredTwice;
        _result.NumbersRepeated = (await _cast.Observer.MarkAsync("end", cancellation).ConfigureAwait(false)).Count("repeats");
    }

    /// <summary>Of the active, since its start.</summary>
    private async Task TellCountersAsync(CancellationToken cancellation)
    {
        NodeStatus? active = await _watch.GatewayAsync(_active, cancellation).ConfigureAwait(false);
        string[] names = ["held.packets", "held.p50-us", "held.p99-us", "witness.false-suspicions", "witness.suspicions", "sentinel.worst-lateness-us", "sentinel.hangs",
            "engine.turn-longest-us", "engine.turns-over-5-ms", "collector.pause-total-us"];
        display.Say("  " + string.Join(", ", names.Select(name => $"{name} {active?.Counters.GetValueOrDefault(name)}")));
    }

    /// <summary>Everything that the two gateways sent each other and the handler, over the ticks that passed.</summary>
    private async Task<double> MessagesPerTickAsync(int rate, TimeSpan time, CancellationToken cancellation)
    {
        await _cast.Probe.AskAsync(new JsonObject { ["cmd"] = "rate", ["rate"] = rate }, TimeSpan.FromSeconds(5), cancellation).ConfigureAwait(false);
        await Task.Delay(TimeSpan.FromSeconds(1), cancellation).ConfigureAwait(false);
        (ulong messages, ulong ticks) before = await SumAsync(cancellation).ConfigureAwait(false);
        await Task.Delay(time, cancellation).ConfigureAwait(false);
        (ulong messages, ulong ticks) after = await SumAsync(cancellation).ConfigureAwait(false);
        double each = (double)(after.messages - before.messages) / (after.ticks - before.ticks);
        display.Say(string.Create(CultureInfo.InvariantCulture, $"{rate,6} packets/s each way: {each:0.000} messages a tick of the pair, confirms and handler included"));
        return each;
    }

    private async Task<(ulong Messages, ulong Ticks)> SumAsync(CancellationToken cancellation)
    {
        (ulong messages, ulong ticks) = (0UL, 0UL);
        foreach (string gateway in Demo.Setup.Topology.Gateways)
        {
            NodeStatus status = await _watch.UntilGatewayAsync(gateway, "its counters", _ => true, Patience, cancellation).ConfigureAwait(false);
            messages += status.Counters["sync.messages-sent"] + status.Counters["handler.messages-sent"];
            if (gateway == _active) ticks = status.Counters["engine.ticks"];
        }

        return (messages, ticks);
    }
}
