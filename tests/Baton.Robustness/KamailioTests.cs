using System.Net;
using System.Net.Sockets;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Setup;
using Baton.Cluster.Certificates;
using Baton.Cluster.Protos;
using Baton.Voice.Tests.Controller;

namespace Baton.Robustness;

/// <summary>Kamailio with its rtpengine module as Debian has it, and sipp on both sides: one call through, and it is over at its end.</summary>
[Collection("processes")]
public sealed class KamailioTests : IAsyncDisposable
{
    private const string Kamailio = "/usr/sbin/kamailio", Sipp = "/usr/bin/sipp", Module = "/usr/lib/x86_64-linux-gnu/kamailio/modules/rtpengine.so";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly RunFolder _folder = new();
    private readonly AddressBlock _block = AddressBlock.Claim();
    private readonly Launcher _baton, _kamailio, _sipp;

    public KamailioTests()
    {
        Assert.SkipUnless(File.Exists(Stage.Program), $"there is no {Stage.Program}; ./test publishes it");
        foreach (string file in new[] { Kamailio, Sipp, Module })
            Assert.SkipUnless(File.Exists(file), $"there is no {file} (Debian: kamailio, sip-tester)");
        (_baton, _kamailio, _sipp) = (new Launcher(_folder.Path, Stage.Program), new Launcher(_folder.Path, Kamailio), new Launcher(_folder.Path, Sipp));
    }

    private IPAddress Controller => _block[1];

    private IPAddress Proxy => _block[2];

    private IPAddress Caller => _block[3];

    private IPAddress Called => _block[4];

