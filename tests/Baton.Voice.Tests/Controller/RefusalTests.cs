using Baton.Media.Ng;
using Baton.Srtp;
using Baton.Voice.Controller;
using static Baton.Voice.Tests.Controller.ControllerStage;

namespace Baton.Voice.Tests.Controller;

/// <summary>What is refused says why, has its counter, and leaves nothing behind.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly ControllerStage _stage = new();

    public void Dispose() => _stage.Dispose();

    [Theory]
    [InlineData("v=0", "BadSdp: NoOrigin")]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\n", "BadSdp: no media")]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 1 RTP/AVP 0\r\n", "BadSdp: NoConnection")]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 host.example\r\nm=audio 1 RTP/AVP 0\r\n", "BadSdp: m= line 1: c= names no address and port")]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 224.2.1.1/127\r\nm=audio 1 RTP/AVP 0\r\n", "BadSdp: m= line 1: c= names no address and port")]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 224.2.1.1\r\nm=audio 1 RTP/AVP 0\r\n", "BadSdp: m= line 1: c= names no address and port")]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP6 10.0.0.1\r\nm=audio 1 RTP/AVP 0\r\n", "BadSdp: m= line 1: c= names no address and port")]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 10.1\r\nm=audio 1 RTP/AVP 0\r\n", "BadSdp: m= line 1: c= names no address and port")]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 10.0.0.1\r\nm=audio 1 RTP/AVP 0\r\na=rtcp:0\r\n", "BadSdp: m= line 1: a=rtcp names no address and port")]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 10.0.0.1\r\nm=audio 1 RTP/AVP 0\r\na=rtcp:7 IN IP4 h\r\n", "BadSdp: m= line 1: a=rtcp names no address and port")]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 10.0.0.1\r\nm=audio 1/2 RTP/AVP 0\r\n", "Unsupported: m= line 1: several ports")]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 10.0.0.1\r\nm=audio 1 UDP/TLS/RTP/SAVPF 0\r\n", "Unsupported: m= line 1: transport UDP/TLS/RTP/SAVPF")]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 10.0.0.1\r\nm=image 1 udptl t38\r\n", "Unsupported: m= line 1: transport udptl")]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 10.0.0.1\r\nm=audio 1 RTP/SAVP 0\r\na=crypto:1 X inline:y\r\n", "Unsupported: m= line 1: no crypto attribute that we take")]
    public void ADescription(string sdp, string reason)
    {
        Assert.Equal(reason, Error(Offer(sdp)));
        NothingIsLeft();
    }

    public static TheoryData<string, string, string> Unsupported => new()
    {
        { "ICE", "force", "ICE" },
        { "transport-protocol", "UDP/TLS/RTP/SAVPF", "transport-protocol UDP/TLS/RTP/SAVPF" },
        { "flags", "record call", "record-call" },
        { "flags", "codec-strip-G722", "codec" },
        { "flags", "SDES-unauthenticated_srtp", "SDES unauthenticated_srtp" },
        { "replace", "SDP version", "replace SDP-version" },
        { "T.38", "decode", "T.38" },
        { "record-call", "yes", "record-call" },
        { "media-echo", "both", "media-echo" },
        { "rtpp-flags", "replace-origin", "rtpp-flags" },
    };

    [Theory, MemberData(nameof(Unsupported))]
    public void WhatWeDoNotDo(string key, string value, string named)
    {
        object said = key is "flags" or "replace" or "T.38" ? new[] { value } : value;
        Assert.Equal("Unsupported: " + named, Error(Offer(Phone(4_000), (key, said))));
        Assert.Equal(1, _stage.Core.Count(ControllerVerdict.Unsupported));
        NothingIsLeft();
    }

    [Fact]
    public void SrtpWithoutItsKeys() =>
        Assert.Equal("Unsupported: m= line 1: RTP/SAVP without SDES", Error(Offer(Phone(4_000), ("transport-protocol", "RTP/SAVP"), ("SDES", new[] { "off" }))));

    [Fact]
    public void AnAnswerThatDoesNotFit()
    {
        Assert.Equal("NoSuchCall", Error(Answer(Phone(5_000))));
        _stage.Offer(Phone(4_000), ("transport-protocol", "RTP/SAVP"), ("SDES", new[] { "only-AES_CM_128_HMAC_SHA1_80" }));
        Assert.Equal("BadAnswer: m= line 1: RTP/SAVP was offered", Error(Answer(Phone(5_000))));
        Assert.Equal("BadAnswer: m= line 1: not one crypto attribute that was offered", Error(Answer(Phone(5_000, "RTP/SAVP"))));
        Assert.Equal("BadAnswer: m= line 1: not one crypto attribute that was offered", Error(Answer(Phone(5_000, "RTP/SAVP", attributes: CryptoLine(1, SrtpSuite.AesGcm128, 1)))));
        Assert.Equal("BadAnswer: m= line 1: not one crypto attribute that was offered", Error(Answer(Phone(5_000, "RTP/SAVP", attributes: CryptoLine(2, SrtpSuite.AesCm128Tag80, 1)))));
        Assert.Equal("BadAnswer: 2 media, and 1 were offered", Error(Answer(Phone(5_000) + "m=video 1 RTP/AVP 0\r\n")));
        _stage.Answer(Phone(5_000, "RTP/SAVP", attributes: CryptoLine(1, SrtpSuite.AesCm128Tag80, 1)));
        Assert.Equal((5, 1), (_stage.Core.Count(ControllerVerdict.BadAnswer), _stage.Core.Count(ControllerVerdict.Answered)));
    }

    [Fact]
    public void FewerMediaThanBefore()
    {
        _stage.Offer(Phone(4_000) + "m=audio 4002 RTP/AVP 0\r\n");
        Assert.Equal("BadSdp: fewer media than before", Error(Offer(Phone(4_000))));
        Assert.Equal(4, _stage.Core.PortsTaken);
    }

    [Theory]
    [InlineData(OrderOutcome.Refused, "Refused: why")]
    [InlineData(OrderOutcome.PortTaken, "PortsTaken: why")]
    [InlineData(OrderOutcome.NoAnswer, "NoAnswer: why")]
    public void MediaGatewaysThatRefuse(OrderOutcome outcome, string reason)
    {
        _stage.Puts = order => order.B.Rtp % 8 == 30_006 % 8 ? outcome : OrderOutcome.Granted;
        Assert.Equal(reason, Error(Offer(Phone(4_000) + "m=video 4100 RTP/AVP 31\r\n")));
        NothingIsLeft();
        Assert.Equal(outcome == OrderOutcome.PortTaken ? [] : [CallEnd.Failed], _stage.Ends);
    }

    [Fact]
    public void MediaGatewaysThatSayNothing()
    {
        _stage.Puts = _ => null;
        Assert.Null(Offer(Phone(4_000)));
        Assert.Equal(1, _stage.Core.WaitingRequests);
        Assert.Equal("Busy", Error(Offer(Phone(4_000))));
        Assert.Equal("NoAnswer", Error(Read(Assert.Single(_stage.After(TimeSpan.FromMilliseconds(800))))));
        Assert.Equal(0, _stage.Core.WaitingRequests);
        NothingIsLeft();
    }

    /// <summary>What was agreed goes on where a later offer fails.</summary>
    [Fact]
    public void AFailedOfferOfACallThatRuns()
    {
        _stage.Offer(Phone(4_000));
        _stage.Answer(Phone(5_000));
        StreamOrder agreed = Assert.Single(_stage.Media).Value;
        _stage.Puts = _ => OrderOutcome.Refused;
        Assert.Equal("Refused: why", Error(Offer(Phone(4_444) + "m=video 4100 RTP/AVP 31\r\n", ("to-tag", "t"))));
        Assert.Same(agreed, Assert.Single(_stage.Media).Value);
        Assert.Equal((1, 2), (_stage.Core.Calls, _stage.Core.PortsTaken));
    }

    [Fact]
    public void BoundsAreBounds()
    {
        using var small = new ControllerStage(new ControllerPolicy { MostCalls = 2, MostBranches = 2, MostStreams = 2 }, ports: 7);
        Assert.Equal("BadSdp: more than 2 media", Error(small.Ask(Request("a", sdp: Phone(1) + "m=audio 1 RTP/AVP 0\r\nm=audio 1 RTP/AVP 0\r\n"))));
        Assert.Equal("ok", small.Ask(Request("a"))!.Find("result")!.ToString());
        Assert.Equal("ok", small.Ask([.. Request("a"), ("via-branch", "2")])!.Find("result")!.ToString());
        Assert.Equal("TooManyBranches", Error(small.Ask([.. Request("a"), ("via-branch", "3")])));
        Assert.Equal("NoPorts", Error(small.Ask(Request("b", sdp: Phone(1) + "m=audio 1 RTP/AVP 0\r\n"))));
        Assert.Equal(4, small.Core.PortsTaken);
        Assert.Equal("ok", small.Ask(Request("b"))!.Find("result")!.ToString());
        Assert.Equal("TooManyCalls", Error(small.Ask(Request("c"))));
        BencodeValue.Dictionary limited = small.Ask([.. Request("c"), ("supports", new[] { "load limit" })])!;
        Assert.Equal(("load limit", "TooManyCalls"), (limited.Find("result")!.ToString(), limited.Find("message")!.ToString()));
        small.Step(new ControllerInput.GroupWorks("g", false));
        small.Ask(("command", "delete"), ("call-id", "a"));
        Assert.Null(small.Ask(Request("c")));
        Assert.Equal("NoGateway", Error(Read(Assert.Single(small.After(TimeSpan.FromMilliseconds(801))))));
    }

    [Fact]
    public void AFloodIsDropped()
    {
        using var calm = new ControllerStage(new ControllerPolicy { RequestsPerSecond = 10, RequestsAtOnce = 5 });
        for (int i = 0; i < 8; i++)
            calm.Ask(("command", "ping"));
        Assert.Equal((5, 3), (calm.Core.Count(ControllerVerdict.Ponged), calm.Core.Count(ControllerVerdict.Flooded)));
        calm.After(TimeSpan.FromMilliseconds(100));
        Assert.Equal("pong", calm.Ask(("command", "ping"))!.Find("result")!.ToString());
    }

    private BencodeValue.Dictionary? Offer(string sdp, params (string, object)[] more) => _stage.Ask([.. Request("c", sdp), .. more]);

    private BencodeValue.Dictionary? Answer(string sdp) => _stage.Ask(("command", "answer"), ("call-id", "c"), ("from-tag", "f"), ("to-tag", "t"), ("sdp", sdp));

    private static (string, object)[] Request(string call, string? sdp = null) => [("command", "offer"), ("call-id", call), ("from-tag", "f"), ("sdp", sdp ?? Phone(4_000))];

    private void NothingIsLeft() => Assert.Equal((0, 0, 0, 0), (_stage.Core.Calls, _stage.Core.Streams, _stage.Core.PortsTaken, _stage.Media.Count));
}
