using System.Net;
using Baton.Media.Ng;
using Baton.Media.Sdp;
using Baton.Srtp;
using Baton.Voice.Controller;
using static Baton.Voice.Tests.Controller.ControllerStage;

namespace Baton.Voice.Tests.Controller;

public sealed class OfferAnswerTests : IDisposable
{
    private readonly ControllerStage _stage = new();

    public void Dispose() => _stage.Dispose();

    [Fact]
    public void APlainCallIsPlacedBetweenItsPhones()
    {
        SdpSession offered = _stage.Offer(Phone(4_000), ("replace", new[] { "origin", "session connection" }));
        Assert.Equal("IN IP4 203.0.113.9", offered.Lines.Single(line => line.Type == 'c').Value);
        Assert.Equal("- 1 1 IN IP4 203.0.113.9", offered.Lines.Single(line => line.Type == 'o').Value);
        Assert.Equal((30_002, "RTP/AVP"), (offered.Media[0].Port, offered.Media[0].Transport));
        StreamOrder before = Assert.Single(_stage.Media).Value;
        Assert.Equal((true, false, 1UL), (before.A.Rtp == 30_000, before.A.Answered || before.B.Answered, before.Version));

        SdpSession answered = _stage.Answer(Phone(5_000, address: "IP4 198.51.100.2"), ("replace", new[] { "origin", "session-connection" }));
        Assert.Equal(30_000, answered.Media[0].Port);
        StreamOrder after = Assert.Single(_stage.Media).Value;
        Assert.Equal((2UL, "c", true, true), (after.Version, after.Name, after.A.Answered, after.B.Answered));
        Assert.Equal((IPEndPoint.Parse("198.51.100.1:4000"), IPEndPoint.Parse("198.51.100.2:5000")), (after.A.Phone, after.B.Phone));
        Assert.Equal((IPEndPoint.Parse("198.51.100.1:4001"), 30_001), (after.A.PhoneRtcp, after.A.Rtcp));
        Assert.Equal((Ours, Ours, false, false), (after.A.Address, after.B.Address, after.A.Srtp, after.B.Srtp));
    }

    /// <summary>Without the word, the session's own lines stay, and each media has the address.</summary>
    [Fact]
    public void OnlyWhatIsAskedForIsReplaced()
    {
        SdpSession offered = _stage.Offer(Phone(4_000));
        Assert.Equal(["IN IP4 198.51.100.1"], offered.Lines.Where(line => line.Type == 'c').Select(line => line.Value));
        Assert.Equal("- 1 1 IN IP4 198.51.100.1", offered.Lines.Single(line => line.Type == 'o').Value);
        Assert.Equal(new SdpLine('c', "IN IP4 203.0.113.9"), offered.Media[0].Lines[0]);
    }

    [Fact]
    public void SrtpOnOneSide()
    {
        SdpSession offered = _stage.Offer(Phone(4_000), ("transport-protocol", "RTP/SAVP"), ("SDES", new[] { "no-AES_CM_128_HMAC_SHA1_80", "no-AEAD_AES_256_GCM" }));
        Assert.Equal("RTP/SAVP", offered.Media[0].Transport);
        string[] lines = [.. offered.Media[0].Attributes("crypto")];
        Assert.Equal(["1 AES_CM_128_HMAC_SHA1_32", "2 AES_256_CM_HMAC_SHA1_80", "3 AES_256_CM_HMAC_SHA1_32", "4 AEAD_AES_128_GCM"], lines.Select(line => line[..line.IndexOf(" inline", StringComparison.Ordinal)]));

        SdpSession answered = _stage.Answer(Phone(5_000, "RTP/SAVP", attributes: CryptoLine(4, SrtpSuite.AesGcm128, 7)));
        Assert.Equal("RTP/AVP", answered.Media[0].Transport);
        Assert.Empty(answered.Media[0].Attributes("crypto"));
        StreamOrder order = Assert.Single(_stage.Media).Value;
        Assert.Equal((false, true, "plain", "plain"), (order.A.Srtp, order.B.Srtp, Key(order.A.OurKey), Key(order.A.PhoneKey)));
        Assert.Equal($"4 {Key(order.B.OurKey).Replace(" ", " inline:", StringComparison.Ordinal)}", lines[3]);
        Assert.Equal(CryptoLine(4, SrtpSuite.AesGcm128, 7), $"crypto:4 {Key(order.B.PhoneKey).Replace(" ", " inline:", StringComparison.Ordinal)}");
    }

