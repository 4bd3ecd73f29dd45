using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Simulation;

namespace Baton.Ike.Tests.Ladders;

/// <summary>CREATE_CHILD_SA (RFC 7296 sections 1.3, 2.8, 2.17, 2.18, 2.25): nothing is lost, and whoever asks at the same time agrees.</summary>
public sealed class RekeyTests
{
    [Theory]
    [InlineData(Operation.RekeyChild, true), InlineData(Operation.RekeyChild, false), InlineData(Operation.RekeyIke, true), InlineData(Operation.RekeyIke, false)]
    public void FiveRekeysLoseNoPacket(Operation operation, bool byLeft)
    {
        Lab lab = Setups.Up(Setups.Standard(1, leftReplicated: true));
        (lab.DelayMilliseconds, lab.CommitMilliseconds) = ((3, 20), (1, 15));
        var traffic = new Traffic(lab);
        for (int i = 0; i < 5; i++)
        {
            Operations.Ask(byLeft ? lab.Left : lab.Right, operation);
            lab.Run(6_000);
        }

        Agreement.Assert(lab);
        Assert.True(traffic.Sent > 50_000);
        Assert.Equal(0, traffic.Lost);
        Assert.Single(lab.Left.Active.Data.Children);
        Assert.Equal(5, operation == Operation.RekeyChild ? lab.Right.Active.Outputs.OfType<IkeOutput.ChildUp>().Count() - 1 : lab.Right.Active.Outputs.OfType<IkeOutput.IkeSaReplaced>().Count());
    }

    /// <summary>Its record, and so the pair, may be there before its numbers may be used: until then the old one carries the packets.</summary>
    [Fact]
    public void TheInitiatorSendsOnTheNewPairWhenItsCommitIsDone()
    {
        Lab lab = Setups.Up(Setups.Standard(1, leftReplicated: true));
        Operations.Do(lab, lab.Left, Operation.RekeyChild);

        IkeOutput.ChildUp up = lab.Left.Active.Outputs.OfType<IkeOutput.ChildUp>().Last();
        IkeOutput.UseOutbound use = lab.Left.Active.Outputs.OfType<IkeOutput.UseOutbound>().Single();
        Assert.True(up.Child.WeInitiated);
        Assert.False(up.Child.OutboundAtOnce);
        Assert.NotEqual(0ul, up.AfterCommit);
        Assert.Equal((up.Child.Id, up.AfterCommit), (use.Child, use.AfterCommit));
    }

    /// <summary>RFC 7296 section 2.8: the responder goes on with the old SA until a packet comes on the new one, or the old one is deleted. One that never does either is not waited for.</summary>
    [Theory]
    [InlineData(2, 1_900, false), InlineData(2, 2_200, true), InlineData(60, 14_000, false), InlineData(60, 16_000, true)]
    public void TheResponderSendsOnTheNewPairWhenTheOldOneIsDeleted(int secondsUntilDelete, int milliseconds, bool changedOver)
    {
        Lab lab = Setups.Standard(1);
        lab.Left.Policy = lab.Left.Policy with { OldChildLinger = TimeSpan.FromSeconds(secondsUntilDelete) };
        Setups.Up(lab);
        Operations.Ask(lab.Left, Operation.RekeyChild);
        lab.Run(milliseconds);

        Assert.Equal(2, lab.Right.Active.Outputs.OfType<IkeOutput.ChildUp>().Count());
        Assert.Equal(changedOver, lab.Right.Active.Outputs.OfType<IkeOutput.UseOutbound>().Any());
    }

