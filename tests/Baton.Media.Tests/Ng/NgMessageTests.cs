using System.Globalization;
using System.Net;
using System.Text;
using Baton.Media.Ng;

namespace Baton.Media.Tests.Ng;

public sealed class NgMessageTests
{
    /// <summary>As Kamailio's rtpengine module writes it.</summary>
    [Fact]
    public void AnOfferIsRead()
    {
        Assert.Equal(NgVerdict.Parsed, Parse("c1_7 d3:sdp4:v=0\n3:ICE6:remove5:flagsl13:trust addresse7:replacel6:origin18:session-connectione18:transport-protocol8:RTP/SAVP"
            + "8:rtcp-muxl5:demuxe7:call-id3:abc13:received-froml3:IP47:1.2.3.4e8:from-tag1:f7:command5:offere", out string cookie, out NgRequest? request, out _));
        Assert.Equal("c1_7", cookie);
        NgRequest.Offer offer = Assert.IsType<NgRequest.Offer>(request);
        Assert.Equal(("abc", "f", null, null, "v=0\n"), (offer.CallId, offer.FromTag, offer.ToTag, offer.ViaBranch, offer.Sdp));
        Assert.True(offer.Options.Has("trust-address") && offer.Options.Replaces("origin") && offer.Options.Replaces("session-connection"));
        Assert.False(offer.Options.Has("symmetric"));
        Assert.Equal((NgIce.Remove, "RTP/SAVP", IPAddress.Parse("1.2.3.4")), (offer.Options.Ice, offer.Options.Transport, offer.Options.ReceivedFrom));
        Assert.Equal(["demux"], offer.Options.RtcpMux);
    }

    /// <summary>Keys and words with spaces, words among the flags, and what is not done by its name.</summary>
    [Fact]
    public void OptionsAreReadHoweverTheyAreWritten()
    {
        NgOptions options = Options("13:received froml3:IP64:::1fe5:flagsl14:replace-origin10:SDES-no-XY14:rtcp-mux-demux8:fantasiae14:address family3:IP613:media address7:1.2.3.45:label1:l9:directionl1:a1:be8:supportsl10:load limite");
        Assert.True(options.Replaces("origin") && options.Mux("demux") && options.Has("fantasia") && options.KnowsLoadLimit);
        Assert.Equal(["no-XY"], options.Sdes);
        Assert.Equal((System.Net.Sockets.AddressFamily.InterNetworkV6, IPAddress.Parse("1.2.3.4"), "l", IPAddress.Parse("::1f")), (options.Family, options.MediaAddress, options.Label, options.ReceivedFrom));
        Assert.Equal(["a", "b"], options.Direction);
        Assert.Null(options.Unsupported);
        Assert.Equal("record-call", Options("11:record call3:yes").Unsupported);
        Assert.Null(Options("11:record call2:no").Unsupported);
        Assert.Equal("codec", Options("5:codecd9:transcodel4:PCMAee").Unsupported);
        Assert.Equal("ICE", Options("3:ICE5:force").Unsupported);

        static NgOptions Options(string fields)
        {
            Assert.Equal(NgVerdict.Parsed, Parse("1 d7:command5:offer7:call-id1:c8:from-tag1:f3:sdp1:v" + fields + "e", out _, out NgRequest? request, out string detail));
            return ((NgRequest.Offer)request!).Options;
        }
    }

    [Fact]
    public void TheOtherCommandsAreRead()
    {
        Assert.IsType<NgRequest.Ping>(Read("d7:command4:pinge"));
        Assert.Equal("t", Assert.IsType<NgRequest.Answer>(Read("d7:command6:answer7:call-id1:c8:from-tag1:f6:to-tag1:t3:sdp1:ve")).ToTag);
        Assert.Equal(new NgRequest.Delete("c", "f", null, "b", null, false), Read("d7:command6:delete7:call-id1:c8:from-tag1:f10:via-branch1:be"));
        Assert.Equal(new NgRequest.Delete("c", null, null, null, 5, true), Read("d7:command6:delete7:call-id1:c12:delete delayi5e5:flagsl5:fatalee"));
        Assert.IsType<NgRequest.Statistics>(Read("d7:command10:statisticse"));
        Assert.Equal(new NgRequest.Query("c", null, null), Read("d7:command5:query7:call-id1:c6:to-tag0:e"));
        Assert.Equal(new NgRequest.List(32), Read("d7:command4:liste"));
        Assert.Equal(new NgRequest.List(7), Read("d7:command4:list5:limit1:7e"));
        Assert.Equal(new NgRequest.List(int.MaxValue), Read("d7:command4:list5:limiti99999999999ee"));

        static NgRequest Read(string body)
        {
            Assert.Equal(NgVerdict.Parsed, Parse("1 " + body, out _, out NgRequest? request, out _));
            return request!;
        }
    }

