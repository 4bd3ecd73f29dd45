using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Channels;
using Baton.Cli.Demo;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Operators;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;
using Baton.Cluster.Session;
using Baton.Srtp;
using Google.Protobuf;
using Grpc.Net.Client;

namespace Baton.Calls;

/// <summary>A handler, two media gateways and a bank of phones as processes on loopback, with so many calls between the phones.</summary>
internal sealed class CallStage : IAsyncDisposable
{
    public const int SasOfAnSrtpCall = 4;

    private const int FirstPort = 20_000;
    private const string Suite = "AES_CM_128_HMAC_SHA1_80";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Members = ["a", "b"];

    private readonly RunFolder _folder = new();
    private readonly AddressBlock _block = AddressBlock.Claim();
    private readonly Launcher _launcher;
    private readonly Launcher _bankLauncher;
    private readonly Dictionary<string, ChildProcess> _running = [];
    private readonly Dictionary<string, GrpcChannel> _channels = [];
    private readonly Channel<string> _said = Channel.CreateUnbounded<string>();
    private readonly ClusterClient _client;
    private readonly TlsMaterial _tls;
    private readonly SocketsHttpHandler _http;
    private readonly List<MediaCall> _calls = [];
    private readonly int _sas;
    private ChildProcess? _bank;

    public CallStage(int calls, bool srtp)
    {
        _launcher = new Launcher(_folder.Path, Path.GetFullPath(Path.Combine("artifacts", "baton", "baton")));
        _bankLauncher = new Launcher(_folder.Path);
        _sas = srtp ? calls * SasOfAnSrtpCall : 0;
        Pki pki = Pki.Init(_folder.Path, "voice");
        pki.Issue("handler", "h");
        pki.Issue("operator", "o");
        foreach (string member in Members)
            pki.Issue("gateway", member);
        Write("h", "handler", "control.key", $"""
            [handler]
            listen = "{_block[1]}:7443"
            ledger = "ledger.db"
            heartbeat = "{_block[1]}:7200"
            """);
        foreach (string member in Members)
        {
            Write(member, "media", "cluster.key", $"""
                [media]
                addresses = ["{_block[10]}"]
                [status]
                listen = "{Of(member)}:7400"
                """);
        }

        WriteCalls(calls, srtp);
        _client = ClusterClient.Open(new TlsOptions(_folder.File("ca.crt"), _folder.File("o.crt"), _folder.File("o.key")));
        if (!TlsMaterial.TryLoad(_folder.File("ca.crt"), _folder.File("h.crt"), _folder.File("h.key"), out TlsMaterial tls, out string error))
            throw new DemoException(error);
        _tls = tls;
        _http = GrpcEndpoint.Transport(tls, ["gateway"], _ => { });
    }

    public string Active { get; private set; } = "a";

    public string Standby => Active == "a" ? "b" : "a";

    /// <summary>Both members are there with every call, and every phone speaks and is heard.</summary>
    public async Task RaiseAsync()
    {
        await StartAsync("h", "handler");
        await StartAsync("a", "media");
        await UntilAsync("a is active", async () => (await StatusAsync("a"))?.State == "active");
        await StartAsync("b", "media");
        await UntilAsync("b is ready", async () => await StatusAsync("b") is { State: "standby", NotReadyWhy: "" });
        foreach (string member in Members)
            await PutAsync(member);
        _bank = await _bankLauncher.StartAsync("phones", ["phones", _folder.File("phones.json")], line => _said.Writer.TryWrite(line));
        await NextAsync();
        await ReadyAsync();
        await UntilAsync("every phone is heard", async () => await WindowAsync(TimeSpan.FromSeconds(1)) is { Lost: 0 });
    }

    public void Begin() => _bank!.Send("begin");

    public async Task<BankReport> EndAsync()
    {
        _bank!.Send("end");
        return JsonSerializer.Deserialize<BankReport>(await NextAsync())!;
    }

    public async Task<BankReport> WindowAsync(TimeSpan length)
    {
        Begin();
        await Task.Delay(length);
        return await EndAsync();
    }

    /// <summary>kill -9 of the active; its twin works from then on.</summary>
    public async Task KillAsync()
    {
        string standby = Standby;
        _running[Active].Kill();
        await _running[Active].WaitForExitAsync(CancellationToken.None).WaitAsync(Patience);
        await UntilAsync($"{standby} is active", async () => (await StatusAsync(standby))?.State == "active");
        Active = standby;
    }

