using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Simulation;

namespace Baton.Ike.Tests.Ladders;

/// <summary>INFORMATIONAL, errors, and what a peer may do wrong (RFC 7296 sections 1.4, 2.2, 2.4, 2.5, 2.21, 2.25).</summary>
public sealed class InformationalTests
{
    [Fact]
    public void AnEmptyRequestIsAnsweredWithoutACommit()
    {
        Lab lab = Setups.Up(Setups.Standard(1));
        long commits = lab.Right.Active.Endpoint.Counters.Commits;

        Assert.Empty(Forge.Ask(lab, ExchangeType.Informational, [])!);
        Assert.Equal(commits, lab.Right.Active.Endpoint.Counters.Commits);
    }

    [Fact]
    public void ADeleteOfAChildIsAnsweredWithOurSpi()
    {
        Lab lab = Setups.Up(Setups.Standard(2));
        ChildSaPair child = lab.Right.Active.Data.Children.Values.Single();

        IReadOnlyList<Payload> answer = Forge.Ask(lab, ExchangeType.Informational, [new DeletePayload(ProtocolId.Esp, [child.OutboundSpi])])!;

        Assert.Equal([child.InboundSpi], Assert.IsType<DeletePayload>(Assert.Single(answer)).Spis);
        Assert.Empty(lab.Right.Active.Data.Children);
        Assert.Empty(lab.Right.Ledger.Children);
    }

    [Fact]
    public void ADeleteOfAnUnknownChildIsAnsweredWithNothing()
    {
        Lab lab = Setups.Up(Setups.Standard(3));

        Assert.Empty(Forge.Ask(lab, ExchangeType.Informational, [new DeletePayload(ProtocolId.Esp, [0x12345678])])!);
        Assert.Single(lab.Right.Active.Data.Children);
    }