    [Fact]
    public void TheCallersSrtpEndsHere()
    {
        SdpSession offered = _stage.Offer(
            Phone(4_000, "RTP/SAVP", attributes: ["crypto:1 F8_128_HMAC_SHA1_80 inline:x", CryptoLine(2, SrtpSuite.AesCm128Tag32, 1), CryptoLine(3, SrtpSuite.AesCm128Tag80, 2)]), ("transport-protocol", "RTP/AVP"));
        Assert.Equal("RTP/AVP", offered.Media[0].Transport);
        Assert.Empty(offered.Media[0].Attributes("crypto"));
        SdpSession answered = _stage.Answer(Phone(5_000));
        Assert.Equal("RTP/SAVP", answered.Media[0].Transport);
        StreamOrder order = Assert.Single(_stage.Media).Value;
        Assert.Equal([$"2 {Key(order.A.OurKey).Replace(" ", " inline:", StringComparison.Ordinal)}"], answered.Media[0].Attributes("crypto"));
        Assert.Equal(CryptoLine(2, SrtpSuite.AesCm128Tag32, 1), $"crypto:2 {Key(order.A.PhoneKey).Replace(" ", " inline:", StringComparison.Ordinal)}");
        Assert.Equal("plain", Key(order.B.PhoneKey));
    }

    /// <summary>A new offer changes nothing before its answer, and goes on under the keys and ports that are there.</summary>
    [Fact]
    public void AnotherOfferKeepsPortsAndKeys()
    {
        SdpSession first = _stage.Offer(Phone(4_000), ("transport-protocol", "RTP/SAVP"));
        _stage.Answer(Phone(5_000, "RTP/SAVP", attributes: CryptoLine(1, SrtpSuite.AesCm128Tag80, 7)));
        StreamOrder agreed = Assert.Single(_stage.Media).Value;

        SdpSession second = _stage.Offer(Phone(4_444), ("to-tag", "t"), ("transport-protocol", "RTP/SAVP"));
        Assert.Equal(first.Media[0].Attributes("crypto"), second.Media[0].Attributes("crypto"));
        Assert.Same(agreed, Assert.Single(_stage.Media).Value);
        _stage.Answer(Phone(5_000, "RTP/SAVP", attributes: CryptoLine(1, SrtpSuite.AesCm128Tag80, 7)));
        StreamOrder moved = Assert.Single(_stage.Media).Value;
        Assert.Equal((agreed.Id, 3UL, 4_444), (moved.Id, moved.Version, moved.A.Phone!.Port));
        Assert.Same(agreed.B.PhoneKey, moved.B.PhoneKey);
    }

    [Fact]
    public void TheAnswererMayOfferToo()
    {
        _stage.Offer(Phone(4_000));
        _stage.Answer(Phone(5_000));
        SdpSession offered = ControllerStage.Sdp(_stage.Ask(("command", "offer"), ("call-id", "c"), ("from-tag", "t"), ("to-tag", "f"), ("sdp", Phone(5_555))));
        Assert.Equal(30_000, offered.Media[0].Port);
        SdpSession answered = ControllerStage.Sdp(_stage.Ask(("command", "answer"), ("call-id", "c"), ("from-tag", "t"), ("to-tag", "f"), ("sdp", Phone(4_000))));
        Assert.Equal(30_002, answered.Media[0].Port);
        StreamOrder order = Assert.Single(_stage.Media).Value;
        Assert.Equal((4_000, 5_555), (order.A.Phone!.Port, order.B.Phone!.Port));
        Assert.Equal(1, _stage.Core.Calls);
    }