    [Fact]
    public void APeerThatDeletesNoneOfItsOldIkeSasMustWait()
    {
        // left asks for a rekey of its IKE SA again and again, and never deletes the old one
        Lab lab = Setups.Up(Setups.Standard(40));
        lab.Passes = (host, _) => !(host.Site == lab.Left && lab.Observer.Messages[^1].Payloads is [DeletePayload { Protocol: ProtocolId.Ike }]);
        for (int i = 0; i < 8; i++)
        {
            Operations.Ask(lab.Left, Operation.RekeyIke);
            lab.Run(100);
        }

        IkeEndpoint right = lab.Right.Active.Endpoint;
        Assert.Equal(1 + lab.Right.Policy.MostReplaced, right.IkeSas);
        Assert.Equal(5, right.Counters.RekeysPutOff);
        Assert.Equal(right.IkeSas, lab.Right.Ledger.Records.Count);
        lab.Right.TakeOver(applyOfPending: 9);
        Operations.Ask(lab.Left, Operation.RekeyIke);
        lab.Run(100);
        Assert.Equal(1, lab.Right.Active.Endpoint.Counters.RekeysPutOff);        // a successor counts the same ones

        // Once they are deleted it may go on; those that only linger give way.
        lab.Passes = (_, _) => true;
        lab.Run(10_000);
        for (int i = 0; i < 12; i++)
        {
            Operations.Ask(lab.Left, Operation.RekeyIke);
            lab.Run(100);
        }

        Assert.Equal(1, lab.Right.Active.Endpoint.Counters.RekeysPutOff);
        Assert.InRange(lab.Right.Active.Endpoint.IkeSas, 2, lab.Right.Policy.MostOfLine + 1);
        Agreement.Assert(lab);
    }

    [Fact]
    public void OneCollisionIsDecidedBeforeTheNext()
    {
        // right has asked for a rekey; left asks for two before it answers: the second one must wait
        Lab lab = Setups.Up(Setups.Standard(41));
        lab.Passes = (host, _) => host.Site == lab.Left;
        Operations.Ask(lab.Right, Operation.RekeyIke);
        for (int i = 0; i < 2; i++)
        {
            var left = Forge.Sa(lab.Left);
            left.RekeyAt = lab.Now;
            lab.Left.Active.Endpoint.Touch(left);
            lab.Left.Active.Step(new IkeInput.Tick());
            lab.Run(20);
            left.Outstanding = null;
        }

        Assert.Equal(2, lab.Right.Active.Endpoint.IkeSas);
        Assert.Equal(1, lab.Right.Active.Endpoint.Counters.RekeysPutOff);
    }

    [Fact]
    public void BothRekeyTheChildAndOneSurvives()
    {
        // left --- N(REKEY_SA) ---> <--- N(REKEY_SA) --- right            three pairs; the one with the lowest of four nonces goes (section 2.8.1)
        int leftWon = 0, collisions = 0;
        for (ulong seed = 0; seed < 20; seed++)
        {
            Lab lab = Setups.Up(Setups.Standard(seed));
            (lab.DelayMilliseconds, lab.CommitMilliseconds) = ((3, 20), (1, 15));
            var traffic = new Traffic(lab);
            lab.Run(100);
            Operations.Ask(lab.Left, Operation.RekeyChild);
            Operations.Ask(lab.Right, Operation.RekeyChild);
            lab.Run(10_000);

            Agreement.Assert(lab);
            Assert.Equal(0, traffic.Lost);
            if (lab.Left.Active.Events.Any(each => each.Kind == IkeEventKind.RekeyCollision)) collisions++;     // else one was done before it saw the other's
            if (Assert.Single(lab.Left.Active.Data.Children.Values).WeInitiated) leftWon++;
        }

        Assert.True(collisions > 10);
        Assert.InRange(leftWon, 3, 17);         // by chance of the nonces
    }

    [Fact]
    public void BothRekeyTheIkeSaAndOneInheritsTheChildren()
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            Lab lab = Setups.Up(Setups.Standard(seed));
            Operations.Ask(lab.Left, Operation.RekeyIke);
            Operations.Ask(lab.Right, Operation.RekeyIke);
            lab.Run(30_000);

