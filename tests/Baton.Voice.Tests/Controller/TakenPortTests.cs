using Baton.Voice.Controller;
using static Baton.Voice.Tests.Controller.ControllerStage;

namespace Baton.Voice.Tests.Controller;

/// <summary>A port that the controller thinks is free, and a media gateway has another use for.</summary>
public sealed class TakenPortTests
{
    [Fact]
    public void OtherPortsAreTried()
    {
        using var stage = new ControllerStage();
        stage.Puts = order => order.A.Rtp == 30_000 ? OrderOutcome.PortTaken : OrderOutcome.Granted;
        Assert.Equal(30_006, stage.Offer(Phone(4_000)).Media[0].Port);
        Assert.Equal((2, 1, 2), (stage.PutsSeen, stage.Media.Count, stage.Core.PortsTaken));
        stage.Answer(Phone(5_000));
        Assert.Equal("ok", stage.Ask(("command", "delete"), ("call-id", "c"))!.Find("result")!.ToString());
        Assert.Equal((0, 0, 0), (stage.Media.Count, stage.Core.PortsTaken, stage.Core.Calls));
        Assert.Equal([CallEnd.Deleted], stage.Ends);
    }

    [Fact]
    public void NotForEver()
    {
        using var stage = new ControllerStage();
        stage.Puts = _ => OrderOutcome.PortTaken;
        Assert.Equal("PortsTaken: why", Error(stage.Ask(("command", "offer"), ("call-id", "c"), ("from-tag", "f"), ("sdp", Phone(4_000)))));
        Assert.Equal((3, 0, 0, 0), (stage.PutsSeen, stage.Core.Streams, stage.Core.PortsTaken, stage.Core.Calls));
        Assert.Empty(stage.Ends);
    }

    [Fact]
    public void AnotherGroupTakesTheCall()
    {
        using var stage = new ControllerStage(further: true);
        stage.Puts = order => order.A.Rtp < FirstPortOfH ? OrderOutcome.PortTaken : OrderOutcome.Granted;
        Assert.Equal(FirstPortOfH + 2, stage.Offer(Phone(4_000)).Media[0].Port);
        Assert.Equal((2, 1, 2), (stage.PutsSeen, stage.Media.Count, stage.Core.PortsTaken));
        stage.Answer(Phone(5_000));

        // Where it is, it stays: what a later offer brings cannot go elsewhere.
        stage.Puts = order => order.A.Rtp > FirstPortOfH + 2 ? OrderOutcome.PortTaken : OrderOutcome.Granted;
        Assert.Equal("PortsTaken: why", Error(stage.Ask(("command", "offer"), ("call-id", "c"), ("from-tag", "f"), ("to-tag", "t"), ("sdp", Phone(4_000) + "m=video 4100 RTP/AVP 31\r\n"))));
        Assert.Equal((6, 1, 2), (stage.PutsSeen, stage.Media.Count, stage.Core.PortsTaken));
    }

    [Fact]
    public void WhereNoGroupHasPortsTheAnswerSaysSo()
    {
        using var stage = new ControllerStage(further: true);
        stage.Puts = _ => OrderOutcome.PortTaken;
        Assert.Equal("PortsTaken: why", Error(stage.Ask(("command", "offer"), ("call-id", "c"), ("from-tag", "f"), ("sdp", Phone(4_000)))));
        Assert.Equal((6, 0, 1L), (stage.PutsSeen, stage.Core.PortsTaken, stage.Core.Count(ControllerVerdict.PortsTaken)));
    }
}