    /// <summary>Who was killed comes back, is told the calls, and is ready.</summary>
    public async Task RestartAsync()
    {
        await StartAsync(Standby, "media");
        string member = Standby;
        await UntilAsync($"{member} hears", async () => await StatusAsync(member) is not null);
        await PutAsync(member);
        await ReadyAsync();
    }

    public async Task<NodeStatus?> StatusAsync(string member) => (await _client.NodeAsync($"{Of(member)}:7400", TimeSpan.FromSeconds(5), CancellationToken.None)).Value;

    /// <summary>What a member's log says of its last change of role.</summary>
    public string LastWords(string member) => _running[member].LastWords(12);

    public double ProcessorSeconds(string member)
    {
        using var process = System.Diagnostics.Process.GetProcessById(_running[member].Id);
        return process.TotalProcessorTime.TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (GrpcChannel channel in _channels.Values)
            channel.Dispose();
        _http.Dispose();
        _tls.Dispose();
        _client.Dispose();
        _bankLauncher.Dispose();
        _launcher.Dispose();
        _block.Dispose();
        if (Environment.GetEnvironmentVariable("KEEP_LOGS") is { } kept)
            _folder.CopyLogs(Directory.CreateDirectory(kept).FullName);
        _folder.Dispose();
        await Task.CompletedTask;
    }

    private Task ReadyAsync() => UntilAsync("the standby has every SA",
        async () => await StatusAsync(Standby) is { State: "standby", NotReadyWhy: "" } status && status.SaReady >= _sas);

    private async Task PutAsync(string member)
    {
        if (!_channels.TryGetValue(member, out GrpcChannel? channel))
            _channels[member] = channel = GrpcEndpoint.Channel($"{Of(member)}:7400", _http);
        var service = new MediaService.MediaServiceClient(channel);
        foreach (MediaCall call in _calls)
        {
            MediaReply reply = await service.PutAsync(call);
            if (reply.Verdict != MediaVerdict.MediaGranted)
                throw new DemoException($"{member}: {reply.Verdict} {reply.Detail}");
        }
    }

    private async Task StartAsync(string name, string verb) => _running[name] = await _launcher.StartAsync(name, [verb, _folder.File($"{name}.toml")]);

    private async Task<string> NextAsync()
    {
        using var end = new CancellationTokenSource(Patience);
        return await _said.Reader.ReadAsync(end.Token);
    }

    private async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (!await holds())
        {
            if (Environment.TickCount64 > end)
                throw new DemoException($"waited in vain until {what}\n{_folder.LastWords()}");
            await Task.Delay(20);
        }
    }

    private IPAddress Of(string member) => _block[2 + Array.IndexOf(Members, member)];

    private void WriteCalls(int calls, bool srtp)
    {
        var phones = new List<PhoneSetting>();
        for (int i = 0; i < calls; i++)
        {
            MediaLegSetting[] legs = [Leg(phones, i, 0, null), Leg(phones, i, 1, srtp ? Suite : null)];
            _calls.Add(new MediaCall { Id = (ulong)i + 1, Version = 1, Name = $"call {i}", A = legs[0], B = legs[1] });
        }

        File.WriteAllText(_folder.File("phones.json"), JsonSerializer.Serialize(phones));
    }

    private MediaLegSetting Leg(List<PhoneSetting> phones, int call, int side, string? suite)
    {
        IPAddress at = _block[20 + side];
        int port = 10_000 + (call * 2), ours = FirstPort + (call * 4) + (side * 2);
        uint ssrc = 0x1000_0000u + ((uint)call * 2) + (uint)side;
        byte[] key = Fresh(), gateways = Fresh();
        phones.Add(new PhoneSetting($"{at}:{port}", $"{_block[10]}:{ours}", ssrc, ssrc ^ 1, suite, Convert.ToBase64String(key), Convert.ToBase64String(gateways)));
        var leg = new MediaLegSetting
        {
            LocalAddress = _block[10].ToString(), LocalRtpPort = (uint)ours, PhoneAddress = at.ToString(), PhoneRtpPort = (uint)port, Answered = true,
        };
        if (suite is null)
            return leg;
        leg.Transport = MediaTransport.Srtp;
        leg.PhoneKey = new SrtpKey { Suite = suite, KeyAndSalt = ByteString.CopyFrom(key) };
        leg.OurKey = new SrtpKey { Suite = suite, KeyAndSalt = ByteString.CopyFrom(gateways) };
        return leg;

        static byte[] Fresh() => RandomNumberGenerator.GetBytes(SrtpMasterKey.LengthOf(SrtpSuite.AesCm128Tag80));
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
