using System.Net;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Simulation;
using Baton.Wire;

namespace Baton.Ike.Tests.Ladders;

/// <summary>IKE_SA_INIT and IKE_AUTH between two cores (RFC 7296 sections 1.2, 2.6, 2.7, 2.15).</summary>
public sealed class SetUpTests
{
    [Fact]
    public void FourMessagesMakeAnIkeSaAndAChild()
    {
        // left --- IKE_SA_INIT: SA, KE, Ni ---> right
        //      <-- IKE_SA_INIT: SA, KE, Nr ---
        //      --- IKE_AUTH: IDi, AUTH, SA, TSi, TSr --->
        //      <-- IKE_AUTH: IDr, AUTH, SA, TSi, TSr ---
        Lab lab = Setups.Up(Setups.Standard(1));

        Agreement.Assert(lab);
        Assert.Equal(4, lab.Datagrams);
        Assert.Equal(1, lab.Observer.Count(ExchangeType.IkeAuth, isResponse: true));
        Assert.Single(lab.Left.Active.Outputs.OfType<IkeOutput.IkeSaUp>());
        Assert.Single(lab.Right.Active.Outputs.OfType<IkeOutput.IkeSaUp>());
    }

    [Fact]
    public void ManyConnectionsBeginInTurnsAndASilentPeerStopsNobody()
    {
        // Forty to keep up; the responder takes two half-open ones from one address, and three connections go to where nobody answers.
        var lab = new Lab(4);
        Connection Many(int i) => Setups.Left(lab, name: $"c{i}") with { Credentials = Setups.Credentials($"left{i}", "right") };
        Connection Silent(int i) => Many(i) with { Remote = new IPEndPoint(IPAddress.Parse("192.0.2.9"), 500) };
        lab.Left.Policy = Lab.QuickPolicy with { MostStarting = 2, Connections = [Silent(0), Silent(1), Silent(2), .. Enumerable.Range(3, 37).Select(Many)] };
        Connection any = Setups.Right(lab);
        lab.Right.Policy = Lab.QuickPolicy with
        {
            Flood = new FloodPolicy { MostHalfOpenPerAddress = 2 },
            Connections = [any with { Remote = null, Credentials = any.Credentials with { RemoteIdentity = null } }],
        };
        lab.Start();

        lab.Await(() => lab.Left.Active.Data.Children.Count == 37, 5_000, "all that can be are up");

        Assert.Equal(0, lab.Right.Active.Endpoint.Counters[IkeDrop.HalfOpenPerAddress]);
        Assert.Equal(37, lab.Right.Active.Data.Children.Count);
    }

    [Fact]
    public void AsManyAsBeginAtOnceGetInWithoutACookieWhereTheOtherEndIsBatonToo()
    {
        var lab = new Lab(5);
        lab.Left.Policy = Lab.QuickPolicy with { Connections = [.. Enumerable.Range(0, 60).Select(i => Setups.Left(lab, name: $"c{i}") with { Credentials = Setups.Credentials($"left{i}", "right") })] };
        Connection any = Setups.Right(lab);
        lab.Right.Policy = Lab.QuickPolicy with { Connections = [any with { Remote = null, Credentials = any.Credentials with { RemoteIdentity = null } }] };
        lab.Start();

        lab.Await(() => lab.Left.Active.Data.Children.Count == 60, 5_000, "all are up");

        Assert.Equal(0, lab.Right.Active.Endpoint.Counters.CookiesSent);
        Assert.Equal(4 * 60, lab.Datagrams);
    }

