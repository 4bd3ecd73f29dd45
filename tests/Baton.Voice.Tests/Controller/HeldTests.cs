using Baton.Media.Ng;
using Baton.Voice.Controller;
using static Baton.Voice.Tests.Controller.ControllerStage;

namespace Baton.Voice.Tests.Controller;

/// <summary>Who asks while nobody can carry media yet is not turned away at once.</summary>
public sealed class HeldTests
{
    /// <summary>An offer would take ports of a call that is not found yet, and a delete would find nothing.</summary>
    [Fact]
    public void AtStartRequestsWaitUntilTheMediaGatewaysHaveSpoken()
    {
        using var stage = new ControllerStage(hasLooked: false);
        Assert.Equal("pong", stage.Ask(("command", "ping"))!.Find("result")!.ToString());
        Assert.Null(Offer(stage, "1"));
        Assert.Empty(stage.Step(new ControllerInput.GroupWorks("g", true)));
        Assert.Null(stage.Send("2", ("command", "delete"), ("call-id", "c")));
        Assert.Null(Offer(stage, "1"));
        Assert.Equal((2, 1L), (stage.Core.HeldRequests, stage.Core.Count(ControllerVerdict.UnderWay)));
        List<byte[]> replies = stage.Step(new ControllerInput.Found("g", []));
        Assert.Equal(["1", "2"], replies.Select(reply => ((char)reply[0]).ToString()).Order());
        Assert.All(replies, reply => Assert.Equal("ok", Read(reply)!.Find("result")!.ToString()));
        Assert.NotNull(Offer(stage, "3"));
    }

    [Fact]
    public void NotForEver()
    {
        using var stage = new ControllerStage(hasLooked: false);
        stage.Step(new ControllerInput.Tick());
        Assert.Null(Offer(stage, "1"));
        Assert.Empty(stage.After(TimeSpan.FromMilliseconds(2_999)));
        Assert.Equal("NoGateway", Error(Read(Assert.Single(stage.After(TimeSpan.FromMilliseconds(1))))));
    }

    /// <summary>Between the death of the active and the word of its successor.</summary>
    [Fact]
    public void ACallThatBeginsInTheMiddleOfATakeoverBegins()
    {
        using var stage = new ControllerStage();
        stage.Step(new ControllerInput.GroupWorks("g", false));
        Assert.Null(Offer(stage, "1"));
        Assert.Empty(stage.After(TimeSpan.FromMilliseconds(300)));
        Assert.Equal("ok", Read(Assert.Single(stage.Step(new ControllerInput.GroupWorks("g", true))))!.Find("result")!.ToString());
    }

    /// <summary>Were it served at once, it would find nothing, and nobody would end the call.</summary>
    [Fact]
    public void ADeleteDoesNotOvertakeTheOfferThatWaits()
    {
        using var stage = new ControllerStage();
        stage.Step(new ControllerInput.GroupWorks("g", false));
        Assert.Null(Offer(stage, "1"));
        Assert.Null(stage.Send("2", ("command", "delete"), ("call-id", "1")));
        Assert.Equal("NothingToDelete", Verdict(stage, "3", "another"));
        List<byte[]> replies = stage.Step(new ControllerInput.GroupWorks("g", true));
        Assert.Equal((2, 0, 0, 0), (replies.Count, stage.Core.Calls, stage.Core.PortsTaken, stage.Media.Count));
        Assert.Equal((1L, 1), (stage.Core.Count(ControllerVerdict.Deleted), stage.PutsSeen));
        Assert.Equal([CallEnd.Deleted], stage.Ends);
    }

    /// <summary>Nobody carried media in time: the offer is refused, and its delete behind it finds nothing.</summary>
    [Fact]
    public void ADeleteWaitsNoLongerThanItsOffer()
    {
        using var stage = new ControllerStage();
        stage.Step(new ControllerInput.GroupWorks("g", false));
        Assert.Null(Offer(stage, "1"));
        stage.After(TimeSpan.FromMilliseconds(400));
        Assert.Null(stage.Send("2", ("command", "delete"), ("call-id", "1")));
        Assert.Equal(2, stage.After(TimeSpan.FromMilliseconds(400)).Count);
        Assert.Equal((0, 1L, 1L), (stage.Core.HeldRequests, stage.Core.Count(ControllerVerdict.NoGateway), stage.Core.Count(ControllerVerdict.NothingToDelete)));
    }

    private static string Verdict(ControllerStage stage, string cookie, string call)
    {
        long before = stage.Core.Count(ControllerVerdict.NothingToDelete);
        Assert.NotNull(stage.Send(cookie, ("command", "delete"), ("call-id", call)));
        return stage.Core.Count(ControllerVerdict.NothingToDelete) == before + 1 ? "NothingToDelete" : "";
    }

    [Fact]
    public void NotAnyNumberOfThem()
    {
        using var stage = new ControllerStage(new ControllerPolicy { MostWaiting = 2 }, hasLooked: false);
        Assert.Null(Offer(stage, "1"));
        Assert.Null(Offer(stage, "2"));
        Assert.Equal("NoGateway", Error(Read(Offer(stage, "3"))));
    }

    private static byte[]? Offer(ControllerStage stage, string cookie) =>
        stage.Send(cookie, ("command", "offer"), ("call-id", cookie), ("from-tag", "f"), ("sdp", Phone(4_000)));
}
