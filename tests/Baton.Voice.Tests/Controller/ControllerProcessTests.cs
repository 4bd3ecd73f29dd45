using System.Net;
using System.Net.Sockets;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;
using Baton.Cluster.Records;
using Baton.Media.Ng;
using Baton.Media.Sdp;
using Baton.Srtp;
using Baton.Voice.Controller;
using Microsoft.Extensions.Logging.Abstractions;
using static Baton.Voice.Tests.Controller.ControllerStage;

namespace Baton.Voice.Tests.Controller;

/// <summary>The shell, with a client on UDP and media gateways on gRPC with mutual TLS.</summary>
public sealed class ControllerProcessTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("baton-controller-").FullName;
    private readonly List<ControllerProcess> _controllers = [];
    private readonly ClusterKeys _keys = ClusterKeys.Of(1, new byte[32]);
    private FakeMember _a = null!, _b = null!;

    public async ValueTask InitializeAsync()
    {
        Pki pki = Pki.Init(_directory, "test");
        pki.Issue("handler", "h");
        pki.Issue("gateway", "a");
        pki.Issue("gateway", "b");
        _a = await FakeMember.StartAsync("a", Tls("a"), active: true);
        _b = await FakeMember.StartAsync("b", Tls("b"), active: false);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ControllerProcess controller in _controllers)
            await controller.DisposeAsync();
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        _keys.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Each call is told to every member, keys included: a takeover needs nothing from here.</summary>
    [Fact]
    public async Task ACallIsToldToEveryMember()
    {
        using Client client = await StartAsync();
        Assert.Equal("pong", (await client.AskAsync(("command", "ping"))).Find("result")!.ToString());
        await client.OfferAsync(Phone(4_000), ("transport-protocol", "RTP/SAVP"));
        await client.AnswerAsync(Phone(5_000, "RTP/SAVP", attributes: CryptoLine(1, SrtpSuite.AesCm128Tag80, 7)));
        MediaCall call = Assert.Single(_a.Calls).Value;
        Assert.Equal(call, Assert.Single(_b.Calls).Value);
        Assert.Equal((2UL, "c", "127.0.0.9", 4_000U, 5_000U, true), (call.Version, call.Name, call.A.LocalAddress, call.A.PhoneRtpPort, call.B.PhoneRtpPort, call.B.Answered));
        Assert.Equal((MediaTransport.Plain, MediaTransport.Srtp, "AES_CM_128_HMAC_SHA1_80", 30), (call.A.Transport, call.B.Transport, call.B.PhoneKey.Suite, call.B.OurKey.KeyAndSalt.Length));
        BencodeValue.Dictionary query = await client.AskAsync(("command", "query"), ("call-id", "c"));
        Assert.Equal("10", ((BencodeValue.Dictionary)((BencodeValue.Dictionary)query.Find("totals")!).Find("RTP")!).Find("packets")!.ToString());
        Assert.Equal("c", ((BencodeValue.List)(await client.AskAsync(("command", "list"))).Find("calls")!).Items[0].ToString());
        await client.AskAsync(("command", "delete"), ("call-id", "c"));
        await EventuallyAsync(() => _a.Calls.IsEmpty && _b.Calls.IsEmpty, "ended at both");
    }

    /// <summary>The active dies and the standby carries on: nothing is asked of the controller; new calls go on, and who comes back is told all.</summary>
    [Fact]
    public async Task WhoWasAwayIsToldEverything()
    {
        using Client client = await StartAsync();
        await client.OfferAsync(Phone(4_000));
        await client.AnswerAsync(Phone(5_000));
        await _a.StopAsync();
        _b.TakeOver();
        await EventuallyAsync(() => Counter("group.g.members") == 1 && Counter("group.g.works") == 1, "b carries the media");
        await client.OfferAsync(Phone(4_100), ("call-id", "d"));
        Assert.Equal(2, _b.Calls.Count);
        await _a.StartAsync();
        await EventuallyAsync(() => _a.Calls.Count == 2, "a has both calls");
        Assert.Equal(_b.Calls.Values.OrderBy(call => call.Id), _a.Calls.Values.OrderBy(call => call.Id));
    }

    /// <summary>A controller that begins anew finds its calls at the media gateways: it can offer again in them, and end them, and gives none of their ports away.</summary>
    [Fact]
    public async Task AControllerThatBeginsAnewFindsItsCalls()
    {
        using (Client client = await StartAsync())
        {
            await client.OfferAsync(Phone(4_000), ("transport-protocol", "RTP/SAVP"), ("label", "caller"));
            await client.AnswerAsync(Phone(5_000, "RTP/SAVP", attributes: CryptoLine(1, SrtpSuite.AesCm128Tag80, 7)));
            await client.OfferAsync(Phone(4_100), ("call-id", "nobody answered"));
        }

        await _controllers[0].DisposeAsync();
        _controllers.Clear();
        MediaCall before = _a.Calls.Values.Single(call => call.Name == "c");
        _b.Calls.Clear();
        using Client again = await StartAsync();
        Assert.Equal((1UL, 1UL, 1UL, 2UL), (Counter("calls.now"), Counter("calls.restored"), Counter("calls.not-restored"), Counter("calls.port-pairs")));
        await EventuallyAsync(() => _a.Calls.Count == 1 && _b.Calls.Count == 1, "the old call is at both, the other at none");
        Assert.Equal(before, _b.Calls.Values.Single());
        SdpSession offered = await again.OfferAsync(Phone(4_444), ("to-tag", "t"), ("transport-protocol", "RTP/SAVP"));
        Assert.Equal((int)before.B.LocalRtpPort, offered.Media[0].Port);
        Assert.Contains($"1 AES_CM_128_HMAC_SHA1_80 inline:{before.B.OurKey.KeyAndSalt.ToBase64()}", offered.Media[0].Attributes("crypto"));
        await again.AnswerAsync(Phone(5_000, "RTP/SAVP", attributes: CryptoLine(1, SrtpSuite.AesCm128Tag80, 7)));
        MediaCall after = _a.Calls.Values.Single();
        Assert.Equal((before.Id, before.Version + 1, before.B.OurKey, 4_444U), (after.Id, after.Version, after.B.OurKey, after.A.PhoneRtpPort));
        HashSet<uint> used = [after.A.LocalRtpPort, after.B.LocalRtpPort];
        for (int i = 0; i < 3; i++)
            Assert.DoesNotContain((uint)(await again.OfferAsync(Phone(4_100), ("call-id", $"n{i}"))).Media[0].Port, used);
        await again.AskAsync(("command", "delete"), ("call-id", "c"));
        await EventuallyAsync(() => !_a.Calls.ContainsKey(before.Id) && !_b.Calls.ContainsKey(before.Id), "ended at both");
    }

    /// <summary>Who carries the media is seen also where its word was said before anybody listened.</summary>
    [Fact]
    public async Task WhoCarriesTheMediaIsLookedFor()
    {
        using Client client = await StartAsync();
        _a.Active = false;
        await EventuallyAsync(() => Counter("group.g.works") == 0, "nobody carries the media");
        Assert.Equal("NoGateway", Error(await client.AskAsync(("command", "offer"), ("call-id", "c"), ("from-tag", "f"), ("sdp", Phone(4_000)))));
        _b.Active = true;
        await EventuallyAsync(() => Counter("group.g.works") == 1, "b does");
        await client.OfferAsync(Phone(4_000));
    }

    [Fact]
    public async Task WhatAMemberRefusesIsNotPromised()
    {
        using Client client = await StartAsync();
        _b.Refuses = MediaVerdict.MediaPortTaken;
        BencodeValue.Dictionary answer = await client.AskAsync(("command", "offer"), ("call-id", "c"), ("from-tag", "f"), ("sdp", Phone(4_000)));
        Assert.Equal("PortsTaken: b: MediaPortTaken", Error(answer));
        await EventuallyAsync(() => _a.Calls.IsEmpty && Counter("calls.port-pairs") == 0, "taken back");
    }

    [Fact]
    public async Task SilenceEndsACall()
    {
        using Client client = await StartAsync();
        await client.OfferAsync(Phone(4_000));
        await client.AnswerAsync(Phone(5_000));
        _a.Say(new CallEvent { Kind = CallEventKind.CallSilent, Id = _a.Calls.Keys.Single() });
        await EventuallyAsync(() => _a.Calls.IsEmpty && _b.Calls.IsEmpty && Counter("calls.ended.silent") == 1, "ended");
    }

    /// <summary>Nobody who may not ask is answered.</summary>
    [Fact]
    public async Task StrangersAreDropped()
    {
        using Client client = await StartAsync(clients: [IPNetwork.Parse("127.0.0.77/32")]);
        client.Send(Datagram("1", ("command", "ping")));
        await EventuallyAsync(() => Counter("ng.strangers") == 1, "counted");
        Assert.Equal(0UL, Counter("ng.ponged"));
    }

    [Fact]
    public async Task BothFamilies()
    {
        using Client client = await StartAsync(IPAddress.IPv6Loopback);
        Assert.Equal("pong", (await client.AskAsync(("command", "ping"))).Find("result")!.ToString());
    }

    [Fact]
    public void OneOutcomeOfManyAnswers()
    {
        MediaReply granted = new() { Verdict = MediaVerdict.MediaGranted }, old = new() { Verdict = MediaVerdict.MediaOldVersion }, bad = new() { Verdict = MediaVerdict.MediaBadCall, Member = "b", Detail = "why" };
        Assert.Equal(OrderOutcome.Granted, MediaGroupShell.Reduce([granted, null, old]).Outcome);
        Assert.Equal(OrderOutcome.NoAnswer, MediaGroupShell.Reduce([null, null]).Outcome);
        Assert.Equal(OrderOutcome.NoAnswer, MediaGroupShell.Reduce([]).Outcome);
        Assert.Equal((OrderOutcome.Refused, "b: MediaBadCall why"), MediaGroupShell.Reduce([granted, bad]));
        Assert.Equal(OrderOutcome.PortTaken, MediaGroupShell.Reduce([new MediaReply { Verdict = MediaVerdict.MediaPortTaken }]).Outcome);
    }

    private async Task<Client> StartAsync(IPAddress? at = null, IReadOnlyList<IPNetwork>? clients = null)
    {
        at ??= IPAddress.Loopback;
        var controller = new ControllerProcess(
            new NodeOptions
            {
                File = "test",
                Name = "h",
                Role = NodeRole.Controller,
                Cluster = new ClusterOptions("test", null, [], [], []),
                Controller = new ControllerOptions(
                    [new IPEndPoint(at, 0)], clients ?? [new IPNetwork(at, at.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)],
                    [new GroupOptions("g", [new("a", _a.Endpoint.ToString()), new("b", _b.Endpoint.ToString())], [new("pub", IPAddress.Parse("127.0.0.9"), null, null)], 30_000, 30_019)]),
            },
            _keys, Tls("h"), NullLoggerFactory.Instance);
        _controllers.Add(controller);
        controller.Start();
        await EventuallyAsync(() => Counter("group.g.members") == 2 && Counter("group.g.works") == 1, "both members are there");
        return new Client(controller.Endpoints[0]);
    }

    private ulong Counter(string name) => _controllers[^1].Counters.First(counter => counter.Key == name).Value;

    private TlsMaterial Tls(string name)
    {
        string pair = Path.Combine(_directory, name);
        Assert.True(TlsMaterial.TryLoad(Path.Combine(_directory, "ca.crt"), pair + ".crt", pair + ".key", out TlsMaterial tls, out string error), error);
        return tls;
    }

    private static async Task EventuallyAsync(Func<bool> condition, string what)
    {
        for (int i = 0; i < 2_000; i++)
        {
            if (condition())
                return;
            await Task.Delay(5);
        }

        Assert.Fail($"did not come about: {what}");
    }

    /// <summary>A SIP proxy's side of the ng protocol: asks again with the same cookie until it is answered.</summary>
    private sealed class Client(IPEndPoint server) : IDisposable
    {
        private readonly UdpClient _socket = Connected(server);
        private int _cookie;

        internal async Task<BencodeValue.Dictionary> AskAsync(params (string Key, object Value)[] fields)
        {
            string cookie = $"{Environment.ProcessId}_{_cookie++}";
            byte[] request = Datagram(cookie, fields);
            for (int attempt = 0; attempt < 10; attempt++)
            {
                await _socket.SendAsync(request);
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
                try
                {
                    while (true)
                    {
                        byte[] reply = (await _socket.ReceiveAsync(patience.Token)).Buffer;
                        if (reply.AsSpan().StartsWith(System.Text.Encoding.ASCII.GetBytes(cookie + " ")))
                            return ControllerStage.Read(reply)!;
                    }
                }
                catch (OperationCanceledException)
                {
                }
            }

            throw new TimeoutException("no answer");
        }

        internal async Task<SdpSession> OfferAsync(string sdp, params (string Key, object Value)[] more) =>
            ControllerStage.Sdp(await AskAsync([("command", "offer"), .. Call(more), ("from-tag", "f"), ("sdp", sdp), .. more]));

        internal async Task<SdpSession> AnswerAsync(string sdp) =>
            ControllerStage.Sdp(await AskAsync(("command", "answer"), ("call-id", "c"), ("from-tag", "f"), ("to-tag", "t"), ("sdp", sdp)));

        internal void Send(byte[] datagram) => _socket.Send(datagram);

        public void Dispose() => _socket.Dispose();

        private static (string, object)[] Call((string Key, object Value)[] more) => more.Any(field => field.Key == "call-id") ? [] : [("call-id", "c")];

        private static UdpClient Connected(IPEndPoint server)
        {
            var socket = new UdpClient(server.AddressFamily);
            socket.Connect(server);
            return socket;
        }
    }
}
