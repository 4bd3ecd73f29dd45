using System.Globalization;
using System.Text.Json.Nodes;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Demo.Watching;
using Baton.Cluster.Protos;
using Baton.Esp;
using Baton.Voice;

namespace Baton.Cli.Demo.Scenario;

/// <summary>Every process of a run: started, restarted, watched.</summary>
public sealed class Cast(Launcher launcher, NodeFiles files, Topology topology, IDemoSas keys, ClusterWatch watch, DemoOptions options)
{
    private readonly NodeSet _nodes = new(launcher);

    public Instrument PhoneAtPeer { get; private set; } = null!;

    public Instrument PhoneAtCluster { get; private set; } = null!;

    public Instrument Probe { get; private set; } = null!;

    public Instrument Observer { get; private set; } = null!;

    public ChildProcess this[string node] => _nodes[node];

    public Task StartHandlerAsync() => StartNodeAsync("handler", "h");

    public Task StartGatewayAsync(string name) => StartNodeAsync("gateway", name);

    public Task StartRouterAsync() => StartNodeAsync("router", "r");

    public Task StartPeerAsync() => StartNodeAsync("peer", "p");

    public async Task StartInstrumentsAsync(string report, CancellationToken cancellation)
    {
        PhoneAtPeer = await PhoneAsync("phone-peer", topology.PhoneAtPeer, topology.PeerInner, DemoAddresses.PhonePeer, DemoAddresses.PhoneCluster, "a", Path.Combine(report, "call-at-peer.wav"), cancellation).ConfigureAwait(false);
        PhoneAtCluster = await PhoneAsync("phone-cluster", topology.PhoneAtCluster, topology.RouterInner, DemoAddresses.PhoneCluster, DemoAddresses.PhonePeer, "b", Path.Combine(report, "call-at-cluster.wav"), cancellation).ConfigureAwait(false);
        Probe = await Instrument.StartAsync(launcher, "probe",
            ["probe", "--peer-local", $"{topology.ProbeAtPeer}", "--peer-gateway", $"{topology.PeerInner}", "--cluster-local", $"{topology.ProbeAtCluster}", "--cluster-gateway", $"{topology.RouterInner}",
             "--flows", options.Sas.ToString(CultureInfo.InvariantCulture), .. AlsoFrom()], cancellation).ConfigureAwait(false);
    }

    public async Task StartObserverAsync(CancellationToken cancellation)
    {
        Observer = await Instrument.StartAsync(launcher, "observer",
            ["observer", "--peer-side", $"{topology.ObserverPeerSide}", "--router-side", $"{topology.ObserverRouterSide}", "--router", $"{topology.RouterOuter}", "--peer", $"{topology.PeerOuter}", .. Watched()], cancellation).ConfigureAwait(false);
    }

    /// <summary>What is known before it is negotiated.</summary>
    private IEnumerable<string> Watched() => keys.CallToPeer == 0 ? [] :
        new[] { keys.CallToPeer, keys.ProbeToPeer, keys.ProbeFromPeer, keys.CallFromPeer }.SelectMany(spi => new[] { "--watch-spi", Spi(spi) });

    /// <summary>Tells the observer what was negotiated: the SPIs of call and probe, and which SAs must carry their number as IV.</summary>
    public async Task WatchAsync(string active, CancellationToken cancellation)
    {
        NodeStatus status = await watch.UntilAsync($"{active} tells its SAs", () => watch.GatewayAsync(active, cancellation, withSas: true), TimeSpan.FromSeconds(30), cancellation).ConfigureAwait(false);
        keys.Learn(status);
        await TellObserverAsync("watch", [keys.CallToPeer, keys.ProbeToPeer, keys.ProbeFromPeer, keys.CallFromPeer], cancellation).ConfigureAwait(false);

        // An SPI is its receiver's choice: each side may have drawn the same one, for SAs of different kinds.
        ILookup<bool, uint> spis = status.Sas.ToLookup(sa => Enum.Parse<EspSuite>(sa.Suite).IsAead(), sa => sa.Spi);
        await TellObserverAsync("aead", spis[true].Except(spis[false]), cancellation).ConfigureAwait(false);
    }

    private Task<System.Text.Json.JsonElement> TellObserverAsync(string command, IEnumerable<uint> spis, CancellationToken cancellation) =>
        Observer.AskAsync(new JsonObject { ["cmd"] = command, ["spis"] = new JsonArray([.. spis.Select(spi => (JsonNode)Spi(spi))]) }, TimeSpan.FromSeconds(5), cancellation);

    public Task KillAsync(string node, CancellationToken cancellation) => _nodes.KillAsync(node, cancellation);

    /// <inheritdoc cref="NodeSet.Expect"/>
    public void Expect(ChildProcess process) => _nodes.Expect(process);

    /// <inheritdoc cref="NodeSet.GuardAsync"/>
    public Task GuardAsync(CancellationToken cancellation) => _nodes.GuardAsync(cancellation);

    /// <summary>Waits until one gateway is active and the other would carry every SA on; says which one it is.</summary>
    public async Task<string> FormClusterAsync(TimeSpan patience, CancellationToken cancellation)
    {
        await (options.LedgerInRouter ? StartRouterAsync() : StartHandlerAsync()).ConfigureAwait(false);
        await watch.UntilHandlerAsync("the handler answers", _ => true, patience, cancellation).ConfigureAwait(false);
        if (!options.LedgerInRouter) await StartRouterAsync().ConfigureAwait(false);
        await StartGatewayAsync("a").ConfigureAwait(false);
        await watch.UntilGatewayAsync("a", "a is active", status => status.State == "active", patience, cancellation).ConfigureAwait(false);
        await StartGatewayAsync("b").ConfigureAwait(false);
        await StartPeerAsync().ConfigureAwait(false);
        return (await watch.UntilReadyAsync(patience, cancellation).ConfigureAwait(false)).Record.Holder.Member;
    }

    private Task<Instrument> PhoneAsync(
        string name, System.Net.IPEndPoint local, System.Net.IPEndPoint gateway, uint self, uint far, string speech, string record, CancellationToken cancellation) =>
        Instrument.StartAsync(launcher, name,
            ["phone", "--local", $"{local}", "--gateway", $"{gateway}", "--self-inner", DemoAddresses.Format(self), "--far-inner", DemoAddresses.Format(far), "--speech", speech, "--record", record, .. AlsoFrom()], cancellation);

    /// <summary>Gateways deliver inner packets themselves; the router only carries those that go in.</summary>
    private IEnumerable<string> AlsoFrom() => Topology.Gateways.SelectMany(gateway => new[] { "--also-from", $"{topology.Inner(gateway)}" });

    private Task StartNodeAsync(string role, string name) => _nodes.StartAsync(role, name, files.Of(name));

    private static string Spi(uint spi) => string.Create(CultureInfo.InvariantCulture, $"0x{spi:x8}");
}