            Agreement.Assert(lab);
            IkeSaFacts left = Assert.Single(lab.Left.Active.Endpoint.Established), right = Assert.Single(lab.Right.Active.Endpoint.Established);
            Assert.Equal(left.LocalSpi, right.RemoteSpi);
            Assert.Single(left.Children);
            Assert.Single(right.Children);
        }
    }

    [Fact]
    public void ASecondRekeyOfTheSameChildIsTold()
    {
        // The peer asks again for a child that it has rekeyed: TEMPORARY_FAILURE (section 2.25.1).
        Lab lab = Setups.Up(Setups.Standard(3));
        byte[] spi = BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(lab.Right.Active.Data.Children.Values.Single().OutboundSpi));
        var rekey = new NotifyPayload(ProtocolId.Esp, spi, NotifyType.RekeySa, default);
        Assert.True(Forge.Ask(lab, ExchangeType.CreateChildSa, InformationalTests.NewChild(lab, rekey))!.Count > 1);

        Assert.Equal(NotifyType.TemporaryFailure, Assert.IsType<NotifyPayload>(Assert.Single(Forge.Ask(lab, ExchangeType.CreateChildSa, InformationalTests.NewChild(lab, rekey))!)).NotifyType);
    }

    [Fact]
    public void ANewChildIsRefusedWhileTheIkeSaIsRekeyed()
    {
        Lab lab = Setups.Up(Setups.Standard(4));
        lab.Passes = (_, _) => false;           // right's rekey gets no answer
        Operations.Ask(lab.Right, Operation.RekeyIke);
        lab.Run(20);

        Assert.Equal(NotifyType.TemporaryFailure, Assert.IsType<NotifyPayload>(Assert.Single(Forge.Ask(lab, ExchangeType.CreateChildSa, InformationalTests.NewChild(lab))!)).NotifyType);
    }

    [Fact]
    public void AnotherGroupIsAskedForInARekey()
    {
        ChildProposalPolicy With(params KeyExchangeGroup[] groups) => new([Cipher.AesGcm128], [], groups, [false]);
        Lab lab = Setups.Up(Setups.Standard(
            5, each => each with { Children = [each.Children[0] with { Proposals = [With(KeyExchangeGroup.Ecp256, KeyExchangeGroup.Ecp384)] }] },
            each => each with { Children = [each.Children[0] with { Proposals = [With(KeyExchangeGroup.Ecp384)] }] }));
        Operations.Do(lab, lab.Left, Operation.RekeyChild);

        Assert.Contains(lab.Left.Active.Events, each => each is { Kind: IkeEventKind.OtherGroupAsked, Detail: "Ecp384" });
        Assert.Equal(2, lab.Left.Active.Outputs.OfType<IkeOutput.ChildUp>().Count());
    }

    [Fact]
    public void AConnectionComesBackWhileItsRekeyedIkeSaStillLingers()
    {
        // right --- rekey IKE, D(old) --->  --- D(new) --->     left keeps it up: the old one, closed but remembered, is no reason not to
        Lab lab = Setups.Standard(10);
        lab.Left.Policy = lab.Left.Policy with { ClosedLinger = TimeSpan.FromMinutes(1) };
        Setups.Up(lab);
        Operations.Do(lab, lab.Right, Operation.RekeyIke);
        Operations.Ask(lab.Right, Operation.DeleteIke);
        lab.Await(() => !Setups.IsUp(lab), 5_000, "down");
        lab.Await(() => Setups.IsUp(lab), 10_000, "up again");
    }

    [Fact]
    public void LifetimesRekeyInTimeWithJitter()
    {
        Connection Short(Connection each) => each with
        {
            IkeLifetime = new Lifetime(TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(200), 0.2),
            Children = [each.Children[0] with { Lifetime = new ChildLifetime { Time = new Lifetime(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60), 0.2) } }],
        };
        Lab lab = Setups.Up(Setups.Standard(6, Short, Short));
        var traffic = new Traffic(lab);
        lab.Run(600_000);

        Agreement.Assert(lab);
        Assert.Equal(0, traffic.Lost);
        Assert.InRange(lab.Left.Active.Outputs.OfType<IkeOutput.IkeSaReplaced>().Count(), 5, 16);
        Assert.InRange(lab.Left.Active.Outputs.OfType<IkeOutput.ChildUp>().Count(), 20, 60);
        Assert.DoesNotContain(lab.Left.Active.Outputs.OfType<IkeOutput.ChildDown>(), each => each.Reason == ChildDownReason.Expired);
    }

    [Theory]
    [InlineData(2_000UL, 0UL, 1UL << 40), InlineData(0UL, 10UL, 1UL << 40), InlineData(0UL, 0UL, 1000UL)]
    public void BytesPacketsAndTheNumberSpaceAskForARekey(ulong bytes, ulong packets, ulong headroom)
    {
        var lifetime = new ChildLifetime { Time = new Lifetime(TimeSpan.FromHours(1), TimeSpan.FromHours(2), Jitter: 0), Bytes = bytes, Packets = packets, SequenceHeadroom = 5_000 };
        Lab lab = Setups.Up(Setups.Standard(7, each => each with { Children = [each.Children[0] with { Lifetime = lifetime }] }));
        ChildSaId child = lab.Left.Active.Data.Children.Keys.Single();
        lab.Left.Active.Step(new IkeInput.Traffic(child, 1_999, 9, lab.Now, 1UL << 40));
        lab.Run(100);
        Assert.Equal(0, lab.Observer.Count(ExchangeType.CreateChildSa, isResponse: false));

        lab.Left.Active.Step(new IkeInput.Traffic(child, 2_000, 10, lab.Now, headroom));
        lab.Run(100);
        Assert.Equal(1, lab.Observer.Count(ExchangeType.CreateChildSa, isResponse: false));
    }

    [Fact]
    public void WhatAChildMayCarryHasJitterTooAndASuccessorFindsTheSame()
    {
        // Fifty children that carry the same do not come due together; each stays within its policy.
        var lifetime = new ChildLifetime { Time = new Lifetime(TimeSpan.FromHours(1), TimeSpan.FromHours(2), Jitter: 0.2), Bytes = 1_000_000, SequenceHeadroom = 1 << 20 };
        Lab lab = Setups.Standard(17, each => each with { Children = [.. Enumerable.Range(0, 50).Select(i => each.Children[0] with { Name = $"c{i}", Lifetime = lifetime })] }, leftReplicated: true);
        lab.Left.Policy = lab.Left.Policy with { MostChildren = 64 };
        lab.Right.Policy = lab.Right.Policy with { MostChildren = 64 };
        Setups.Up(lab);
        lab.Await(() => lab.Left.Active.Data.Children.Count == 50, 20_000, "fifty children");
        ChildSaId[] children = [.. lab.Left.Active.Data.Children.Keys];
        TrafficLimits[] limits = [.. children.Select(child => lab.Left.Active.Endpoint.FactsOf(child)!.Limits!.Value)];

        Assert.All(limits, limit => Assert.InRange(limit.Bytes, 800_000UL, 1_000_000UL));
        Assert.All(limits, limit => Assert.InRange(limit.NumbersLeft, 1UL << 20, (1UL << 20) * 12 / 10));
        Assert.All(limits, limit => Assert.Equal(0UL, limit.Packets));
        Assert.InRange(limits.Select(limit => limit.Bytes / 20_000).Distinct().Count(), 5, 11);

        (ChildSaId early, TrafficLimits first) = children.Zip(limits).MinBy(each => each.Second.Bytes);
        lab.Left.Active.Step(new IkeInput.Traffic(early, first.Bytes - 1, 9, lab.Now, 1UL << 40));
        lab.Run(100);
        Assert.Equal(children.Length, lab.Left.Active.Data.Children.Count);
        lab.Left.TakeOver();
        lab.Run(100);
        Assert.Equal(first, lab.Left.Active.Endpoint.FactsOf(early)!.Limits);
        lab.Left.Active.Step(new IkeInput.Traffic(early, 1, 1, lab.Now, 1UL << 40));           // it has carried nothing itself before
        lab.Run(100);
        Assert.NotNull(lab.Left.Active.Data.Children.Values.SingleOrDefault(each => each.Replaces == early));
    }

    /// <summary>A member knows what it carried itself; of the others, the record tells. Each tells now and then, and dies before it told the last of it.</summary>
    [Theory, InlineData(true, 1), InlineData(true, 3), InlineData(true, 12), InlineData(true, 40), InlineData(false, 1), InlineData(false, 12)]
    public void HoweverManyTakeOverItCarriesNoMoreThanItsLimit(bool byBytes, int takeovers)
    {
        const ulong Limit = 1_600_000, Telling = Limit / 50;
        var lifetime = new ChildLifetime
        {
            Time = new Lifetime(TimeSpan.FromHours(1), TimeSpan.FromHours(2), Jitter: 0), Bytes = byBytes ? Limit : 0, Packets = byBytes ? 0 : Limit, SequenceHeadroom = 1,
        };
        Lab lab = Setups.Up(Setups.Standard(18, each => each with { Children = [each.Children[0] with { Lifetime = lifetime }] }, leftReplicated: true));
        ChildSaId child = lab.Left.Active.Data.Children.Keys.Single();
        (ulong carried, ulong here, int taken) = (0, 0, 0);
        ulong each = Math.Max(2, Limit / Telling / (ulong)(takeovers + 1)) * Telling;
        while (lab.Left.Active.Data.Children.Values.All(one => one.Replaces != child))
        {
            (carried, here) = (carried + Telling, here + Telling);
            if (taken < takeovers && here >= each)
            {
                lab.Left.TakeOver();
                (here, taken) = (0, taken + 1);
            }
            else
            {
                lab.Left.Active.Step(new IkeInput.Traffic(child, byBytes ? here : 0, byBytes ? 0 : here, lab.Now, 1UL << 40));
            }

            lab.Run(200);
            Assert.True(carried <= Limit, $"{carried} and no rekey, after {taken} takeovers");
        }

        Assert.True(carried + ((ulong)(taken + 1) * Limit / 16) > Limit, $"{carried}: too early for {taken} takeovers");
    }

    [Fact]
    public void WhereThereIsNoLimitNothingIsCommittedForTraffic()
    {
        Lab lab = Setups.Up(Setups.Standard(19, leftReplicated: true));
        long before = lab.Left.Active.Endpoint.Counters.Commits;
        for (ulong i = 1; i < 100; i++) lab.Left.Active.Step(new IkeInput.Traffic(lab.Left.Active.Data.Children.Keys.Single(), i << 30, i << 20, lab.Now, 1UL << 40));
        Assert.Equal(before, lab.Left.Active.Endpoint.Counters.Commits);
    }

    [Fact]
    public void APeerWithRoomForOneGetsTheNewOneAfterTheOldOne()
    {
        // left --- N(REKEY_SA) --->  <-- N(NO_ADDITIONAL_SAS) ---   --- D --->  <-- D ---   --- SA, Ni, TSi, TSr --->   (section 4)
        Lab lab = Setups.Standard(8);
        lab.Right.Policy = lab.Right.Policy with { MostChildren = 1 };
        Setups.Up(lab);
        ChildSaId old = lab.Left.Active.Data.Children.Keys.Single();
        Operations.Do(lab, lab.Left, Operation.RekeyChild);

        Assert.NotEqual(old, Assert.Single(lab.Left.Active.Data.Children).Key);
    }

    [Fact]
    public void AChildThatCannotBeRekeyedEndsTheIkeSaInTheEnd()
    {
        // The peer always says TEMPORARY_FAILURE; the hard lifetime ends it (section 2.8), and a connection to keep up starts anew.
        Lab lab = Setups.Standard(9, each => each with
        {
            Children = [each.Children[0] with { Lifetime = new ChildLifetime { Time = new Lifetime(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(60), 0) } }],
        });
        lab.Right.Policy = lab.Right.Policy with { Retransmit = new RetransmitPolicy { Attempts = 1_000 } };
        Setups.Up(lab);
        lab.Passes = (_, _) => false;
        Operations.Ask(lab.Right, Operation.RekeyIke);          // right waits for an answer for good, and so refuses
        lab.Passes = (host, _) => host.Site == lab.Left || lab.Observer.Messages[^1].Header.Exchange != ExchangeType.CreateChildSa || lab.Observer.Messages[^1].Header.IsResponse;
        lab.Await(() => lab.Left.Active.Outputs.OfType<IkeOutput.IkeSaDown>().Any(), 65_000, "the IKE SA ends");
        Assert.Equal(IkeSaDownReason.Expired, lab.Left.Active.Outputs.OfType<IkeOutput.IkeSaDown>().First().Reason);
    }

    /// <summary>A packet a millisecond each way, on whatever the data path would take; lost when the other side has no such SA when it comes.</summary>
    private sealed class Traffic
    {
        private readonly Lab _lab;

        public Traffic(Lab lab)
        {
            _lab = lab;
            SendBoth();
        }

        public int Sent { get; private set; }

        public int Lost { get; private set; }

        private void SendBoth()
        {
            SendOne(_lab.Left, _lab.Right, "to-right");
            SendOne(_lab.Right, _lab.Left, "to-left");
            _lab.After(1, SendBoth);
        }

        private void SendOne(Site from, Site to, string connection)
        {
            Sent++;
            uint? spi = from.Active.Data.Outbound(connection, "net")?.OutboundSpi;
            if (spi is not { } number)
            {
                Lost++;
                return;
            }

            _lab.At(_lab.Now + _lab.Random.Between(_lab.DelayMilliseconds.Minimum, _lab.DelayMilliseconds.Maximum), () =>
            {
                if (to.Active.Data.Inbound(number) is null) Lost++;
            });
        }
    }
}