    [Fact]
    public async Task Kamailio_drives_the_controller_unchanged()
    {
        Pki pki = Pki.Init(_folder.Path, "lab");
        pki.Issue("handler", "h");
        pki.Issue("gateway", "a");
        Assert.True(TlsMaterial.TryLoad(_folder.File("ca.crt"), _folder.File("a.crt"), _folder.File("a.key"), out TlsMaterial tls, out string error), error);
        await using FakeMember media = await FakeMember.StartAsync("a", tls, active: true);
        File.WriteAllText(_folder.File("h.toml"), Configuration(media.Endpoint));
        File.WriteAllText(_folder.File("kamailio.cfg"), Script());
        await _baton.StartAsync("controller", ["controller", _folder.File("h.toml")]);
        await UntilAsync("the controller has its media gateway", () => Log("controller").Contains("carries the media", StringComparison.Ordinal));
        await _kamailio.StartAsync("kamailio", ["-f", _folder.File("kamailio.cfg"), "-DD", "-E", "-m", "32", "-M", "8", "-Y", _folder.Path]);
        await UntilAsync("Kamailio listens", () => Listens(Proxy));

        ChildProcess called = await _sipp.StartAsync("called", ["-sn", "uas", "-i", $"{Called}", "-p", "5060", "-mp", "6000", "-m", "1", "-nostdin", "-timeout", "40s", "-trace_msg", "-message_file", _folder.File("called.sip")]);
        await UntilAsync("the phone listens", () => Listens(Called));
        ChildProcess caller = await _sipp.StartAsync("caller", ["-sn", "uac", "-i", $"{Caller}", "-p", "5060", "-mp", "7000", "-m", "1", "-d", "2000", "-nostdin", "-timeout", "40s", "-trace_msg", "-message_file", _folder.File("caller.sip"), $"{Proxy}:5060"]);
        await UntilAsync("both phones are placed", () => media.Calls.Values.Any(call => call is { A.Answered: true, B.Answered: true }));
        MediaCall call = media.Calls.Single().Value;
        Assert.Equal(($"{Caller}", 7_000U, $"{Called}", 6_000U), (call.A.PhoneAddress, call.A.PhoneRtpPort, call.B.PhoneAddress, call.B.PhoneRtpPort));

        await Task.WhenAll(caller.WaitForExitAsync(default), called.WaitForExitAsync(default)).WaitAsync(Patience);
        Assert.True(caller.ExitStatus == 0 && called.ExitStatus == 0, Logs());
        await UntilAsync("the call is over", () => media.Calls.IsEmpty);

        // Each phone was told the gateway, and never the other phone.
        Assert.Contains($"c=IN IP4 127.0.0.9\r\nt=0 0\r\nm=audio {call.B.LocalRtpPort} RTP/AVP 0", File.ReadAllText(_folder.File("called.sip")), StringComparison.Ordinal);
        Assert.Contains($"c=IN IP4 127.0.0.9\r\nt=0 0\r\nm=audio {call.A.LocalRtpPort} RTP/AVP 0", File.ReadAllText(_folder.File("caller.sip")), StringComparison.Ordinal);
        Assert.DoesNotContain($"c=IN IP4 {Called}", File.ReadAllText(_folder.File("caller.sip")), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _sipp.Dispose();
        _kamailio.Dispose();
        _baton.Dispose();
        _block.Dispose();
        _folder.Dispose();
        await Task.CompletedTask;
    }

    private static bool Listens(IPAddress address)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ExclusiveAddressUse = true };
        try
        {
            socket.Bind(new IPEndPoint(address, 5060));
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private string Log(string name)
    {
        if (!File.Exists(_folder.File($"{name}.log")))
            return "";
        using var stream = new FileStream(_folder.File($"{name}.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private string Logs() => string.Join('\n', new[] { "controller", "kamailio", "caller", "called" }.Select(name => $"== {name}\n{string.Join('\n', Log(name).Split('\n').TakeLast(30))}"));

    private async Task UntilAsync(string what, Func<bool> holds)
    {
        for (var until = DateTime.UtcNow + Patience; !holds(); await Task.Delay(20))
            Assert.True(DateTime.UtcNow < until, $"waited in vain: {what}\n{Logs()}");
    }

    private string Configuration(IPEndPoint media) => $"""
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
        [tls]
        ca = "ca.crt"
        certificate = "h.crt"
        key = "h.key"
        [handler]
        listen = "{Controller}:7443"
        ledger = "ledger.db"
        heartbeat = "{Controller}:7200"
        [controller]
        listen = ["{Controller}:2223"]
        [[controller.group]]
        name = "g"
        [[controller.group.member]]
        name = "a"
        media = "{media}"
        [[controller.group.network]]
        name = "pub"
        address = "127.0.0.9"
        """;

    private string Script() => $$"""
        #!KAMAILIO
        debug=2
        log_stderror=yes
        children=2
        disable_tcp=yes
        auto_aliases=no
        listen=udp:{{Proxy}}:5060
        mpath="{{Path.GetDirectoryName(Module)}}/"
        loadmodule "tm.so"
        loadmodule "sl.so"
        loadmodule "rr.so"
        loadmodule "pv.so"
        loadmodule "maxfwd.so"
        loadmodule "textops.so"
        loadmodule "siputils.so"
        loadmodule "rtpengine.so"
        modparam("rtpengine", "rtpengine_sock", "udp:{{Controller}}:2223")
        request_route {
            if (!mf_process_maxfwd_header("10")) {
                sl_send_reply("483", "Too Many Hops");
                exit;
            }
            $du = "sip:{{Called}}:5060";
            if (is_method("ACK")) {
                t_relay();
                exit;
            }
            if (is_method("BYE")) {
                rtpengine_delete();
            }
            if (is_method("INVITE")) {
                record_route();
                if (has_body("application/sdp")) {
                    rtpengine_manage("replace-origin replace-session-connection ICE=remove RTP/AVP");
                }
                t_on_reply("ANSWERED");
            }
            t_relay();
        }
        onreply_route[ANSWERED] {
            if (has_body("application/sdp")) {
                rtpengine_manage("replace-origin replace-session-connection ICE=remove RTP/AVP");
            }
        }
        """;
}
