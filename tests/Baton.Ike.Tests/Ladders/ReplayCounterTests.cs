using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Simulation;

namespace Baton.Ike.Tests.Ladders;

/// <summary>RFC 6311 section 5.2: a successor's ceiling shuts the peer out, so it is asked to jump, or the child is rekeyed.</summary>
public sealed class ReplayCounterTests
{
    [Theory, InlineData(true, 8), InlineData(false, 4)]
    public void CountersJumpOnceByAnOrdinaryExchange(bool extended, int octets)
    {
        // <-- ID n: N(COUNTERS 5000) ---    --- ID n: empty -->     (section 5, case 2; section 6.4)
        Lab lab = Setups.Up(With(1, extended));
        Behind(lab, 5_000);
        lab.Run(200);
        Behind(lab, 5_000 - 1);

        IkeOutput.JumpCounters jump = lab.Left.Active.Outputs.OfType<IkeOutput.JumpCounters>().Single();
        Assert.Equal(5_000UL, jump.By);
        Assert.Equal([.. lab.Left.Active.Data.Children.Keys.Take(1)], jump.Children);
        NotifyPayload notify = Assert.Single(Notifications(lab));
        Assert.Equal((octets, ProtocolId.None, 0), (notify.Data.Length, notify.Protocol, notify.Spi.Length));
        Assert.NotEqual(0U, lab.Observer.Messages.First(each => each.Payloads.Contains(notify)).Header.MessageId.Value);
        Assert.Equal(5_000UL, Forge.Sa(lab.Left).Children[0].Jumped);

        // A second time after one takeover is not asked for: that child is rekeyed (section 7).
        lab.Run(200);
        Assert.Equal(2, lab.Left.Active.Data.Children.Count);
        Assert.Single(Notifications(lab));
        lab.Right.TakeOver(applyOfPending: 9);
        Behind(lab, 77);
        lab.Run(200);
        Assert.Equal(2, Notifications(lab).Count());
    }

    [Fact]
    public void TheFarthestOfAllChildrenIsAskedFor()
    {
        Lab lab = Setups.Up(With(6, extended: false));
        Forge.Ask(lab, ExchangeType.CreateChildSa, InformationalTests.NewChild(lab));
        foreach ((ChildSa child, ulong by) in Forge.Sa(lab.Right).Children.Zip([5_000UL, 65_000UL])) lab.Right.Active.Step(new IkeInput.InboundBehind(child.Id, by));
        lab.Run(200);

        Assert.Equal(65_000UL, lab.Left.Active.Outputs.OfType<IkeOutput.JumpCounters>().Single().By);
        Assert.Equal(2, lab.Right.Active.Data.Children.Count);
    }

    [Theory]
    [InlineData("the peer does not know it")]
    [InlineData("too far")]
    [InlineData("numbers of both sorts")]
    public void WhereThatIsNotToBeHadTheChildIsRekeyed(string why)
    {
        Lab lab = With(2, extended: true);
        if (why == "the peer does not know it") lab.Left.Policy = lab.Left.Policy with { AnnounceCounterSync = false };
        Setups.Up(lab);
        if (why == "numbers of both sorts") Forge.Ask(lab, ExchangeType.CreateChildSa, InformationalTests.NewChild(lab));       // without extended numbers
        int before = lab.Right.Active.Data.Children.Count;
        Behind(lab, why == "too far" ? (1UL << 30) + 1 : 5_000);
        lab.Run(200);

        Assert.Empty(Notifications(lab));
        Assert.Equal(before + 1, lab.Right.Active.Data.Children.Count);
        Assert.Single(lab.Right.Active.Events, each => each.Kind == IkeEventKind.PeerBehind);
    }

    [Theory, InlineData(true, 4), InlineData(false, 8), InlineData(true, 7), InlineData(true, 0)]
    public void CountersOfAnotherLengthAreRefused(bool extended, int octets)
    {
        Lab lab = Setups.Up(With(3, extended));
        IReadOnlyList<Payload> answer = Forge.Ask(lab, ExchangeType.Informational, [new NotifyPayload(NotifyType.IpsecReplayCounterSync, new byte[octets])])!;

        Assert.Equal(NotifyType.InvalidSyntax, Assert.IsType<NotifyPayload>(Assert.Single(answer)).NotifyType);
        Assert.Equal(1, lab.Right.Active.Endpoint.Counters[IkeDrop.MalformedSync]);
        Assert.Empty(lab.Right.Active.Outputs.OfType<IkeOutput.JumpCounters>());
    }

    [Fact]
    public void TheJumpComesWithTheIdsInOneMessage()
    {
        // section 5, case 3: ID 0: N(SYNC), N(COUNTERS)
        Lab lab = Setups.Up(With(4, extended: true));
        lab.Right.TakeOver(applyOfPending: 9);
        Forge.Sa(lab.Right).SynchronizeIdsWanted = true;
        Behind(lab, 123);
        lab.Run(100);

        Assert.Equal(123UL, lab.Left.Active.Outputs.OfType<IkeOutput.JumpCounters>().Single().By);
        Assert.Equal(2, lab.Observer.Messages.First(each => each.Payloads.Contains(Notifications(lab).Single())).Payloads.Count);
        lab.Run(2_000);
        Assert.Single(Notifications(lab));
    }

    /// <summary>Left is a cluster, too: nothing says yes before the record says how far, and a successor jumps once more.</summary>
    [Fact]
    public void WhoJumpedAndFailsOverJumpsAgain()
    {
        Lab lab = Setups.Up(With(5, extended: true, leftReplicated: true));
        Behind(lab, 5_000);
        lab.Run(50);
        lab.Await(() => lab.Left.Active.Outputs.OfType<IkeOutput.JumpCounters>().Any(), 100, "jumped");
        Assert.NotEqual(0UL, lab.Left.Active.Outputs.OfType<IkeOutput.JumpCounters>().Single().AfterCommit);
        lab.Run(100);
        lab.Left.TakeOver(applyOfPending: 9);

        IkeOutput.JumpCounters again = lab.Left.Active.Outputs.OfType<IkeOutput.JumpCounters>().Single();
        Assert.Equal((5_000UL, 0UL), (again.By, again.AfterCommit));
        Assert.Equal([.. lab.Left.Active.Data.Children.Keys], again.Children);

        // A child that was made since has nothing to catch up with.
        Operations.Do(lab, lab.Left, Operation.RekeyChild);
        lab.Left.TakeOver(applyOfPending: 9);
        Assert.Empty(lab.Left.Active.Outputs.OfType<IkeOutput.JumpCounters>());
    }

    private static Lab With(ulong seed, bool extended, bool leftReplicated = false) => Setups.Standard(
        seed, left => left with { Children = [left.Children[0] with { Proposals = [left.Children[0].Proposals[0] with { Esn = [extended] }] }] }, leftReplicated: leftReplicated);

    private static void Behind(Lab lab, ulong by) =>
        lab.Right.Active.Step(new IkeInput.InboundBehind(Forge.Sa(lab.Right).Children.First(each => each.MayBeRekeyed).Id, by));

    private static IEnumerable<NotifyPayload> Notifications(Lab lab) =>
        lab.Observer.Messages.SelectMany(each => each.Payloads).OfType<NotifyPayload>().Where(each => each.NotifyType == NotifyType.IpsecReplayCounterSync);
}