    [Fact]
    public void DeletesThatCrossNameNothing()
    {
        // left --- D(l) --->  <--- D(r) --- right, at once: both answer without a Delete payload (section 1.4.1)
        Lab lab = Setups.Up(Setups.Standard(4));
        Operations.Ask(lab.Left, Operation.DeleteChild);
        Operations.Ask(lab.Right, Operation.DeleteChild);
        lab.Run(1_000);

        var answers = lab.Observer.Messages.Where(each => each.Header.Exchange == ExchangeType.Informational && each.Header.IsResponse).ToList();
        Assert.Equal(2, answers.Count);
        Assert.All(answers, each => Assert.Empty(each.Payloads));
        Assert.Empty(lab.Left.Active.Data.Children);
        Assert.Empty(lab.Right.Active.Data.Children);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhatWasDeletedIsMadeAgainOnTheSameIkeSaWhenItIsAskedFor(bool byWhoBeganTheIkeSa)
    {
        Lab lab = Setups.Up(Setups.Standard(41));
        (Site asks, string connection) = byWhoBeganTheIkeSa ? (lab.Left, "to-right") : (lab.Right, "to-left");
        Operations.Ask(asks, Operation.DeleteChild);
        lab.Run(1_000);
        Assert.Empty(lab.Left.Active.Data.Children);
        Assert.Empty(lab.Right.Active.Data.Children);

        asks.Active.Step(new IkeInput.Initiate(connection));
        asks.Active.Step(new IkeInput.Initiate(connection));
        lab.Run(2_000);

        Agreement.Assert(lab);
        Assert.Single(lab.Left.Active.Data.Children);
        Assert.Single(lab.Right.Active.Data.Children);
        Assert.Equal(1, lab.Observer.Count(ExchangeType.CreateChildSa, isResponse: true));
        Assert.Equal(1, lab.Observer.Count(ExchangeType.IkeAuth, isResponse: true));

        int before = lab.Datagrams;
        asks.Active.Step(new IkeInput.Initiate(connection));
        lab.Run(100);
        Assert.Equal(before, lab.Datagrams);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhatIsAskedForWhileItsDeleteIsUnderWayIsMadeAgain(bool ikeSa)
    {
        Lab lab = Setups.Up(Setups.Standard(42));
        IkeSaId first = lab.Left.Active.Endpoint.Established.Single().Id;
        ChildSaId child = lab.Left.Active.Data.Children.Keys.Single();
        long answers = lab.Left.Active.Endpoint.Counters.AnswersReceived;
        Operations.Ask(lab.Left, ikeSa ? Operation.DeleteIke : Operation.DeleteChild);
        lab.Run(3);
        Assert.Equal(answers, lab.Left.Active.Endpoint.Counters.AnswersReceived);       // the Delete is under way
        lab.Left.Active.Step(new IkeInput.Initiate("to-right"));
        lab.Run(900);

        Agreement.Assert(lab);
        Assert.NotEqual(child, Assert.Single(lab.Left.Active.Data.Children).Key);
        Assert.Equal(ikeSa, lab.Left.Active.Endpoint.Established.Single().Id != first);
    }

    [Fact]
    public void AnUnknownCriticalPayloadIsNamedAndTheRestIgnored()
    {
        Lab lab = Setups.Up(Setups.Standard(5));
        NotifyPayload error = Assert.IsType<NotifyPayload>(Assert.Single(Forge.Ask(lab, ExchangeType.Informational, [new UnknownPayload((PayloadType)99, true, default)])!));
        Assert.Equal(NotifyType.UnsupportedCriticalPayload, error.NotifyType);
        Assert.Equal([99], error.Data.ToArray());
        Assert.Single(lab.Right.Active.Endpoint.Established);
    }

    [Fact]
    public void WhatIsAuthenticButMalformedEndsTheIkeSa()
    {
        Lab lab = Setups.Up(Setups.Standard(6));

        IReadOnlyList<Payload> answer = Forge.Ask(lab, ExchangeType.Informational, [new MalformedNotify()])!;

        Assert.Equal(NotifyType.InvalidSyntax, Assert.IsType<NotifyPayload>(Assert.Single(answer)).NotifyType);
        Assert.Empty(lab.Right.Active.Endpoint.Established);
        Assert.Empty(lab.Right.Active.Data.Children);
    }

    [Fact]
    public void WhatIsForgedChangesNothing()
    {
        Lab lab = Setups.Up(Setups.Standard(7));
        byte[] datagram = Forge.Seal(Forge.Sa(lab.Left), ExchangeType.Informational, Forge.Sa(lab.Left).NextRequestId, [DeletePayload.IkeSa]);
        datagram[^1] ^= 1;
        int before = lab.Datagrams;
        lab.Right.Active.Step(new IkeInput.Datagram(Forge.Sa(lab.Left).Remote, Forge.Sa(lab.Left).Local, datagram));

        Assert.Equal(before, lab.Datagrams);
        Assert.Equal(1, lab.Right.Active.Endpoint.Counters.Parsed[IkeParseVerdict.BadIcv]);
        Agreement.Assert(lab);
    }

    [Fact]
    public void OldAndFutureMessageIdsAreDroppedAndCounted()
    {
        Lab lab = Setups.Up(Setups.Standard(8));
        var left = Forge.Sa(lab.Left);
        lab.Right.Active.Step(new IkeInput.Datagram(left.Remote, left.Local, Forge.Seal(left, ExchangeType.Informational, left.NextRequestId + 1, [])));
        Forge.Ask(lab, ExchangeType.Informational, []);
        lab.Right.Active.Step(new IkeInput.Datagram(left.Remote, left.Local, Forge.Seal(left, ExchangeType.Informational, left.NextRequestId - 2, [])));

        Assert.Equal(1, lab.Right.Active.Endpoint.Counters[IkeDrop.FutureMessageId]);
        Assert.Equal(1, lab.Right.Active.Endpoint.Counters[IkeDrop.OldMessageId]);
    }

    [Fact]
    public void ASuccessorTakesAHigherIdAsProofThatThoseBetweenWereEmpty()
    {
        // The predecessor answered 2 and 3, both empty, without a commit. The peer is at 4.
        Lab lab = Setups.Up(Setups.Standard(9));
        Forge.Ask(lab, ExchangeType.Informational, []);
        Forge.Ask(lab, ExchangeType.Informational, []);
        lab.Right.TakeOver(applyOfPending: 9);

        Assert.NotNull(Forge.Ask(lab, ExchangeType.Informational, []));
        Operations.Do(lab, lab.Left, Operation.RekeyChild);
        var left = Forge.Sa(lab.Left);
        lab.Right.Active.Step(new IkeInput.Datagram(left.Remote, left.Local, Forge.Seal(left, ExchangeType.Informational, left.NextRequestId + 1, [])));
        Assert.Equal(1, lab.Right.Active.Endpoint.Counters[IkeDrop.FutureMessageId]);       // once only
    }

    [Fact]
    public void ARekeyOfAnUnknownChildIsNotFound()
    {
        Lab lab = Setups.Up(Setups.Standard(10));
        byte[] spi = [0xAA, 0xBB, 0xCC, 0xDD];

        IReadOnlyList<Payload> answer = Forge.Ask(lab, ExchangeType.CreateChildSa, NewChild(lab, new NotifyPayload(ProtocolId.Esp, spi, NotifyType.RekeySa, default)))!;

        NotifyPayload error = Assert.IsType<NotifyPayload>(Assert.Single(answer));
        Assert.Equal(NotifyType.ChildSaNotFound, error.NotifyType);
        Assert.Equal(spi, error.Spi.ToArray());
    }

    [Fact]
    public void TooManyChildrenAreRefused()
    {
        Lab lab = Setups.Standard(11);
        lab.Right.Policy = lab.Right.Policy with { MostChildren = 2 };
        Setups.Up(lab);
        Assert.True(Forge.Ask(lab, ExchangeType.CreateChildSa, NewChild(lab))!.Count > 1);

        Assert.Equal(NotifyType.NoAdditionalSas, Assert.IsType<NotifyPayload>(Assert.Single(Forge.Ask(lab, ExchangeType.CreateChildSa, NewChild(lab))!)).NotifyType);
        Assert.Equal(2, lab.Right.Active.Data.Children.Count);
    }

    [Fact]
    public void WithoutAnIvNothingLeavesAndTheRepetitionIsAnswered()
    {
        Lab lab = Setups.Up(Setups.Standard(12));
        for (int i = 0; i < IkeEndpoint.IvsForAuth; i++) Forge.Ask(lab, ExchangeType.Informational, []);        // spend what was taken ahead
        lab.Right.Active.Ivs.Gives = false;
        Operations.Ask(lab.Left, Operation.RekeyChild);
        lab.Run(450);                                      // the first waits for one, its repetition does not
        Assert.True(lab.Right.Active.Endpoint.Counters[IkeDrop.NoIv] > 0);
        lab.Right.Active.Ivs.Gives = true;
        lab.Await(() => lab.Left.Active.Data.Children.Count == 2, 5_000, "rekeyed");
    }

    internal static IReadOnlyList<Payload> NewChild(Lab lab, params Payload[] first)
    {
        byte[] nonce = new byte[32], spi = new byte[4];
        lab.Random.Fill(nonce);
        lab.Random.Fill(spi);
        spi[0] |= 0x80;
        var proposal = new Proposal(1, ProtocolId.Esp, spi, [new Transform(TransformType.Encryption, (ushort)EncryptionAlgorithm.AesGcm16, 128), new Transform(TransformType.ExtendedSequenceNumbers, 0)]);
        return [.. first, new SaPayload([proposal]), new NoncePayload(nonce), new TsPayload(true, [Setups.LeftNet]), new TsPayload(false, [Setups.RightNet])];
    }

    /// <summary>A notification whose SPI is longer than it is.</summary>
    private sealed record MalformedNotify : Payload
    {
        public override PayloadType Type => PayloadType.Notify;

        internal override void WriteBody(WireWriter writer) => writer.Bytes([0, 200, 0, 1]);
    }
}
