using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Scenario;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Demo.Watching;
using Baton.Cluster.Protos;

namespace Baton.Cli.Demo.Calls;

/// <summary>The processes of a run of media gateways: controller, two members, the phones of all calls; and the proxy, which is the demo itself.</summary>
/// <remarks>Its end ends every process that it started.</remarks>
internal sealed class CallsStage : IDisposable
{
    /// <summary>One SRTP side: RTP and RTCP, opened and sealed.</summary>
    private const int SasOfACall = 4;

    private const int FirstPort = 20_000;

    /// <summary>Calls with odd numbers begin here: their ROC becomes 1 within a second (RFC 3711 3.3.1).</summary>
    private const int BeforeRollover = 65_500;

    private readonly AddressBlock _block = AddressBlock.Claim();
    private readonly Launcher _launcher;
    private readonly CallsFiles _files;
    private readonly DemoOptions _options;

    public CallsStage(RunFolder folder, DemoOptions options)
    {
        (Folder, _options) = (folder, options);
        var topology = new Topology(_block);
        _files = new CallsFiles(folder, _block, topology);
        _files.Write();
        _launcher = new Launcher(folder.Path);
        Nodes = new NodeSet(_launcher);
        Watch = new ClusterWatch(folder, topology, options.Calls * SasOfACall);
        Proxy = new NgDriver(_files);
    }

    public RunFolder Folder { get; }

    public NodeSet Nodes { get; }

    public ClusterWatch Watch { get; }

    public NgDriver Proxy { get; }

    public Instrument Phones { get; private set; } = null!;

    public string Addresses => _block.ToString();

    public string Ledger => Folder.File(NodeFiles.Ledger);

    /// <summary>The SSRC of the first call's plain phone: under it media gateways seal reports with numbers of their own.</summary>
    public uint FirstSsrc { get; private set; }

    public Task StartControllerAsync() => Nodes.StartAsync("controller", "h", _files.Of("h"));

    public Task StartMediaAsync(string member) => Nodes.StartAsync("media", member, _files.Of(member));

    /// <summary>Both media gateways are there, as far as the controller knows, and one is active.</summary>
    public async Task FormAsync(TimeSpan patience, CancellationToken cancellation)
    {
        await StartControllerAsync().ConfigureAwait(false);
        await Watch.UntilHandlerAsync("the controller answers", _ => true, patience, cancellation).ConfigureAwait(false);
        await StartMediaAsync("a").ConfigureAwait(false);
        await Watch.UntilGatewayAsync("a", "a is active", status => status.State == "active", patience, cancellation).ConfigureAwait(false);
        await StartMediaAsync("b").ConfigureAwait(false);
        await Watch.UntilGatewayAsync("b", "b stands by", status => status is { State: "standby", NotReadyWhy: "" }, patience, cancellation).ConfigureAwait(false);
        await UntilTheControllerHasBothAsync(patience, cancellation).ConfigureAwait(false);
    }

    public Task UntilTheControllerHasBothAsync(TimeSpan patience, CancellationToken cancellation) =>
        Watch.UntilHandlerAsync("the controller has both media gateways", status => Tally.Counter(status.Handler, "group.g.members") == (ulong)Topology.Gateways.Length, patience, cancellation);

    /// <summary>Places every call, as a proxy would, and lets its phones speak.</summary>
    public async Task CallAsync(string report, CancellationToken cancellation)
    {
        Phones = await Instrument.StartAsync(_launcher, "phones",
            ["phones", "--plain", $"{_files.PlainPhones}", "--secure", $"{_files.SecurePhones}", "--injector", $"{_files.Injector}",
             "--record-plain", Path.Combine(report, "call-at-plain.wav"), "--record-secure", Path.Combine(report, "call-at-srtp.wav")], cancellation).ConfigureAwait(false);
        for (int i = 0; i < _options.Calls; i++)
        {
            PlacedCall call = await Proxy.CallAsync(Id(i), FirstPort + (4 * i), i, cancellation).ConfigureAwait(false);
            JsonElement answer = await Phones.AskAsync(new JsonObject
            {
                ["cmd"] = "call",
                ["call"] = call.Id,
                ["port"] = call.Port,
                ["plainGateway"] = $"{call.PlainGateway}",
                ["secureGateway"] = $"{call.SecureGateway}",
                ["ourCrypto"] = call.OurCrypto,
                ["gatewayCrypto"] = call.GatewayCrypto,
                ["first"] = i % 2 == 1 || _options.Calls == 1 ? BeforeRollover : 1_000 + i,
                ["phase"] = (double)i / _options.Calls,
            }, TimeSpan.FromSeconds(5), cancellation).ConfigureAwait(false);
            if (i == 0) FirstSsrc = answer.GetProperty("plainSsrc").GetUInt32();
        }
    }

    public async Task HangUpAsync(CancellationToken cancellation)
    {
        for (int i = 0; i < _options.Calls; i++) await Proxy.DeleteAsync(Id(i), cancellation).ConfigureAwait(false);
    }

    public async Task<Heard> ReadAsync(string mark, CancellationToken cancellation) => new(await Phones.MarkAsync(mark, cancellation).ConfigureAwait(false));

    /// <summary>Requests that came to the controller's ng port since it started, whatever became of them.</summary>
    public async Task<long> AskedAsync(CancellationToken cancellation)
    {
        ClusterStatus status = await Watch.UntilAsync("the controller tells its counters", () => Watch.HandlerAsync(cancellation), TimeSpan.FromSeconds(20), cancellation).ConfigureAwait(false);
        return status.Handler.Counters.Where(one => one.Key.StartsWith("ng.", StringComparison.Ordinal) && !one.Key.StartsWith("ng.message.", StringComparison.Ordinal)).Sum(one => (long)one.Value);
    }

    public static string Id(int number) => string.Create(CultureInfo.InvariantCulture, $"call-{number}");

    public void Dispose()
    {
        Proxy.Dispose();
        _launcher.Dispose();
        Watch.Dispose();
        _block.Dispose();
    }
}

/// <summary>What all phones have counted at one moment.</summary>
internal sealed record Heard(JsonElement Mark)
{
    public IReadOnlyList<JsonElement> Calls { get; } = [.. Mark.GetProperty("calls").EnumerateArray()];

    public long LostToPeer => Mark.GetProperty("toPeer").Count("lost");

    public long LostFromPeer => Mark.GetProperty("fromPeer").Count("lost");

    public double OutageToPeerMs => Mark.GetProperty("toPeer").GetProperty("outageMs").GetDouble();

    public double OutageFromPeerMs => Mark.GetProperty("fromPeer").GetProperty("outageMs").GetDouble();

    /// <summary>How much a count of each call has grown since.</summary>
    public IEnumerable<long> Since(Heard before, string name) => Calls.Zip(before.Calls, (now, then) => now.Count(name) - then.Count(name));
}
