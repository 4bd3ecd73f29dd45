using Baton.Media.Ng;
using Baton.Voice.Controller;
using static Baton.Voice.Tests.Controller.ControllerStage;

namespace Baton.Voice.Tests.Controller;

/// <summary>What comes again, what ends, and what is told of calls.</summary>
public sealed class CallLifeTests : IDisposable
{
    private readonly ControllerStage _stage = new(new ControllerPolicy { Unanswered = TimeSpan.FromSeconds(30), HoldTimeout = TimeSpan.FromMinutes(5), AnswersKept = TimeSpan.FromSeconds(10), MostAnswers = 3 });

    public void Dispose() => _stage.Dispose();

    [Fact]
    public void ARequestThatComesAgainIsGivenTheSameBytes()
    {
        byte[] datagram = Datagram("x", ("command", "offer"), ("call-id", "c"), ("from-tag", "f"), ("sdp", Phone(4_000)));
        byte[] first = _stage.SendBytes(datagram)!;
        Assert.Equal(first, _stage.SendBytes(datagram));
        Assert.Equal((1, 1, 1, 2), (_stage.PutsSeen, _stage.Core.Count(ControllerVerdict.Offered), _stage.Core.Count(ControllerVerdict.Repeated), _stage.Core.PortsTaken));

        // A delete that comes again deletes no later call.
        byte[] delete = Datagram("y", ("command", "delete"), ("call-id", "c"));
        byte[] gone = _stage.SendBytes(delete)!;
        _stage.Offer(Phone(4_000));
        Assert.Equal(gone, _stage.SendBytes(delete));
        Assert.Equal(1, _stage.Core.Calls);
    }

    [Fact]
    public void ARequestThatIsWorkedOnIsNotWorkedOnTwice()
    {
        _stage.Puts = _ => null;
        byte[] datagram = Datagram("x", ("command", "offer"), ("call-id", "c"), ("from-tag", "f"), ("sdp", Phone(4_000)));
        Assert.Null(_stage.SendBytes(datagram));
        Assert.Null(_stage.SendBytes(datagram));
        Assert.Equal((1, 1), (_stage.PutsSeen, _stage.Core.Count(ControllerVerdict.UnderWay)));
        byte[] answer = Assert.Single(_stage.After(TimeSpan.FromSeconds(1)));
        Assert.Equal(answer, _stage.SendBytes(datagram));
    }

    [Fact]
    public void AnswersAreKeptForATimeAndInABoundedNumber()
    {
        for (int i = 0; i < 10; i++)
            _stage.Ask(("command", "list"));
        _stage.After(TimeSpan.FromSeconds(2));
        Assert.Equal(3, _stage.Core.KeptAnswers);
        _stage.After(TimeSpan.FromSeconds(11));
        Assert.Equal(0, _stage.Core.KeptAnswers);
    }

    [Fact]
    public void DeletesMayWait()
    {
        _stage.Offer(Phone(4_000));
        _stage.Answer(Phone(5_000));
        Assert.Equal("ok", _stage.Ask(("command", "delete"), ("call-id", "c"), ("from-tag", "f"), ("to-tag", "t"), ("delete delay", 3))!.Find("result")!.ToString());
        _stage.After(TimeSpan.FromSeconds(2));
        Assert.Single(_stage.Media);
        _stage.After(TimeSpan.FromSeconds(1));
        Assert.Empty(_stage.Media);
        Assert.Equal((1, 0), (_stage.Core.Count(CallEnd.Deleted), _stage.Core.PortsTaken));
    }

    [Fact]
    public void DeletingWhatIsNotThereIsNoErrorUnlessAskedFor()
    {
        BencodeValue.Dictionary answer = _stage.Ask(("command", "delete"), ("call-id", "c"), ("from-tag", "f"))!;
        Assert.Equal(("ok", "NoSuchCall"), (answer.Find("result")!.ToString(), answer.Find("warning")!.ToString()));
        Assert.Equal("NoSuchCall", Error(_stage.Ask(("command", "delete"), ("call-id", "c"), ("from-tag", "f"), ("flags", new[] { "fatal" }))));
        _stage.Offer(Phone(4_000));
        Assert.NotNull(_stage.Ask(("command", "delete"), ("call-id", "c"), ("from-tag", "other"))!.Find("warning"));
        Assert.Equal(1, _stage.Core.Calls);
    }