    public static TheoryData<Cipher, IntegrityAlgorithm, PrfAlgorithm, KeyExchangeGroup> Suites => new()
    {
        { Cipher.AesGcm128, IntegrityAlgorithm.None, PrfAlgorithm.HmacSha256, KeyExchangeGroup.Curve25519 },
        { Cipher.AesGcm256, IntegrityAlgorithm.None, PrfAlgorithm.HmacSha384, KeyExchangeGroup.Ecp256 },
        { Cipher.ChaCha20Poly1305, IntegrityAlgorithm.None, PrfAlgorithm.HmacSha512, KeyExchangeGroup.Ecp384 },
        { Cipher.AesCbc128, IntegrityAlgorithm.HmacSha256, PrfAlgorithm.HmacSha256, KeyExchangeGroup.Ecp521 },
        { Cipher.AesCbc256, IntegrityAlgorithm.HmacSha384, PrfAlgorithm.HmacSha384, KeyExchangeGroup.Modp2048 },
        { Cipher.AesCbc256, IntegrityAlgorithm.HmacSha512, PrfAlgorithm.HmacSha512, KeyExchangeGroup.Modp3072 },
    };

    [Theory, MemberData(nameof(Suites))]
    public void EachSuiteWorksForBothSas(Cipher cipher, IntegrityAlgorithm integrity, PrfAlgorithm prf, KeyExchangeGroup group)
    {
        IntegrityAlgorithm[] ones = integrity == IntegrityAlgorithm.None ? [] : [integrity];
        Connection Only(Connection each) => each with
        {
            IkeProposals = [new IkeProposalPolicy([cipher], ones, [prf], [group])],
            Children = [each.Children[0] with { Proposals = [new ChildProposalPolicy([cipher], ones, [group], [true])] }],
        };
        Lab lab = Setups.Up(Setups.Standard(2, Only, Only));

        Operations.Do(lab, lab.Left, Operation.RekeyChild);
        Operations.Do(lab, lab.Right, Operation.RekeyIke);

        Agreement.Assert(lab);
        IkeSaFacts facts = lab.Left.Active.Endpoint.Established.Single();
        Assert.Equal(new IkeSuite(cipher.Algorithm, cipher.KeyBits, integrity, prf), facts.Suite);
        Assert.Equal(group, facts.Group);
        Assert.Equal(new ChildSuite(cipher.Algorithm, cipher.KeyBits, integrity, true), lab.Left.Active.Data.Children.Values.Single().Suite);
    }

    [Fact]
    public void AnotherGroupIsAskedForAndTaken()
    {
        // left --- SA(x25519, ecp384), KE(x25519) --->
        //      <-- N(INVALID_KE_PAYLOAD ecp384) ---
        //      --- SA, KE(ecp384) --->
        IkeProposalPolicy[] With(params KeyExchangeGroup[] groups) => [new([Cipher.AesGcm128], [], [PrfAlgorithm.HmacSha256], groups)];
        Lab lab = Setups.Up(Setups.Standard(
            3, each => each with { IkeProposals = With(KeyExchangeGroup.Curve25519, KeyExchangeGroup.Ecp384) }, each => each with { IkeProposals = With(KeyExchangeGroup.Ecp384) }));

        Assert.Equal(6, lab.Datagrams);
        Assert.Equal(KeyExchangeGroup.Ecp384, lab.Left.Active.Endpoint.Established.Single().Group);
    }

    [Fact]
    public void NoCommonProposalIsSaidAndKeepsNothing()
    {
        Lab lab = Setups.Standard(
            4, each => each with { IkeProposals = [new([Cipher.AesGcm128], [], [PrfAlgorithm.HmacSha256], [KeyExchangeGroup.Ecp384])] },
            each => each with { IkeProposals = [new([Cipher.AesGcm256], [], [PrfAlgorithm.HmacSha256], [KeyExchangeGroup.Ecp384])] });
        lab.Start();
        lab.Run(2_000);

        Assert.Contains(lab.Right.Active.Events, each => each.Kind == IkeEventKind.NoProposalChosen);
        Assert.Equal(0, lab.Right.Active.Endpoint.IkeSas);
        Assert.Empty(lab.Right.Ledger.Records);
    }

