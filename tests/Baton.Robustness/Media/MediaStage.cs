using System.Net;
using System.Text.Json.Nodes;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Operators;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;
using Baton.Cluster.Session;
using Baton.Linux;
using Grpc.Net.Client;

namespace Baton.Robustness.Media;

/// <summary>A handler or a controller and two media gateways as real processes on loopback, and the controller's side of their calls.</summary>
internal sealed class MediaStage : IAsyncDisposable
{
    public static readonly string[] Members = ["a", "b"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Gateway = ["gateway"];

    private readonly RunFolder _folder = new();
    private readonly AddressBlock _block = AddressBlock.Claim();
    private readonly Launcher _launcher;
    private readonly Dictionary<string, ChildProcess> _running = [];
    private readonly Dictionary<string, GrpcChannel> _channels = [];
    private readonly ClusterClient _client;
    private readonly TlsMaterial _tls;
    private readonly TlsMaterial _operator;
    private readonly SocketsHttpHandler _http;
    private readonly SocketsHttpHandler _operatorHttp;

    private readonly string _role;

    /// <param name="inFile">Calls that stand in the members' files.</param>
    /// <param name="role">Of the fourth process.</param>
    /// <param name="callTimeout">After so long without media a call is told to the controller; null: as usual.</param>
    public MediaStage(Func<MediaStage, string>? inFile = null, string role = "handler", TimeSpan? callTimeout = null)
    {
        Assert.SkipUnless(File.Exists(Program), $"there is no {Program}; ./test publishes it");
        _role = role;
        _launcher = new Launcher(_folder.Path, Program);
        Pki pki = Pki.Init(_folder.Path, "voice");
        pki.Issue("handler", "h");
        pki.Issue("operator", "o");
        foreach (string member in Members)
            pki.Issue("gateway", member);
        Write("h", role, "control.key", $"""
            [handler]
            listen = "{_block[1]}:7443"
            ledger = "ledger.db"
            heartbeat = "{_block[1]}:7200"
            {(role == "controller" ? Groups : "")}
            """);
        foreach (string member in Members)
        {
            Write(member, "media", "cluster.key", $"""
                [media]
                addresses = ["{Media}"]
                {(callTimeout is { } silence ? $"call-timeout-ms = {silence.TotalMilliseconds:0}" : "")}
                [status]
                listen = "{Of(member)}:7400"
                {inFile?.Invoke(this)}
                """);
        }

        var files = new TlsOptions(_folder.File("ca.crt"), _folder.File("o.crt"), _folder.File("o.key"));
        _client = ClusterClient.Open(files);
        (_tls, _operator) = (Load("h"), Load("o"));
        (_http, _operatorHttp) = (GrpcEndpoint.Transport(_tls, Gateway, _ => { }), GrpcEndpoint.Transport(_operator, Gateway, _ => { }));

        TlsMaterial Load(string name)
        {
            Assert.True(TlsMaterial.TryLoad(files.AuthorityFile, _folder.File($"{name}.crt"), _folder.File($"{name}.key"), out TlsMaterial tls, out string error), error);
            return tls;
        }
    }

    public static string Program => Environment.GetEnvironmentVariable("BATON_EXE") ?? Path.Combine(AppContext.BaseDirectory, "baton");

    public string Ledger => _folder.File("ledger.db");

    /// <summary>The ng port of a controller.</summary>
    public IPEndPoint Ng => new(_block[1], 2223);

    public IPAddress Proxy => _block[19];

    /// <summary>Where phones send to, whoever is active.</summary>
    public IPAddress Media => _block[10];

    public IPAddress PhoneAt(int number) => _block[20 + number];

    public async Task StartAsync(string node)
    {
        string verb = node == "h" ? _role : "media";
        _running[node] = await _launcher.StartAsync(node, [verb, _folder.File($"{node}.toml")]);
    }

    /// <summary>The first becomes active, the second stands by in sync.</summary>
    public async Task FormAsync()
    {
        await StartAsync("h");
        await StartAsync("a");
        await UntilAsync("a is active", async () => (await StatusAsync("a"))?.State == "active");
        await StartAsync("b");
        await UntilReadyAsync("b");
        if (_role == "controller")
            await UntilAsync("the controller has both", () => Task.FromResult(Members.All(member => Read(_folder.File("h.log")).Contains($"media gateway {member} of group g is there", StringComparison.Ordinal))));
    }

    public Task UntilReadyAsync(string member, int sas = 0) => UntilAsync($"{member} is ready with {sas} SAs",
        async () => await StatusAsync(member) is { State: "standby", NotReadyWhy: "" } status && status.SaReady >= sas);

    public async Task<NodeStatus?> StatusAsync(string member)
    {
        var asked = await _client.NodeAsync($"{Of(member)}:7400", TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        return asked.Value;
    }

    /// <summary>What an operator's <c>baton status calls --json</c> says of a member.</summary>
    public async Task<JsonNode> StatusCallsAsync(string member, params string[] more)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(Program,
            ["status", "calls", "--json", "--node", $"{Of(member)}:7400", "--ca", _folder.File("ca.crt"), "--cert", _folder.File("o.crt"), "--key", _folder.File("o.key"), .. more])
        { RedirectStandardOutput = true })!;
        string said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        return JsonNode.Parse(said)!["mediaGateways"]![0]!;
    }