    [Fact]
    public void AnOfferThatNobodyAnswersIsGivenUp()
    {
        _stage.Offer(Phone(4_000));
        _stage.After(TimeSpan.FromSeconds(29));
        Assert.Single(_stage.Media);
        _stage.After(TimeSpan.FromSeconds(1));
        Assert.Equal((0, 0), (_stage.Media.Count, _stage.Core.PortsTaken));
        Assert.Equal([CallEnd.Unanswered], _stage.Ends);

        _stage.Offer(Phone(4_000));
        _stage.Answer(Phone(5_000));
        _stage.Offer(Phone(4_000) + "m=video 4100 RTP/AVP 31\r\n", ("to-tag", "t"));
        Assert.Equal(2, _stage.Media.Count);
        _stage.After(TimeSpan.FromHours(1));
        Assert.Single(_stage.Media);
        Assert.Equal(2, _stage.Core.PortsTaken);

        // Nothing of a call is used: nobody will ever say that it is silent.
        Sdp(_stage.Ask(("command", "offer"), ("call-id", "d"), ("from-tag", "f"), ("sdp", Phone(4_000))));
        Sdp(_stage.Ask(("command", "answer"), ("call-id", "d"), ("from-tag", "f"), ("to-tag", "t"), ("sdp", Phone(0))));
        Assert.Equal(2, _stage.Core.Calls);
        _stage.After(TimeSpan.FromMinutes(5));
        Assert.Equal(1, _stage.Core.Calls);
    }

    [Fact]
    public void ASilentCallEndsWhenAllOfItIsSilent()
    {
        _stage.Offer(Phone(4_000) + "m=video 4100 RTP/AVP 31\r\n");
        ulong[] ids = [.. _stage.Media.Keys];
        _stage.Step(new ControllerInput.Silent(ids[0]));
        _stage.Answer(Phone(5_000) + "m=video 5100 RTP/AVP 31\r\n");
        _stage.Step(new ControllerInput.Silent(ids[1]));
        Assert.Equal(2, _stage.Media.Count);
        _stage.Step(new ControllerInput.Silent(ids[0]));
        Assert.Equal((0, 0), (_stage.Media.Count, _stage.Core.PortsTaken));
        Assert.Equal([CallEnd.Silent], _stage.Ends);
        _stage.Step(new ControllerInput.Silent(ids[0]));
    }

    [Theory]
    [InlineData("sendonly")]
    [InlineData("inactive")]
    public void ACallOnHoldMayBeSilentForLonger(string direction)
    {
        _stage.Offer(Phone(4_000, attributes: direction));
        _stage.Answer(Phone(5_000));
        ulong id = Assert.Single(_stage.Media).Key;
        BeSilent(TimeSpan.FromMinutes(4));
        Assert.Single(_stage.Media);

        // It is heard for a while: the hour begins anew.
        _stage.After(TimeSpan.FromSeconds(40));
        BeSilent(TimeSpan.FromMinutes(4));
        Assert.Single(_stage.Media);
        BeSilent(TimeSpan.FromMinutes(1));
        Assert.Empty(_stage.Media);

        void BeSilent(TimeSpan time)
        {
            for (int i = 0; i < time.TotalSeconds; i += 10)
            {
                _stage.Step(new ControllerInput.Silent(id));
                _stage.After(TimeSpan.FromSeconds(10));
            }
        }
    }

    /// <summary>Silences that follow each other are none of the call.</summary>
    [Fact]
    public void WhatIsHeardAgainIsNotSilentAnyMore()
    {
        _stage.Offer(Phone(4_000) + "m=video 4100 RTP/AVP 31\r\n");
        _stage.Answer(Phone(5_000) + "m=video 5100 RTP/AVP 31\r\n");
        ulong[] ids = [.. _stage.Media.Keys];
        _stage.Step(new ControllerInput.Silent(ids[0]));
        _stage.After(TimeSpan.FromSeconds(40));
        _stage.Step(new ControllerInput.Silent(ids[1]));
        Assert.Equal(2, _stage.Media.Count);

        // Heard right after that word, and said to be silent for the first time 15 s later: the other one talks.
        _stage.After(TimeSpan.FromSeconds(15));
        _stage.Step(new ControllerInput.Silent(ids[0]));
        Assert.Equal(2, _stage.Media.Count);

        // A media gateway says all that is silent in one go.
        _stage.After(TimeSpan.FromSeconds(10));
        _stage.Step(new ControllerInput.Silent(ids[0]));
        _stage.After(TimeSpan.FromSeconds(1));
        _stage.Step(new ControllerInput.Silent(ids[1]));
        Assert.Empty(_stage.Media);
    }

    [Fact]
    public void PortsComeBackOnceAndLast()
    {
        using var small = new ControllerStage(ports: 3);
        Assert.Equal(30_002, small.Offer(Phone(4_000)).Media[0].Port);
        small.Ask(("command", "delete"), ("call-id", "c"));
        Assert.Equal(30_000, small.Offer(Phone(4_000)).Media[0].Port);
        var range = new PortRange(10_001, 10_004);
        Assert.Equal(1, range.Size);
        Assert.True(range.TryTake(out ushort port));
        Assert.Equal(10_002, port);
        Assert.False(range.TryTake(out _));
        range.Free(port);
        Assert.Throws<InvalidOperationException>(() => range.Free(port));
    }

