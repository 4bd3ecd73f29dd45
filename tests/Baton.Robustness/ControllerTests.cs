using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Setup;
using Baton.Cluster.Certificates;
using Baton.Media.Ng;
using Baton.Voice.Tests.Controller;

namespace Baton.Robustness;

/// <summary>A real controller, asked as a SIP proxy asks it, and killed.</summary>
[Collection("processes")]
public sealed class ControllerTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly RunFolder _folder = new();
    private readonly AddressBlock _block = AddressBlock.Claim();
    private readonly Launcher _launcher;
    private int _cookie;

    public ControllerTests()
    {
        Assert.SkipUnless(File.Exists(Stage.Program), $"there is no {Stage.Program}; ./test publishes it");
        _launcher = new Launcher(_folder.Path, Stage.Program);
    }

    [Fact]
    public async Task A_proxy_places_calls_and_a_killed_controller_finds_them_again()
    {
        Pki pki = Pki.Init(_folder.Path, "lab");
        pki.Issue("handler", "h");
        pki.Issue("gateway", "a");
        pki.Issue("gateway", "b");
        pki.Issue("operator", "op");
        await using FakeMember a = await FakeMember.StartAsync("a", Tls("a"), active: true), b = await FakeMember.StartAsync("b", Tls("b"), active: false);
        string file = _folder.File("h.toml");
        File.WriteAllText(file, Configuration(a, b));

        ChildProcess controller = await _launcher.StartAsync("controller", ["controller", file]);
        using var proxy = new UdpClient(new IPEndPoint(_block[9], 0));
        proxy.Connect(_block[1], 2223);
        Assert.Equal("pong", (await AskAsync(proxy, "6:result", ("command", "ping"))).Find("result")!.ToString());
        await CallAsync(proxy, "first");
        Assert.Equal("first", ((BencodeValue.List)(await AskAsync(proxy, "5:calls", ("command", "list"))).Find("calls")!).Items[0].ToString());
        Assert.NotNull((await AskAsync(proxy, "4:tags", ("command", "query"), ("call-id", "first"))).Find("totals"));
        Assert.Equal(a.Calls.Single().Value, b.Calls.Single().Value);

        // The operator sees it as the handler that it is.
        var said = new StringBuilder();
        ChildProcess status = await _launcher.StartAsync(
            "status", ["status", "--handler", $"{_block[1]}:7443", "--ca", _folder.File("ca.crt"), "--cert", _folder.File("op.crt"), "--key", _folder.File("op.key")],
            line =>
            {
                lock (said) said.AppendLine(line);
            });
        await status.WaitForExitAsync(default).WaitAsync(Patience);
        lock (said) Assert.Contains("controller h  1 calls", said.ToString(), StringComparison.Ordinal);

        controller.Kill();
        await controller.WaitForExitAsync(default).WaitAsync(Patience);
        await _launcher.StartAsync("again", ["controller", file]);
        Assert.Equal("first", ((BencodeValue.List)(await AskAsync(proxy, "5:first", ("command", "list"))).Find("calls")!).Items[0].ToString());
        await CallAsync(proxy, "second");
        Assert.Equal("ok", (await AskAsync(proxy, "2:ok", ("command", "delete"), ("call-id", "first"))).Find("result")!.ToString());
        for (var until = DateTime.UtcNow + Patience; b.Calls.Count != 1 || a.Calls.Count != 1; await Task.Delay(5))
            Assert.True(DateTime.UtcNow < until, "the first call is over, the second is not");
        Assert.Equal("second", a.Calls.Single().Value.Name);
    }

    public async ValueTask DisposeAsync()
    {
        _launcher.Dispose();
        _block.Dispose();
        _folder.Dispose();
        await Task.CompletedTask;
    }

    private async Task CallAsync(UdpClient proxy, string id)
    {
        const string Phone = "v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
        await AskAsync(proxy, "2:ok", ("command", "offer"), ("call-id", id), ("from-tag", "f"), ("sdp", Phone));
        await AskAsync(proxy, "2:ok", ("command", "answer"), ("call-id", id), ("from-tag", "f"), ("to-tag", "t"), ("sdp", Phone));
    }

    /// <summary>Asks until an answer says what is expected: until media gateways are there, offers are refused.</summary>
    private async Task<BencodeValue.Dictionary> AskAsync(UdpClient proxy, string expected, params (string Key, string Value)[] fields)
    {
        string last = "nothing";
        for (var until = DateTime.UtcNow + Patience; DateTime.UtcNow < until;)
        {
            string cookie = string.Create(CultureInfo.InvariantCulture, $"c{_cookie++}");
            byte[] request = [.. Encoding.ASCII.GetBytes(cookie + " "), .. Bencode.Write(new BencodeValue.Dictionary([.. fields.Select(field => new KeyValuePair<string, BencodeValue>(field.Key, new BencodeValue.Text(field.Value)))]))];
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(1_000));
            try
            {
                await proxy.SendAsync(request, patience.Token);
                byte[] reply = (await proxy.ReceiveAsync(patience.Token)).Buffer;
                last = Encoding.UTF8.GetString(reply);
                if (last.StartsWith(cookie + " ", StringComparison.Ordinal) && last.Contains(expected, StringComparison.Ordinal) && Bencode.TryParse(reply.AsMemory(cookie.Length + 1), out BencodeValue? value) == BencodeVerdict.Parsed)
                    return (BencodeValue.Dictionary)value!;
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                await Task.Delay(20);   // nobody listens there yet
            }
        }

        Assert.Fail($"{fields[0].Value}: {last}; {string.Join(' ', Directory.EnumerateFiles(_folder.Path, "*.log").Select(File.ReadAllText))}");
        throw new InvalidOperationException();
    }

    private TlsMaterial Tls(string name)
    {
        Assert.True(TlsMaterial.TryLoad(_folder.File("ca.crt"), _folder.File($"{name}.crt"), _folder.File($"{name}.key"), out TlsMaterial tls, out string error), error);
        return tls;
    }

    private string Configuration(FakeMember a, FakeMember b) => $"""
        [node]
        name = "h"
        role = "controller"
        [cluster]
        id = "lab"
        key-file = "control.key"
        [[cluster.member]]
        name = "a"
        sync = "{_block[11]}:7100"
        heartbeat = "{_block[11]}:7200"
        [[cluster.member]]
        name = "b"
        sync = "{_block[12]}:7100"
        heartbeat = "{_block[12]}:7200"
        [tls]
        ca = "ca.crt"
        certificate = "h.crt"
        key = "h.key"
        [handler]
        listen = "{_block[1]}:7443"
        ledger = "ledger.db"
        heartbeat = "{_block[1]}:7200"
        [controller]
        listen = ["{_block[1]}:2223"]
        [[controller.group]]
        name = "g"
        [[controller.group.member]]
        name = "a"
        media = "{a.Endpoint}"
        [[controller.group.member]]
        name = "b"
        media = "{b.Endpoint}"
        [[controller.group.network]]
        name = "pub"
        address = "127.0.0.9"
        """;
}