    [Theory]
    [InlineData("", NgVerdict.NoCookie, "")]
    [InlineData("d7:command4:pinge", NgVerdict.NoCookie, "")]
    [InlineData(" d7:command4:pinge", NgVerdict.NoCookie, "")]
    [InlineData("a\nb d7:command4:pinge", NgVerdict.NoCookie, "")]
    [InlineData("1 d7:command4:ping", NgVerdict.BadBencode, "CutShort")]
    [InlineData("1 4:ping", NgVerdict.NotADictionary, "")]
    [InlineData("1 d1:x0:e", NgVerdict.NoCommand, "")]
    [InlineData("1 d7:command4:yelle", NgVerdict.UnknownCommand, "command")]
    [InlineData("1 d7:commandi1ee", NgVerdict.NoCommand, "")]
    [InlineData("1 d7:command5:offer3:sdp1:v8:from-tag1:fe", NgVerdict.MissingField, "call-id")]
    [InlineData("1 d7:command5:offer7:call-id0:3:sdp1:v8:from-tag1:fe", NgVerdict.MissingField, "call-id")]
    [InlineData("1 d7:command5:offer7:call-id1:c8:from-tag1:fe", NgVerdict.MissingField, "sdp")]
    [InlineData("1 d7:command6:answer7:call-id1:c8:from-tag1:f3:sdp1:ve", NgVerdict.MissingField, "to-tag")]
    [InlineData("1 d7:command6:delete7:call-idi1ee", NgVerdict.BadField, "call-id")]
    [InlineData("1 d7:command6:delete7:call-id1:\0e", NgVerdict.BadField, "call-id")]
    [InlineData("1 d7:command4:list5:limiti-1ee", NgVerdict.BadField, "limit")]
    [InlineData("1 d7:command5:offer7:call-id1:c8:from-tag1:f3:sdp1:v5:flags1:xe", NgVerdict.BadField, "flags")]
    [InlineData("1 d7:command5:offer7:call-id1:c8:from-tag1:f3:sdp1:v5:flagsli1eee", NgVerdict.BadField, "flags")]
    [InlineData("1 d7:command5:offer7:call-id1:c8:from-tag1:f3:sdp1:v13:received-froml3:IP43:foxee", NgVerdict.BadField, "received-from")]
    [InlineData("1 d7:command5:offer7:call-id1:c8:from-tag1:f3:sdp1:v13:received-froml3:IP4ee", NgVerdict.BadField, "received-from")]
    [InlineData("1 d7:command5:offer7:call-id1:c8:from-tag1:f3:sdp1:v9:directionl1:aee", NgVerdict.BadField, "direction")]
    [InlineData("1 d7:command5:offer7:call-id1:c8:from-tag1:f3:sdp1:v14:address-family3:IP5e", NgVerdict.BadField, "address-family")]
    [InlineData("1 d7:command5:offer7:call-id1:c8:from-tag1:f3:sdp1:v13:media-address4:hoste", NgVerdict.BadField, "media-address")]
    public void EachMistakeHasItsName(string datagram, NgVerdict verdict, string named)
    {
        Assert.Equal(verdict, Parse(datagram, out string cookie, out NgRequest? request, out string detail));
        Assert.Null(request);
        Assert.Equal(named, detail);
        Assert.Equal(verdict == NgVerdict.NoCookie ? "" : "1", cookie);
    }

    [Fact]
    public void NamesAndCookiesAreBounded()
    {
        string name = new('n', NgMessage.MaximumName);
        Assert.Equal(NgVerdict.Parsed, Parse(Query(name), out _, out _, out _));
        Assert.Equal(NgVerdict.BadField, Parse(Query(name + "n"), out _, out _, out _));
        string cookie = new('c', NgMessage.MaximumCookie);
        Assert.Equal(NgVerdict.Parsed, Parse(cookie + " d7:command4:pinge", out _, out _, out _));
        Assert.Equal(NgVerdict.NoCookie, Parse("c" + cookie + " d7:command4:pinge", out _, out _, out _));

        static string Query(string id) => string.Create(CultureInfo.InvariantCulture, $"1 d7:command5:query7:call-id{id.Length}:{id}e");
    }

    [Fact]
    public void RepliesCarryTheCookie()
    {
        Assert.Equal("1 d6:result4:ponge", Text(NgMessage.Pong("1")));
        Assert.Equal("1 d6:result2:ok3:sdp3:v=0e", Text(NgMessage.OkSdp("1", "v=0")));
        Assert.Equal("1 d6:result2:ok5:callsl1:a1:bee", Text(NgMessage.OkCalls("1", ["a", "b"])));
        Assert.Equal("1 d6:result5:error12:error-reason17:MissingField: sdpe", Text(NgMessage.Error("1", NgVerdict.MissingField, "sdp")));
        Assert.Equal("1 d6:result5:error12:error-reason9:NoCommande", Text(NgMessage.Error("1", NgVerdict.NoCommand, "")));

        static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
    }

    private static NgVerdict Parse(string datagram, out string cookie, out NgRequest? request, out string detail) =>
        NgMessage.TryParse(Encoding.UTF8.GetBytes(datagram), out cookie, out request, out detail);
}