    [Fact]
    public void CallsAreListedCountedAndQueried()
    {
        _stage.Offer(Phone(4_000), ("label", "caller"));
        _stage.Answer(Phone(5_000));
        Assert.Equal(["c"], ((BencodeValue.List)_stage.Ask(("command", "list"))!.Find("calls")!).Items.Select(item => item.ToString()));
        Assert.Empty(((BencodeValue.List)_stage.Ask(("command", "list"), ("limit", "0"))!.Find("calls")!).Items);

        _stage.Reports = _ => new StreamReport(new LegReport("198.51.100.1:4000", "", 7, 70, 1, 0), new LegReport("192.0.2.50:5000", "", 3, 30, 0, 2), TimeSpan.Zero);
        BencodeValue.Dictionary call = _stage.Ask(("command", "query"), ("call-id", "c"))!;
        Assert.Equal(("10", "100", "2"), (Find(call, "totals", "RTP", "packets"), Find(call, "totals", "RTP", "bytes"), Find(call, "totals", "RTP", "errors")));
        Assert.Equal(("caller", "t"), (Find(call, "tags", "f", "label"), Find(call, "tags", "f", "in dialogue with")));
        var media = (BencodeValue.Dictionary)((BencodeValue.List)((BencodeValue.Dictionary)((BencodeValue.Dictionary)call.Find("tags")!).Find("t")!).Find("medias")!).Items[0];
        var stream = (BencodeValue.Dictionary)((BencodeValue.List)media.Find("streams")!).Items[0];
        Assert.Equal(("30002", "192.0.2.50"), (stream.Find("local port")!.ToString(), Find(stream, "endpoint", "address")));
        Assert.Equal("NoSuchCall", Error(_stage.Ask(("command", "query"), ("call-id", "d"))));
        Assert.Equal("1", Find(_stage.Ask(("command", "statistics"))!, "statistics", "currentstatistics", "sessionstotal"));

        static string? Find(BencodeValue.Dictionary from, params string[] path)
        {
            BencodeValue value = from;
            foreach (string key in path)
                value = ((BencodeValue.Dictionary)value).Find(key)!;
            return value.ToString();
        }
    }

    /// <summary>An agreed call does not wait for the silence of what nobody has answered yet.</summary>
    [Fact]
    public void SilenceIsThatOfAgreedMedia()
    {
        _stage.Offer(Phone(4_000));
        _stage.Answer(Phone(5_000));
        ulong agreed = Assert.Single(_stage.Media).Key;
        _stage.Offer(Phone(4_000) + "m=video 4100 RTP/AVP 31\r\n", ("to-tag", "t"));
        _stage.Step(new ControllerInput.Silent(agreed));
        Assert.Equal((0, 0, 0), (_stage.Media.Count, _stage.Core.Calls, _stage.Core.PortsTaken));
    }

    /// <summary>Ports that an earlier controller gave away are not given away again, and come back once.</summary>
    [Fact]
    public void PortsMayBeTakenByName()
    {
        var range = new PortRange(10_000, 10_005);
        Assert.True(range.TryTake(10_002));
        Assert.False(range.TryTake(10_002) || range.TryTake(10_001) || range.TryTake(10_006) || range.TryTake(9_998));
        Assert.True(range.TryTake(out ushort first) && range.TryTake(out ushort second) && !range.TryTake(out _));
        range.Free(10_002);
        Assert.Throws<InvalidOperationException>(() => range.Free(10_002));
        Assert.True(range.TryTake(out ushort again) && again == 10_002 && !range.TryTake(out _));

        range = new PortRange(10_000, 10_003);
        Assert.True(range.TryTake(10_000));
        range.Free(10_000);
        Assert.True(range.TryTake(out _) && range.TryTake(out _) && !range.TryTake(out _));
    }

    /// <summary>A member that was away is told everything, with what was agreed.</summary>
    [Fact]
    public void WhatAGroupShallHaveIsKnown()
    {
        _stage.Offer(Phone(4_000));
        _stage.Answer(Phone(5_000));
        Assert.Equal(_stage.Media.Values, _stage.Core.OrdersOf("g"));
        Assert.Empty(_stage.Core.OrdersOf("h"));
        _stage.Ask(("command", "delete"), ("call-id", "c"));
        Assert.Empty(_stage.Core.OrdersOf("g"));
    }
}