    [Fact]
    public void ManyHalfOpenOnesMakeItAskForACookie()
    {
        // left --- SA, KE, Ni --->              right has too many half open
        //      <-- N(COOKIE) ---
        //      --- N(COOKIE), SA, KE, Ni --->
        Lab lab = Setups.Standard(5);
        lab.Right.Policy = lab.Right.Policy with { Flood = new FloodPolicy { CookiesFrom = 0 } };
        Setups.Up(lab);

        Assert.Equal(6, lab.Datagrams);
        Assert.Equal(1, lab.Right.Active.Endpoint.Counters.CookiesSent);
        var withCookie = lab.Observer.Messages.Where(each => each.Header.Exchange == ExchangeType.IkeSaInit && !each.Header.IsResponse).Last();
        Assert.Equal(NotifyType.Cookie, Assert.IsType<NotifyPayload>(withCookie.Payloads[0]).NotifyType);
    }

    [Fact]
    public void ACookieIsKeptWhenAnotherGroupIsAskedForToo()
    {
        // left --- SA(x25519, ecp384), KE(x25519) --->            the shorter exchange of section 2.6.1
        //      <-- N(COOKIE) ---
        //      --- N(COOKIE), SA, KE(x25519) --->
        //      <-- N(INVALID_KE_PAYLOAD ecp384) ---
        //      --- N(COOKIE), SA, KE(ecp384) --->
        IkeProposalPolicy[] With(params KeyExchangeGroup[] groups) => [new([Cipher.AesGcm128], [], [PrfAlgorithm.HmacSha256], groups)];
        Lab lab = Setups.Standard(
            5, each => each with { IkeProposals = With(KeyExchangeGroup.Curve25519, KeyExchangeGroup.Ecp384) }, each => each with { IkeProposals = With(KeyExchangeGroup.Ecp384) });
        lab.Right.Policy = lab.Right.Policy with { Flood = new FloodPolicy { CookiesFrom = 0 } };
        Setups.Up(lab);

        Assert.Equal(8, lab.Datagrams);
        Assert.Equal(1, lab.Right.Active.Endpoint.Counters.CookiesSent);
        Assert.Equal(KeyExchangeGroup.Ecp384, lab.Left.Active.Endpoint.Established.Single().Group);
    }

    [Fact]
    public void TheWrongKeyIsRefusedAndLeavesNothing()
    {
        Lab lab = Setups.Standard(6, each => each with { Credentials = Setups.Credentials("left", "right", Setups.Key("something else")) });
        lab.Start();
        lab.Await(() => lab.Left.Active.Events.Any(each => each.Kind == IkeEventKind.AuthenticationFailed), 5_000, "refused");
        lab.Left.Active.IsDead = true;
        lab.Run(40_000);

        Assert.Contains(lab.Right.Active.Events, each => each is { Kind: IkeEventKind.AuthenticationFailed, Detail: "left: BadMac" });
        Assert.Empty(lab.Right.Active.Data.Children);
        Assert.Equal(0, lab.Right.Active.Endpoint.IkeSas);
        Assert.Empty(lab.Right.Ledger.Records);
    }

    [Fact]
    public void AResponderThatIsNotWhoItShouldBeIsLeftAgain()
    {
        // right proves itself, but as somebody else: IKE_AUTH is answered, then --- D ---> (section 2.21.2)
        Lab lab = Setups.Standard(7, each => each with { Credentials = Setups.Credentials("left", "right") with { RemoteIdentity = null, Remote = Setups.Key("not right's") } });
        lab.Start();
        lab.Await(() => lab.Observer.Count(ExchangeType.Informational, isResponse: true) > 0, 5_000, "deleted");

        Assert.Empty(lab.Left.Active.Data.Children);
        Assert.Empty(lab.Right.Active.Data.Children);
    }

    [Fact]
    public void AChildThatIsRefusedLeavesTheIkeSaUp()
    {
        // <-- IDr, AUTH, N(TS_UNACCEPTABLE) ---   (section 1.2)
        Lab lab = Setups.Standard(8, right: each => each with { Children = [each.Children[0] with { Remote = [Setups.Net("10.77.0.0", "10.77.0.255")] }] });
        lab.Start();
        lab.Run(1_000);

        Assert.Single(lab.Left.Active.Endpoint.Established);
        Assert.Single(lab.Right.Active.Endpoint.Established);
        Assert.Empty(lab.Left.Active.Data.Children);
        Assert.Contains(lab.Left.Active.Events, each => each is { Kind: IkeEventKind.ChildRefusedByPeer, Detail: "net: TsUnacceptable" });
    }

