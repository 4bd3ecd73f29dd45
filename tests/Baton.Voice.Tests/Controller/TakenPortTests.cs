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

    [Fact]
    public void WhereTheOthersHaveRunOutTheCallGoesOnWithoutTheOffer()
    {
        using var stage = new ControllerStage(ports: 4);
        stage.Offer(Phone(4_000));
        stage.Answer(Phone(5_000));
        stage.Puts = _ => OrderOutcome.PortTaken;
        stage.Keeps = true;
        string video = "m=video 4100 RTP/AVP 31\r\n";
        Assert.Equal("NoPorts", Error(stage.Ask(("command", "offer"), ("call-id", "c"), ("from-tag", "f"), ("to-tag", "t"), ("sdp", Phone(4_000) + video))));
        Assert.Equal((1, 1), (stage.Core.Calls, stage.Core.Streams));

        // A client that answers nevertheless: there is nothing to answer.
        Assert.Equal("NoSuchCall", Error(stage.Ask(("command", "answer"), ("call-id", "c"), ("from-tag", "f"), ("to-tag", "t"), ("sdp", Phone(5_000) + video))));
        Assert.Equal(1, stage.Core.Calls);
    }

    [Fact]
    public void WhereTheOthersHaveRunOutACallThatNobodyAnsweredIsOver()
    {
        using var stage = new ControllerStage(ports: 4);
        stage.Offer(Phone(4_000));
        stage.Puts = _ => OrderOutcome.PortTaken;
        stage.Keeps = true;
        Assert.Equal("NoPorts", Error(stage.Ask(("command", "offer"), ("call-id", "c"), ("from-tag", "f"), ("sdp", Phone(4_000) + "m=video 4100 RTP/AVP 31\r\n"))));
        Assert.Equal((0, 0), (stage.Core.Calls, stage.Core.Streams));
        Assert.Equal([CallEnd.Failed], stage.Ends);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ADeleteWithADelayThatCameMeanwhileIsNotForgotten(bool begins)
    {
        using var stage = new ControllerStage();
        if (!begins)
        {
            stage.Offer(Phone(4_000));
            stage.Answer(Phone(5_000));
        }

        var waiting = new List<ControllerOutput.Put>();
        stage.Puts = _ => null;
        stage.Waits = waiting.Add;
        string sdp = begins ? Phone(4_000) : Phone(4_000) + "m=video 4100 RTP/AVP 31\r\n";
        Assert.Null(stage.Send("first", ("command", "offer"), ("call-id", "c"), ("from-tag", "f"), ("sdp", sdp)));
        Assert.Equal("ok", stage.Ask(("command", "delete"), ("call-id", "c"), ("from-tag", "f"), ("delete-delay", 2))!.Find("result")!.ToString());
        stage.Puts = _ => OrderOutcome.Granted;
        byte[] answer = Assert.Single(stage.Step(new ControllerInput.Told(Assert.Single(waiting).Order, OrderOutcome.PortTaken, "why")));
        Assert.Equal("PortsTaken: why", Error(Read(answer)));
        stage.After(TimeSpan.FromSeconds(3));
        Assert.Equal((0, 0, 0), (stage.Core.Calls, stage.Media.Count, stage.Core.PortsTaken));
    }
}
