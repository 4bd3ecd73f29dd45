using System.Net;
using Baton.Ike.Negotiation;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Simulation;

namespace Baton.Ike.Tests.Ladders;

/// <summary>After a takeover IKE SAs sleep: each wakes when something is for it, the others in their turn.</summary>
public sealed class SleepingTests
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    [Fact]
    public void TheFirstDatagramIsAnswered()
    {
        Lab lab = Asleep(1);

        Answered(lab, Operation.Probe);

        Assert.Equal(0, lab.Right.Active.Endpoint.Asleep);
        Agreement.Assert(lab);
    }

    [Fact]
    public void WhatComesBeforeTheFirstIvIsAnsweredWithIt()
    {
        Lab lab = Asleep(2);
        lab.Right.Active.Ivs.Gives = false;
        long before = lab.Left.Active.Endpoint.Counters.AnswersReceived;
        Operations.Ask(lab.Left, Operation.Probe);
        lab.Run(20);
        Assert.Equal(before, lab.Left.Active.Endpoint.Counters.AnswersReceived);

        lab.Right.Active.Ivs.Gives = true;
        lab.Right.Active.Step(new IkeInput.IvsGiven(lab.Right.Active.Endpoint.Established.Single().Id));
        lab.Run(20);

        Assert.Equal(before + 1, lab.Left.Active.Endpoint.Counters.AnswersReceived);       // long before the peer repeats it
        Assert.Equal(0, lab.Left.Active.Endpoint.Counters.Retransmissions);
    }

    [Fact]
    public void ACommandWakesIt()
    {
        Lab lab = Asleep(3);

        lab.Right.Active.Step(new IkeInput.RekeyChild(lab.Right.Active.Data.Children.Keys.Single()));
        lab.Run(100);

        Assert.Equal(2, lab.Right.Active.Data.Children.Count);
        Assert.Equal(0, lab.Right.Active.Endpoint.Asleep);
    }

    [Fact]
    public void TrafficAloneWakesNone()
    {
        Lab lab = Asleep(12);

        lab.Right.Active.Step(new IkeInput.Traffic(lab.Right.Active.Data.Children.Keys.Single(), 1_000, 1, lab.Now, 1_000_000));

        Assert.Equal(1, lab.Right.Active.Endpoint.Asleep);
    }

    [Fact]
    public void ThatItsNumbersAreUsedUpWakesIt()
    {
        Lab lab = Asleep(13);

        // Told once: nothing passes on it any more.
        lab.Right.Active.Step(new IkeInput.Traffic(lab.Right.Active.Data.Children.Keys.Single(), 1_000, 1, lab.Now, 0));
        lab.Run(100);

        Assert.Equal(0, lab.Right.Active.Endpoint.Asleep);
        Assert.Equal(2, lab.Right.Active.Data.Children.Count);
    }

    [Fact]
    public void ItsOwnRequestLeavesAgainWhenItsTurnComes()
    {
        Lab lab = Setups.Up(Setups.Standard(4));
        byte[]? asked = null;
        lab.Passes = (from, send) =>
        {
            asked = from.Site == lab.Right ? send.Message.ToArray() : asked;
            return from.Site != lab.Right;
        };
        Operations.Ask(lab.Right, Operation.RekeyChild);
        lab.Run(20);
        byte[] first = Assert.IsType<byte[]>(asked);
        lab.Right.WakeEvery = TimeSpan.FromMilliseconds(150);
        lab.Right.TakeOver(applyOfPending: 9);
        lab.Passes = (from, send) =>
        {
            asked = from.Site == lab.Right ? send.Message.ToArray() : asked;
            return true;
        };
        asked = null;

        lab.Run(100);
        Assert.Null(asked);                                 // asleep it sends nothing
        lab.Run(60);
        Assert.Equal(first, asked);
        lab.Run(5_000);
        Agreement.Assert(lab);
    }

    [Fact]
    public void ARecordThatIsGoneIsForgottenWithAllThatItHeld()
    {
        Lab lab = WithPool(5);
        IkeHost standby = Standby(lab, out AddressPool pool);
        Assert.Equal((1, 0, 1, 1), (standby.Endpoint.Asleep, standby.Endpoint.IkeSas, standby.Endpoint.ChildSas, pool.InUse));

        standby.Step(new IkeInput.Unfollow([lab.Right.Ledger.Records.Keys.Single()]));

        Assert.Equal((0, 0, 0), (standby.Endpoint.Asleep, standby.Endpoint.ChildSas, pool.InUse));
        standby.Step(new IkeInput.Restore([]));
        Assert.Equal(0, standby.Endpoint.IkeSas);
    }

    [Fact]
    public void OfAStateThatChangedOnlyTheNewestIsLeft()
    {
        Lab lab = WithPool(6);
        IkeHost standby = Standby(lab, out AddressPool pool);
        Operations.Do(lab, lab.Left, Operation.RekeyChild);

        standby.Step(new IkeInput.Follow(lab.Right.Ledger.ForTakeover(lab.Now)));

        Assert.Equal((1, 1, 1), (standby.Endpoint.Asleep, standby.Endpoint.ChildSas, pool.InUse));
        IkeSaFacts known = standby.Outputs.OfType<IkeOutput.IkeSaFollowed>().Last().Sa;
        Assert.Equal(lab.Right.Active.Endpoint.Established.Single().Children, known.Children);
    }

    [Fact]
    public void AnAddressOfASleeperIsNobodyElses()
    {
        Lab lab = WithPool(7);
        IkeHost standby = Standby(lab, out AddressPool pool);
        standby.Step(new IkeInput.Restore([]));

        Assert.Equal("10.9.0.2", pool.Take(new IkeSaId(99), "somebody else")!.ToString());
        Assert.Equal(1, standby.Endpoint.Asleep);
    }

    [Fact]
    public void ASecondTakeoverBeforeItsTurnLosesNothing()
    {
        Lab lab = Asleep(8);
        lab.Right.TakeOver(applyOfPending: 9);
        Assert.Equal(1, lab.Right.Active.Endpoint.Asleep);

        Answered(lab, Operation.RekeyIke);

        lab.Run(60_000);
        Agreement.Assert(lab);
    }

    [Fact]
    public void WhoStandsDownFollowsAnewAndWorksAgain()
    {
        Lab lab = Asleep(9);
        IkeHost host = lab.Right.Active;
        host.Step(new IkeInput.StandDown());
        Assert.Equal((0, 0), (host.Endpoint.Asleep, host.Endpoint.ChildSas));
        host.Step(new IkeInput.Follow(lab.Right.Ledger.ForTakeover(lab.Now)));
        host.Step(new IkeInput.Restore([]));

        Answered(lab, Operation.RekeyChild);
        Agreement.Assert(lab);
    }

    [Fact]
    public void ThePeersInitialContactEndsWhatSleeps()
    {
        Lab lab = Asleep(10);

        lab.Left.Restart();
        lab.Run(5_000);

        Assert.Single(lab.Right.Ledger.Records);
        Assert.Equal(1, lab.Right.Active.Endpoint.IkeSas);
        Agreement.Assert(lab);
    }

    [Fact]
    public void TheyWakeSomeAtATimeAndAllInBoundedTime()
    {
        const int Count = 40;
        Lab lab = Setups.Standard(11, right: each => each with { Remote = null, Credentials = Setups.Credentials("right", "left") with { RemoteIdentity = null } });
        Connection left = lab.Left.Policy.Connections[0];
        lab.Left.Policy = lab.Left.Policy with
        {
            Connections = [.. Enumerable.Range(0, Count).Select(i => left with { Name = $"c{i}", Credentials = Setups.Credentials($"left{i}", "right") })],
        };
        lab.Start();
        lab.Await(() => lab.Right.Active.Endpoint.Established.Count() == Count, 20_000, "all up");
        lab.Run(100);
        lab.Right.WakeEvery = TimeSpan.FromMilliseconds(5);
        lab.Right.TakeOver(applyOfPending: 99);
        IkeEndpoint successor = lab.Right.Active.Endpoint;
        int together = successor.Policy.WakeTogether;

        Assert.Equal(Count, successor.Asleep);              // the takeover itself wakes none
        for (int asleep = Count; asleep > 0; asleep -= together)
        {
            Assert.Equal(asleep, successor.Asleep);
            lab.Run(5);
        }

        Assert.Equal((0, Count), (successor.Asleep, successor.Established.Count()));
    }

    /// <summary>Up, and the right side taken over by a member for whom nothing has come yet.</summary>
    private static Lab Asleep(ulong seed)
    {
        Lab lab = Setups.Up(Setups.Standard(seed));
        lab.Run(50);
        lab.Right.WakeEvery = Long;
        lab.Right.TakeOver(applyOfPending: 9);
        Assert.Equal((1, 1), (lab.Right.Active.Endpoint.Asleep, lab.Right.Active.Endpoint.IkeSas));
        return lab;
    }

    private static void Answered(Lab lab, Operation operation)
    {
        long before = lab.Left.Active.Endpoint.Counters.AnswersReceived;
        Operations.Ask(lab.Left, operation);
        lab.Run(100);                                       // less than until the first repetition
        Assert.True(lab.Left.Active.Endpoint.Counters.AnswersReceived > before, lab.Tail());
    }

    /// <summary>The right side gave an inner address to the left one.</summary>
    private static Lab WithPool(ulong seed)
    {
        Lab lab = Setups.Standard(
            seed, each => each with { AsksForIPv4 = true, Children = [each.Children[0] with { Local = [] }] },
            each => each with { GivesAddressesFrom = ["four"], Children = [each.Children[0] with { Remote = [] }] });
        lab.Right.Pools = () => new() { ["four"] = Addresses() };
        Setups.Up(lab);
        lab.Run(50);
        return lab;
    }

    /// <summary>Another member, that has followed what there is.</summary>
    private static IkeHost Standby(Lab lab, out AddressPool pool)
    {
        pool = Addresses();
        var standby = new IkeHost(lab, lab.Right, lab.Right.Policy with { Pools = new Dictionary<string, AddressPool> { ["four"] = pool } }, "standby");
        standby.Step(new IkeInput.Follow(lab.Right.Ledger.ForTakeover(lab.Now)));
        return standby;
    }

    private static AddressPool Addresses() => new(IPAddress.Parse("10.9.0.1"), IPAddress.Parse("10.9.0.9"));
}