    [Fact]
    public void SelectorsAreNarrowedToWhatBothAllow()
    {
        Lab lab = Setups.Up(Setups.Standard(9, right: each => each with { Children = [each.Children[0] with { Local = [Setups.Net("10.2.3.0", "10.2.3.255")] }] }));

        Agreement.Assert(lab);
        Assert.Equal([Setups.Net("10.2.3.0", "10.2.3.255")], lab.Left.Active.Data.Children.Values.Single().Remote);
    }

    [Fact]
    public void FurtherChildrenFollowAndTransportModeIsAgreed()
    {
        ChildPolicy Second(bool left) => new("host") { Mode = ChildMode.Transport, Local = [Setups.Net(left ? "192.0.2.1" : "192.0.2.2", left ? "192.0.2.1" : "192.0.2.2")], Remote = [Setups.Net(left ? "192.0.2.2" : "192.0.2.1", left ? "192.0.2.2" : "192.0.2.1")] };
        Lab lab = Setups.Up(Setups.Standard(10, each => each with { Children = [each.Children[0], Second(true)] }, each => each with { Children = [each.Children[0], Second(false)] }));
        lab.Await(() => lab.Left.Active.Data.Children.Count == 2 && lab.Right.Active.Data.Children.Count == 2, 2_000, "two children");

        Agreement.Assert(lab);
        Assert.Contains(lab.Left.Active.Data.Children.Values, each => each is { Child: "host", Mode: ChildMode.Transport });
    }

    [Fact]
    public void AnAddressIsGivenFromThePoolAndGoesBack()
    {
        // --- CP(CFG_REQUEST) --->   <-- CP(CFG_REPLY 10.9.0.1, 2001:db8::1) ---   (section 2.19)
        var pools = new Dictionary<string, AddressPool>
        {
            ["four"] = new(IPAddress.Parse("10.9.0.1"), IPAddress.Parse("10.9.0.1")), ["six"] = new(IPAddress.Parse("2001:db8::1"), IPAddress.Parse("2001:db8::ff")),
        };
        Lab lab = Setups.Standard(
            11, each => each with { AsksForIPv4 = true, AsksForIPv6 = true, Children = [each.Children[0] with { Local = [] }] },
            each => each with { GivesAddressesFrom = ["four", "six"], GivesNameServers = [IPAddress.Parse("10.2.0.53")], Children = [each.Children[0] with { Remote = [] }] });
        lab.Right.Policy = lab.Right.Policy with { Pools = pools };
        Setups.Up(lab);

        IkeOutput.AddressAssigned assigned = lab.Left.Active.Outputs.OfType<IkeOutput.AddressAssigned>().Single();
        Assert.Equal(["10.9.0.1", "2001:db8::1"], assigned.Addresses.Select(each => each.ToString()));
        Assert.Equal(["10.2.0.53"], assigned.NameServers.Select(each => each.ToString()));
        Assert.Equal(assigned.Addresses.Select(TrafficSelectorNarrowing.Host), lab.Left.Active.Data.Children.Values.Single().Local);
        Agreement.Assert(lab);

        // It moves with a rekey, survives a takeover, and is free again after the delete.
        Operations.Do(lab, lab.Left, Operation.RekeyIke);
        pools["four"].Clear();
        lab.Right.TakeOver(applyOfPending: 9);
        Assert.Equal(1, pools["four"].InUse);
        Operations.Do(lab, lab.Left, Operation.RekeyChild);
        Agreement.Assert(lab);
        lab.Left.Active.Step(new IkeInput.SetConnections([]));
        lab.Await(() => pools["four"].InUse == 0, 2_000, "free again");
    }

