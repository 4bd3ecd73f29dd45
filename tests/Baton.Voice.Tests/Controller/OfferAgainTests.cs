using Baton.Media.Ng;
using Baton.Media.Sdp;
using Baton.Voice.Controller;
using static Baton.Voice.Tests.Controller.ControllerStage;

namespace Baton.Voice.Tests.Controller;

/// <summary>An offer within a call that comes to nothing leaves the call as it was (RFC 3264 8), and what comes for it afterwards harms nobody.</summary>
public sealed class OfferAgainTests : IDisposable
{
    private const string Video = "m=video 4100 RTP/AVP 31\r\n";
    private readonly ControllerStage _stage = new(ports: 5);

    public OfferAgainTests()
    {
        _stage.Offer(Phone(4_000));
        _stage.Answer(Phone(5_000));
    }

    public void Dispose() => _stage.Dispose();

    [Fact]
    public void AnAnswerThatComesAfterItsMediaWasGivenUpIsOneWithoutIt()
    {
        _stage.Offer(Phone(4_000) + Video, ("to-tag", "t"));
        _stage.After(TimeSpan.FromMinutes(3));
        Assert.Single(_stage.Media);

        SdpSession answered = _stage.Answer(Phone(5_000) + "m=video 5100 RTP/AVP 31\r\n");
        Assert.Equal((30_000, 0), (answered.Media[0].Port, answered.Media[1].Port));
        Assert.Equal(2, _stage.Core.PortsTaken);
    }

    /// <summary>A phone that rings says so before it is picked up, and another may be.</summary>
    [Fact]
    public void MediaThatOneAnswerRefusedIsNotBroughtBackByTheNext()
    {
        _stage.Offer(Phone(4_000) + Video, ("to-tag", "t"));
        _stage.Answer(Phone(5_000) + "m=video 0 RTP/AVP 31\r\n");
        SdpSession answered = _stage.Answer(Phone(5_000) + "m=video 5100 RTP/AVP 31\r\n");
        Assert.Equal((30_000, 0), (answered.Media[0].Port, answered.Media[1].Port));
        Assert.Single(_stage.Media);
    }

    [Fact]
    public void AnAnswerToAnOfferThatWasRefusedFindsNone()
    {
        _stage.Puts = _ => OrderOutcome.Refused;
        Assert.Equal("Refused: why", Error(Offer(Phone(4_000) + Video)));
        Assert.Equal("NoSuchCall", Error(_stage.Ask(("command", "answer"), ("call-id", "c"), ("from-tag", "f"), ("to-tag", "t"), ("sdp", Phone(5_000) + "m=video 5100 RTP/AVP 31\r\n"))));
        Assert.Equal((1, 1, 2), (_stage.Media.Count, _stage.Core.Calls, _stage.Core.PortsTaken));
    }

    /// <summary>Else every later offer of the call would have too few media.</summary>
    [Fact]
    public void AfterARefusalTheCallHasAsManyMediaAsBefore()
    {
        _stage.Puts = _ => OrderOutcome.Refused;
        Assert.Equal("Refused: why", Error(Offer(Phone(4_000) + Video)));
        _stage.Puts = _ => OrderOutcome.Granted;
        Assert.Equal("NoPorts", Error(Offer(Phone(4_000) + Video + "m=video 4200 RTP/AVP 31\r\n")));

        SdpSession offered = _stage.Offer(Phone(4_002), ("to-tag", "t"));
        SdpSession answered = _stage.Answer(Phone(5_000));
        Assert.Equal((30_002, 30_000), (offered.Media[0].Port, answered.Media[0].Port));
    }

    private BencodeValue.Dictionary? Offer(string sdp) => _stage.Ask(("command", "offer"), ("call-id", "c"), ("from-tag", "f"), ("to-tag", "t"), ("sdp", sdp));
}
