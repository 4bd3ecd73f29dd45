using System.Diagnostics;
using System.Net;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Operators;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;

namespace Baton.Cli.Demo.Watching;

/// <summary>Waits for states of the cluster, never for luck; asks the processes as an operator would.</summary>
public sealed class ClusterWatch(RunFolder folder, Topology topology, int saCount) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    private readonly ClusterClient _client = ClusterClient.Open(new TlsOptions(folder.File("ca.crt"), folder.File("o.crt"), folder.File("o.key")));
    private string _lastSeen = "";

    public async Task<ClusterStatus?> HandlerAsync(CancellationToken cancellation) =>
        (await _client.StatusAsync(topology.HandlerSession.ToString(), AnswerWithin, cancellation).ConfigureAwait(false)).Value;

    public Task<NodeStatus?> GatewayAsync(string name, CancellationToken cancellation, bool withSas = false) =>
        NodeAsync(topology.Status(name), withSas ? SaQuery.All : null, cancellation);

    /// <summary>What a gateway says of one of its outbound SAs; null when it does not answer or has none.</summary>
    public async Task<SaStatus?> OutboundAsync(string name, uint spi, CancellationToken cancellation) =>
        (await NodeAsync(topology.Status(name), SaQuery.All with { Spis = [spi] }, cancellation).ConfigureAwait(false))?.Sas.FirstOrDefault(one => one.Direction == SaDirection.Outbound);

    public Task<NodeStatus?> PeerAsync(CancellationToken cancellation) => NodeAsync(topology.PeerStatus, null, cancellation);

    public Task<NodeStatus?> RouterAsync(CancellationToken cancellation) => NodeAsync(topology.RouterStatus, null, cancellation);

    public Task<Answer<SwitchoverReply>> SwitchoverAsync(string to, CancellationToken cancellation) =>
        _client.SwitchoverAsync(topology.HandlerSession.ToString(), to, TimeSpan.FromSeconds(10), cancellation);

    public Task<ClusterStatus> UntilHandlerAsync(string what, Func<ClusterStatus, bool> holds, TimeSpan patience, CancellationToken cancellation) =>
        UntilAsync(what, async () => await HandlerAsync(cancellation).ConfigureAwait(false) is { } status && Noted(status) && holds(status) ? status : null, patience, cancellation);

    public Task<NodeStatus> UntilGatewayAsync(string name, string what, Func<NodeStatus, bool> holds, TimeSpan patience, CancellationToken cancellation) =>
        UntilAsync(what, async () => await GatewayAsync(name, cancellation).ConfigureAwait(false) is { } status && Noted(status) && holds(status) ? status : null, patience, cancellation);

    /// <summary>As <see cref="UntilReadyAsync(string, string, TimeSpan, CancellationToken)"/>, whoever is active: a takeover that nobody asked for may come at any time.</summary>
    public Task<ClusterStatus> UntilReadyAsync(TimeSpan patience, CancellationToken cancellation) =>
        UntilAsync("one gateway active and the other ready", async () =>
            await HandlerAsync(cancellation).ConfigureAwait(false) is { Record: { Holder: { } active, Designee: { } standby } }
                ? await ReadyAsync(active.Member, standby.Member, cancellation).ConfigureAwait(false)
                : null, patience, cancellation);

    /// <summary>Somebody is active, the other is in sync, named successor, and would carry every SA on.</summary>
    public Task<ClusterStatus> UntilReadyAsync(string active, string standby, TimeSpan patience, CancellationToken cancellation) =>
        UntilAsync($"{active} active and {standby} ready", () => ReadyAsync(active, standby, cancellation), patience, cancellation);

    private async Task<ClusterStatus?> ReadyAsync(string active, string standby, CancellationToken cancellation)
    {
        if (await HandlerAsync(cancellation).ConfigureAwait(false) is not { } status || !Noted(status)) return null;
        ClusterRecord record = status.Record;
        if (record?.Holder?.Member != active || record.Designee?.Member != standby || record.InSync.All(member => member.Member != standby)) return null;
        if (await GatewayAsync(active, cancellation).ConfigureAwait(false) is not { State: "active" } first || first.Term != record.Term) return null;
        if (await GatewayAsync(standby, cancellation).ConfigureAwait(false) is not { State: "standby" } second || !Noted(second)) return null;
        return second.SaCount == saCount && second.SaReady == saCount ? status : null;
    }

    /// <summary>Waits until <paramref name="look"/> finds something.</summary>
    public async Task<T> UntilAsync<T>(string what, Func<Task<T?>> look, TimeSpan patience, CancellationToken cancellation)
        where T : class
    {
        long end = Stopwatch.GetTimestamp() + (long)(patience.TotalSeconds * Stopwatch.Frequency);
        while (true)
        {
            if (await look().ConfigureAwait(false) is { } found) return found;
            if (Stopwatch.GetTimestamp() > end) throw new DemoException($"waited {patience.TotalSeconds:0} s in vain: {what} (last seen: {_lastSeen})");
            await Task.Delay(Pause, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>What everybody says of itself, beside the logs, for whoever looks for the cause of a failure.</summary>
    public async Task WriteStatesAsync(string to)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        var all = new List<(string Name, Google.Protobuf.IMessage? Status)> { ("handler", await HandlerAsync(limit.Token).ConfigureAwait(false)), ("peer", await PeerAsync(limit.Token).ConfigureAwait(false)), ("router", await RouterAsync(limit.Token).ConfigureAwait(false)) };
        foreach (string gateway in Topology.Gateways) all.Add((gateway, await GatewayAsync(gateway, limit.Token, withSas: true).ConfigureAwait(false)));
        foreach ((string name, Google.Protobuf.IMessage? status) in all)
            await File.WriteAllTextAsync(Path.Combine(to, $"state-{name}.log"), status?.ToString() ?? "no answer", CancellationToken.None).ConfigureAwait(false);
    }

    public void Dispose() => _client.Dispose();

    private bool Noted(ClusterStatus status)
    {
        ClusterRecord? record = status.Record;
        _lastSeen = $"term {record?.Term}, active {record?.Holder?.Member ?? "none"}, successor {record?.Designee?.Member ?? "none"}, in sync {record?.InSync.Count ?? 0}";
        return true;
    }

    private bool Noted(NodeStatus status)
    {
        _lastSeen = $"{status.Name} {status.State} in term {status.Term}, {status.SaReady} of {status.SaCount} SAs ready{(status.NotReadyWhy.Length > 0 ? $": {status.NotReadyWhy}" : "")}";
        return true;
    }

    /// <param name="sas">Null: none.</param>
    private async Task<NodeStatus?> NodeAsync(IPEndPoint node, SaQuery? sas, CancellationToken cancellation) =>
        (await (sas is null
            ? _client.NodeAsync(node.ToString(), AnswerWithin, cancellation)
            : _client.NodeAsync(node.ToString(), sas, AnswerWithin, cancellation)).ConfigureAwait(false)).Value;
}