    /// <summary>183 and then 200 with the same description: nothing to be told twice.</summary>
    [Fact]
    public void AnAnswerMayComeAgain()
    {
        _stage.Offer(Phone(4_000));
        _stage.Answer(Phone(5_000));
        int puts = _stage.PutsSeen;
        _stage.Answer(Phone(5_000));
        Assert.Equal(puts, _stage.PutsSeen);
        _stage.Answer(Phone(5_002));
        Assert.Equal(puts + 1, _stage.PutsSeen);
    }

    /// <summary>Forks: each branch has ports of its own, and the phone that answers is found by its branch.</summary>
    [Fact]
    public void BranchesAreToldApart()
    {
        int one = _stage.Offer(Phone(4_000), ("via-branch", "z1")).Media[0].Port;
        int two = _stage.Offer(Phone(4_000), ("via-branch", "z2")).Media[0].Port;
        Assert.NotEqual(one, two);
        _stage.Answer(Phone(5_000), ("via-branch", "z2"));
        Assert.Equal(5_000, _stage.Media.Values.Single(order => order.B.Rtp == two).B.Phone!.Port);
        Assert.Null(_stage.Media.Values.Single(order => order.B.Rtp == one).B.Phone);
        _stage.Ask(("command", "delete"), ("call-id", "c"), ("from-tag", "f"), ("via-branch", "z1"));
        Assert.Equal(two, Assert.Single(_stage.Media).Value.B.Rtp);
        _stage.Ask(("command", "delete"), ("call-id", "c"), ("from-tag", "f"));
        Assert.Equal((0, 0, 0), (_stage.Media.Count, _stage.Core.Calls, _stage.Core.PortsTaken));
    }

    [Fact]
    public void SeveralMediaAndOneThatIsRejected()
    {
        string two = Phone(4_000) + "m=video 4100 RTP/AVP 31\r\na=rtcp:4200\r\nm=audio 0 RTP/AVP 0\r\n";
        SdpSession offered = _stage.Offer(two);
        Assert.Equal([30_002, 30_006, 0], offered.Media.Select(media => media.Port));
        Assert.Equal(4, _stage.Core.PortsTaken);
        SdpSession answered = _stage.Answer(Phone(5_000) + "m=video 0 RTP/AVP 31\r\nm=audio 0 RTP/AVP 0\r\n");
        Assert.Equal([30_000, 0, 0], answered.Media.Select(media => media.Port));
        Assert.Equal((2, 1), (_stage.Core.PortsTaken, _stage.Media.Count));

        // A later offer may use the media again.
        _stage.Offer(two, ("to-tag", "t"));
        Assert.Equal(4, _stage.Core.PortsTaken);
        _stage.Answer(Phone(5_000) + "m=video 5100 RTP/AVP 31\r\nm=audio 0 RTP/AVP 0\r\n");
        StreamOrder video = _stage.Media.Values.Single(order => order.B.Phone!.Port == 5_100);
        Assert.Equal((4_100, 4_200), (video.A.Phone!.Port, video.A.PhoneRtcp!.Port));
    }

    [Theory]
    [InlineData(false, "", false, true, false, false)]
    [InlineData(true, "", true, true, true, true)]
    [InlineData(true, "", true, false, false, false)]
    [InlineData(true, "demux", false, true, false, true)]
    [InlineData(true, "accept", true, false, false, true)]
    [InlineData(false, "offer", true, true, true, false)]
    [InlineData(true, "reject", false, true, false, false)]
    [InlineData(false, "require", true, false, true, false)]
    public void RtpAndRtcpOnOnePort(bool caller, string word, bool offered, bool answerer, bool muxB, bool muxA)
    {
        SdpSession offer = _stage.Offer(caller ? Phone(4_000, attributes: "rtcp-mux") : Phone(4_000), ("rtcp-mux", word.Length == 0 ? [] : new[] { word }));
        Assert.Equal(offered, offer.Media[0].Attributes("rtcp-mux").Any());
        Assert.Equal(word == "require" ? ["30002"] : [], offer.Media[0].Attributes("rtcp"));
        SdpSession answer = _stage.Answer(answerer ? Phone(5_000, attributes: "rtcp-mux") : Phone(5_000));
        Assert.Equal(muxA, answer.Media[0].Attributes("rtcp-mux").Any());
        StreamOrder order = Assert.Single(_stage.Media).Value;
        Assert.Equal((muxA, muxB), (order.A.Mux, order.B.Mux));
    }