    public async Task KillAsync(string member)
    {
        _running[member].Kill();
        await _running[member].WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
    }

    public int Pid(string node) => _running[node].Id;

    public void Signal(string member, ProcessSignal signal) => _running[member].Signal(signal);

    public async Task SwitchOverAsync(string to)
    {
        Answer<SwitchoverReply> answer = await _client.SwitchoverAsync($"{_block[1]}:7443", to, TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.True(answer.Value is { Done: true }, $"{answer.Value?.Detail} {answer.Error}");
    }

    /// <summary>As a controller.</summary>
    public MediaService.MediaServiceClient Calls(string member) => Calls(member, member, _http);

    /// <summary>As an operator.</summary>
    public MediaService.MediaServiceClient Looks(string member) => Calls(member, $"{member} as an operator", _operatorHttp);

    private MediaService.MediaServiceClient Calls(string member, string channelName, SocketsHttpHandler http)
    {
        if (!_channels.TryGetValue(channelName, out GrpcChannel? channel))
            _channels[channelName] = channel = GrpcEndpoint.Channel($"{Of(member)}:7400", http);
        return new MediaService.MediaServiceClient(channel);
    }

    public async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (!await holds())
        {
            Assert.True(Environment.TickCount64 < end, $"waited in vain until {what}\n{Logs()}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public string Logs() => string.Join('\n', Directory.EnumerateFiles(_folder.Path, "*.log").Order(StringComparer.Ordinal)
        .Select(log => $"== {Path.GetFileName(log)}\n{string.Join('\n', Read(log).Split('\n').TakeLast(30))}"));

    public ValueTask DisposeAsync()
    {
        foreach (GrpcChannel channel in _channels.Values)
            channel.Dispose();
        _http.Dispose();
        _operatorHttp.Dispose();
        _tls.Dispose();
        _operator.Dispose();
        _client.Dispose();
        _launcher.Dispose();
        _block.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private string Groups => $"""
        [controller]
        listen = ["{Ng}"]
        clients = ["{Proxy}/32"]
        [[controller.group]]
        name = "g"
        {string.Concat(Members.Select(member => $"""
            [[controller.group.member]]
            name = "{member}"
            media = "{Of(member)}:7400"

            """))}
        [[controller.group.network]]
        name = "pub"
        address = "{Media}"
        """;

    private IPAddress Of(string member) => _block[2 + Array.IndexOf(Members, member)];

    private static string Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private void Write(string name, string role, string key, string own)
    {
        string members = string.Concat(Members.Select(member => $"""
            [[cluster.member]]
            name = "{member}"
            sync = "{Of(member)}:7100"
            heartbeat = "{Of(member)}:7200"

            """));
        File.WriteAllText(_folder.File($"{name}.toml"), $"""
            [node]
            name = "{name}"
            role = "{role}"
            [cluster]
            id = "voice"
            key-file = "{key}"
            {members}
            [[cluster.handler]]
            session = "{_block[1]}:7443"
            heartbeat = "{_block[1]}:7200"
            [tls]
            ca = "ca.crt"
            certificate = "{name}.crt"
            key = "{name}.key"
            {own}
            """);
    }
}
