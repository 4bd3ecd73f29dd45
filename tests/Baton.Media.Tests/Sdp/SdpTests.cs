using System.Net;
using Baton.Media.Sdp;

namespace Baton.Media.Tests.Sdp;

public sealed class SdpTests
{
    private const string Call =
        "v=0\r\no=alice 2890844526 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\na=ice-lite\r\n"
        + "m=audio 49170 RTP/SAVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\na=rtcp:49180\r\n"
        + "a=candidate:1 1 UDP 1 10.0.0.1 49170 typ host\r\na=sendrecv\r\n"
        + "m=video 0 RTP/AVP 31\r\nc=IN IP6 ::1\r\n";

    [Fact]
    public void WhatIsNotKnownStaysAsItCame()
    {
        Assert.Equal(SdpVerdict.Parsed, SdpSession.TryParse(Call, out SdpSession? session));
        Assert.Equal(Call, session!.Write());
        Assert.Equal(SdpVerdict.Parsed, SdpSession.TryParse(Call.Replace("\r", "", StringComparison.Ordinal), out session));
        Assert.Equal(Call, session!.Write());
        Assert.Equal(["1 AES_CM_128_HMAC_SHA1_80 inline:x"], session.Media[0].Attributes("crypto"));
        Assert.Equal([""], session.Media[0].Attributes("sendrecv"));
        Assert.Empty(session.Media[0].Attributes("rtc"));
    }

    [Fact]
    public void AGatewayPutsItselfInBetween()
    {
        Assert.Equal(SdpVerdict.Parsed, SdpSession.TryParse(Call, out SdpSession? session));
        SdpMediaRewrite audio = new(30_000, null, "RTP/AVP", []), video = new(30_002, null, "RTP/AVP", []);
        Assert.Equal(
            "v=0\r\no=alice 2890844526 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
            + "m=audio 30000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
            + "m=video 0 RTP/AVP 31\r\nc=IN IP4 192.0.2.9\r\n",
            new SdpRewrite(IPAddress.Parse("192.0.2.9"), Origin: true, RemoveIce: true, [audio, video]).Apply(session!).Write());
        Assert.Equal(
            "v=0\r\no=alice 2890844526 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP6 2001:db8::9\r\nt=0 0\r\na=ice-lite\r\n"
            + "m=audio 30000 RTP/SAVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
            + "a=candidate:1 1 UDP 1 10.0.0.1 49170 typ host\r\na=sendrecv\r\na=rtcp:30001\r\na=crypto:1 A inline:y\r\na=crypto:2 B inline:z\r\n"
            + "m=video 0 RTP/AVP 31\r\nc=IN IP6 2001:db8::9\r\n",
            new SdpRewrite(
                IPAddress.Parse("2001:db8::9"), Origin: false, RemoveIce: false,
                [audio with { RtcpPort = 30_001, Transport = "RTP/SAVP", Crypto = ["1 A inline:y", "2 B inline:z"] }, video]).Apply(session!).Write());
        Assert.Throws<ArgumentException>(() => new SdpRewrite(IPAddress.Loopback, false, false, [audio]).Apply(session!));
    }

    [Theory]
    [InlineData("", SdpVerdict.BadLine)]
    [InlineData("v=1\r\n", SdpVerdict.NoVersion)]
    [InlineData("o=- 1 1 IN IP4 h\r\n", SdpVerdict.NoVersion)]
    [InlineData("m=audio 1 RTP/AVP 0\r\n", SdpVerdict.NoVersion)]
    [InlineData("v=0\r\n", SdpVerdict.NoOrigin)]
    [InlineData("v=0\r\no=- 1 1 IN IP4\r\n", SdpVerdict.BadOrigin)]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\no=- 1 1 IN IP4 h\r\n", SdpVerdict.BadOrigin)]
    [InlineData("v=0\r\n\r\no=- 1 1 IN IP4 h\r\n", SdpVerdict.BadLine)]
    [InlineData("v=0\r\nhello\r\n", SdpVerdict.BadLine)]
    [InlineData("v=0\r\nV=0\r\n", SdpVerdict.BadLine)]
    [InlineData("v=0\r\na=\0\r\n", SdpVerdict.BadLine)]
    [InlineData("v=0\r\na=a\rb\r\n", SdpVerdict.BadLine)]
    [InlineData("v=0\r\nc=IN IP5 h\r\n", SdpVerdict.BadConnection)]
    [InlineData("v=0\r\nc=IN IP4 \r\n", SdpVerdict.BadConnection)]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 1 RTP/AVP\r\n", SdpVerdict.BadMedia)]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 65536 RTP/AVP 0\r\n", SdpVerdict.BadMedia)]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio -1 RTP/AVP 0\r\n", SdpVerdict.BadMedia)]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 1/0 RTP/AVP 0\r\n", SdpVerdict.BadMedia)]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 1/2/3 RTP/AVP 0\r\n", SdpVerdict.BadMedia)]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio  RTP/AVP 0\r\n", SdpVerdict.BadMedia)]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 1 RTP/AVP 0\r\n", SdpVerdict.NoConnection)]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 0 RTP/AVP 0\r\n", SdpVerdict.Parsed)]
    [InlineData("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 2/2 RTP/AVP 0\r\nc=IN IP4 224.2.1.1/127\r\n", SdpVerdict.Parsed)]
    public void EachTextHasItsVerdict(string text, SdpVerdict verdict)
    {
        Assert.Equal(verdict, SdpSession.TryParse(text, out SdpSession? session));
        Assert.Equal(verdict == SdpVerdict.Parsed, session is not null);
    }

    [Fact]
    public void LengthAndMediaAreBounded()
    {
        const string Head = "v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 h\r\n", Media = "m=audio 1 RTP/AVP 0\r\n";
        Assert.Equal(SdpVerdict.Parsed, SdpSession.TryParse(Head + string.Concat(Enumerable.Repeat(Media, SdpSession.MaximumMedia)), out _));
        Assert.Equal(SdpVerdict.TooManyMedia, SdpSession.TryParse(Head + string.Concat(Enumerable.Repeat(Media, SdpSession.MaximumMedia + 1)), out _));
        Assert.Equal(SdpVerdict.TooLong, SdpSession.TryParse(Head + "a=" + new string('x', SdpSession.MaximumLength), out _));
    }
}