    [Fact]
    public void IceAndGroupsGo()
    {
        SdpSession offered = _stage.Offer(
            "v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\na=ice-lite\r\na=group:BUNDLE 0\r\nm=audio 4000 RTP/AVPF 0\r\n"
            + "a=candidate:1 1 UDP 1 10.0.0.1 49170 typ host\r\na=ice-ufrag:x\r\na=rtcp-fb:* nack\r\na=mid:0\r\n",
            ("ICE", "remove"), ("transport-protocol", "RTP/AVP"));
        Assert.DoesNotContain(offered.Lines, line => line.Type == 'a');
        Assert.Equal(["mid:0"], offered.Media[0].Lines.Where(line => line.Type == 'a').Select(line => line.Value));
    }

    /// <summary>RFC 3264 8.4: hold of the old kind. The zero passes, and the phone must speak first.</summary>
    [Fact]
    public void ZeroAddressesPassUnlessTheyAreToBeReplaced()
    {
        SdpSession offered = _stage.Offer(Phone(4_000, address: "IP4 0.0.0.0"), ("replace", new[] { "session-connection" }));
        Assert.Contains(new SdpLine('c', "IN IP4 0.0.0.0"), offered.Media[0].Lines);
        Assert.Null(Assert.Single(_stage.Media).Value.A.Phone);
        offered = _stage.Offer(Phone(4_000, address: "IP4 0.0.0.0"), ("replace", new[] { "session-connection", "zero-address" }));
        Assert.DoesNotContain(offered.Media[0].Lines, line => line.Type == 'c');
    }

    [Fact]
    public void FamiliesAndNetworks()
    {
        Assert.Contains(new SdpLine('c', "IN IP6 2001:db8::9"), _stage.Offer(Phone(4_000), ("address family", "IP6")).Media[0].Lines);
        StreamOrder order = Assert.Single(_stage.Media).Value;
        Assert.Equal((Ours, Ours6), (order.A.Address, order.B.Address));

        IPAddress inside = IPAddress.Parse("10.0.0.9"), outside = IPAddress.Parse("192.0.2.9"), said = IPAddress.Parse("203.0.113.1");
        using var two = new ControllerStage(networks: [new MediaNetwork("pub", outside, null, said), new MediaNetwork("priv", inside, null)]);
        Assert.Contains(new SdpLine('c', "IN IP4 203.0.113.1"), two.Offer(Phone(4_000), ("direction", new[] { "priv", "pub" })).Media[0].Lines);
        order = Assert.Single(two.Media).Value;
        Assert.Equal((inside, outside), (order.A.Address, order.B.Address));
        Assert.Contains(new SdpLine('c', "IN IP4 10.0.0.9"), two.Answer(Phone(5_000)).Media[0].Lines);
        Assert.Equal("NoAddress: pub", Error(two.Ask(("command", "offer"), ("call-id", "d"), ("from-tag", "f"), ("sdp", Phone(4_000)), ("address-family", "IP6"))));
        Assert.Equal("Unsupported: direction: no such network",
            Error(two.Ask(("command", "offer"), ("call-id", "d"), ("from-tag", "f"), ("sdp", Phone(4_000)), ("direction", new[] { "priv", "moon" }))));
    }

    [Fact]
    public void WhereAPhoneIsMayBeSaidFromOutside()
    {
        _stage.Offer(Phone(4_000), ("flags", new[] { "SIP source address" }), ("received from", new[] { "IP4", "192.0.2.77" }));
        Assert.Equal(IPEndPoint.Parse("192.0.2.77:4000"), Assert.Single(_stage.Media).Value.A.Phone);
        _stage.Answer(Phone(5_000), ("media address", "192.0.2.88"));
        Assert.Equal(IPEndPoint.Parse("192.0.2.88:5000"), Assert.Single(_stage.Media).Value.B.Phone);
    }
}