    [Fact]
    public void APoolThatIsEmptyIsSaidAndAskedAgainLaterEachTime()
    {
        var pool = new AddressPool(IPAddress.Parse("10.9.0.1"), IPAddress.Parse("10.9.0.1"));
        IPAddress taken = pool.Take(new IkeSaId(7), "somebody else")!;
        Lab lab = Setups.Standard(12, each => each with { AsksForIPv4 = true, Children = [each.Children[0] with { Local = [] }] }, each => each with { GivesAddressesFrom = ["four"], Children = [each.Children[0] with { Remote = [] }] });
        lab.Right.Policy = lab.Right.Policy with { Pools = new Dictionary<string, AddressPool> { ["four"] = pool } };
        lab.Start();
        lab.Run(500);

        Assert.Contains(lab.Left.Active.Events, each => each is { Kind: IkeEventKind.ChildRefusedByPeer, Detail: "net: InternalAddressFailure" });
        Assert.Empty(lab.Left.Active.Endpoint.Established);

        lab.Run(60_000);
        Assert.InRange(lab.Observer.Count(ExchangeType.IkeAuth, isResponse: false), 5, 7);      // after 1, 2, 4, 8, 16, 32 s, each up to a fifth longer
        pool.Release(taken, new IkeSaId(7));
        lab.Await(() => Setups.IsUp(lab), 80_000, "there is an address now");
        Agreement.Assert(lab);
    }

    [Fact]
    public void INITIAL_CONTACTEndsWhatIsLeftOfAnEarlierLife()
    {
        Lab lab = Setups.Up(Setups.Standard(13));
        lab.Left.Restart();
        lab.Await(() => lab.Right.Active.Outputs.OfType<IkeOutput.IkeSaDown>().Any(each => each.Reason == IkeSaDownReason.Replaced), 5_000, "the old one is gone");
        lab.Run(500);

        Assert.Single(lab.Right.Active.Endpoint.Established);
        Agreement.Assert(lab);
    }

    [Fact]
    public void ALostMessageIsRepeatedByteForByte()
    {
        Lab lab = Setups.Standard(14);
        lab.Loss = 0.5;
        Setups.Up(lab);

        Agreement.Assert(lab);
        Assert.True(lab.Left.Active.Endpoint.Counters.Retransmissions > 0);     // the observer has compared them
    }

    [Fact]
    public void RepetitionsComeLaterEachTimeADozenOfThemOverMinutes()
    {
        var sent = new List<Instant>();
        Lab lab = Setups.Standard(14);
        lab.Left.Policy = lab.Left.Policy with { Retransmit = new RetransmitPolicy() };
        lab.Passes = (host, _) =>
        {
            if (host.Site == lab.Left) sent.Add(lab.Now);
            return false;
        };
        lab.Start();
        lab.Await(() => sent.Count == 12, 600_000, "a dozen");

        double[] waits = [.. sent.Zip(sent.Skip(1), (one, next) => (next - one).TotalMilliseconds)];
        Assert.InRange(waits[0], 499, 501);
        Assert.All(waits.Zip(waits.Skip(1)), pair => Assert.InRange(pair.Second, Math.Min(pair.First * 1.69, 29_999), Math.Min(pair.First * 1.71, 30_001)));
        Assert.InRange((sent[^1] - sent[0]).TotalMinutes, 2, 5);
        lab.Run(29_000);
        Assert.Equal(12, sent.Count);      // and then it is called silent (section 2.4)
    }

    [Fact]
    public void APeerThatIsSilentIsGivenUpAndTriedAgain()
    {
        Lab lab = Setups.Up(Setups.Standard(15, each => each with { Liveness = TimeSpan.FromSeconds(5) }));
        lab.Passes = (host, _) => host.Site == lab.Left;
        lab.Await(() => lab.Left.Active.Outputs.OfType<IkeOutput.IkeSaDown>().Any(each => each.Reason == IkeSaDownReason.PeerSilent), 120_000, "silent");
        Assert.Empty(lab.Left.Active.Data.Children);

        lab.Passes = (_, _) => true;
        lab.Await(() => Agreement.WhyNot(lab) is null, 120_000, "up again");
    }
}
