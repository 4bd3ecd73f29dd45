using System.Net;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Ladders;
using Baton.Wire;

namespace Baton.Ike.Tests.Simulation;

/// <summary>The same where a set-up is sent back first (cookie, other group), where messages travel in fragments, and where addresses change.</summary>
public sealed class EveryStepPathTests
{
    private static readonly IPEndPoint Moved = new(IPAddress.Parse("203.0.113.77"), 4500);

    [Fact]
    public void OfASetUpThatIsAskedForACookie() => new EveryStep
    {
        Name = "set up with a cookie", IsSetUp = true, Begin = lab => lab.Start(),
        Make = seed => Made(seed, right: each => each with { Flood = new FloodPolicy { CookiesFrom = 0 } }),
        Check = (lab, what) => Assert.True(lab.Right.Members.Sum(each => each.Endpoint.Counters.CookiesSent) > 0, what),
    }.Walk();

    [Fact]
    public void OfASetUpThatIsAskedForAnotherGroupAndACookie() => new EveryStep
    {
        Name = "set up with another group", IsSetUp = true, Begin = lab => lab.Start(),
        Make = seed =>
        {
            Lab lab = Setups.Standard(seed, right: each => each with { IkeProposals = [each.IkeProposals[0] with { Groups = [KeyExchangeGroup.Ecp256] }] }, leftReplicated: true);
            lab.Right.Policy = lab.Right.Policy with { Flood = new FloodPolicy { CookiesFrom = 0 } };
            return lab;
        },
    }.Walk();

    [Fact]
    public void OfASetUpInFragments() => new EveryStep { Name = "set up in fragments", IsSetUp = true, Begin = lab => lab.Start(), Make = Fragmented }.Walk();

    [Theory, InlineData(Operation.RekeyChild), InlineData(Operation.RekeyIke)]
    public void OfWhatIsAskedInFragments(Operation operation) => new EveryStep
    {
        Name = $"{operation} in fragments", Make = Fragmented,
        Begin = lab =>
        {
            Operations.Ask(lab.Left, operation);
            Operations.Ask(lab.Right, operation);
        },
    }.Walk();

    /// <summary>So what is asked and what is answered is sent again, in part by a successor: the observer sees to it that it is the same (RFC 7296 section 2.1).</summary>
    [Theory, InlineData(Operation.RekeyChild), InlineData(Operation.RekeyIke)]
    public void OfWhatIsAskedInFragmentsOfWhichTheSecondIsAlwaysLostOnce(Operation operation) => new EveryStep
    {
        Name = $"{operation} in fragments, the second lost once", Make = Fragmented,
        Begin = lab =>
        {
            var lost = new HashSet<string>();
            lab.Passes = (host, send) => !ProtectedMessage.TryPeekFragment(send.Message.Span, out ushort number, out ushort _) || number != 2
                || !lost.Add(Convert.ToHexString(send.Message.Span));
            Operations.Ask(lab.Left, operation);
        },
        Check = (lab, _) => lab.Passes = (_, _) => true,
    }.Walk();

    [Theory, InlineData(false), InlineData(true)]
    public void OfAMove(bool twice) => new EveryStep
    {
        Name = $"left moves{(twice ? " twice" : "")}",
        Begin = lab =>
        {
            Move(lab, Moved);
            if (twice) lab.After(7, () => Move(lab, new IPEndPoint(IPAddress.Parse("203.0.113.78"), 4500)));
        },
        Check = (lab, what) => AssertKnown(lab, new IPEndPoint(lab.Left.Address, 4500), what),
    }.Walk();

    [Fact]
    public void OfAMoveWhileAChildIsRekeyed() => new EveryStep
    {
        Name = "left moves while both rekey the child",
        Begin = lab =>
        {
            Operations.Ask(lab.Left, Operation.RekeyChild);
            Operations.Ask(lab.Right, Operation.RekeyChild);
            lab.After(3, () => Move(lab, Moved));
        },
        Check = (lab, what) => AssertKnown(lab, Moved, what),
    }.Walk();

    /// <summary>Without MOBIKE the peer is followed to where its requests come from (RFC 7296 section 2.23).</summary>
    [Fact]
    public void OfANatThatChangesThePort() => new EveryStep
    {
        Name = "another port of the NAT",
        Make = seed => PathTests.BehindNat(seed, each => each with { Mobike = false }, leftReplicated: true),
        Begin = lab =>
        {
            PathTests.AnotherPort(lab);
            Operations.Ask(lab.Left, Operation.RekeyChild);
        },
        Check = (lab, what) => Assert.True(lab.Right.Active.Endpoint.Established.All(each => each.Remote.Port == PathTests.OtherPort), what),
    }.Walk();

    private static Lab Made(ulong seed, Func<IkeEndpointPolicy, IkeEndpointPolicy>? left = null, Func<IkeEndpointPolicy, IkeEndpointPolicy>? right = null)
    {
        Lab lab = Setups.Standard(seed, leftReplicated: true, rightReplicated: true);
        (lab.Left.Policy, lab.Right.Policy) = (left?.Invoke(lab.Left.Policy) ?? lab.Left.Policy, right?.Invoke(lab.Right.Policy) ?? lab.Right.Policy);
        return lab;
    }

    private static Lab Fragmented(ulong seed) => Made(seed, each => each with { MaxDatagram = 150 }, each => each with { MaxDatagram = 150 });

    private static void Move(Lab lab, IPEndPoint to)
    {
        lab.Left.Address = to.Address;
        lab.Left.Restored = () => NoticeAddress(lab);
        NoticeAddress(lab);
    }

    /// <summary>A shell knows the address of its host: whoever is there now is told, and what is so already changes nothing.</summary>
    private static void NoticeAddress(Lab lab)
    {
        IEnumerable<IkeSaId> awake = lab.Left.Active.Endpoint.Established.Select(each => each.Id);
        foreach (IkeSaId sa in awake.Union(lab.Left.Ledger.Records.Keys).ToArray()) lab.Left.Active.Step(new IkeInput.LocalMoved(sa, new IPEndPoint(lab.Left.Address, 4500)));
    }

    private static void AssertKnown(Lab lab, IPEndPoint at, string what)
    {
        Assert.True(lab.Left.Active.Endpoint.Established.All(each => each.Local.Equals(at)), what);
        Assert.True(lab.Right.Active.Endpoint.Established.All(each => each.Remote.Equals(at)), $"{what}: {lab.Right.Active.Endpoint.Established.First().Remote}\n{lab.Tail()}");
    }
}
