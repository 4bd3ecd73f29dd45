using System.Net;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Tests.Harness;

namespace Baton.Ike.Tests.Ladders;

/// <summary>SAs that are made when a packet wants them, and go when none comes any more (RFC 7296 sections 2.9, 1.4.1).</summary>
public sealed class AcquireTests
{
    private static readonly TrafficSelector OtherLeft = Setups.Net("10.3.0.0", "10.3.255.255"), OtherRight = Setups.Net("10.4.0.0", "10.4.255.255");

    [Fact]
    public void TheChildThatCoversThePacketIsMadeAndNoOther()
    {
        Lab lab = Started(1);
        Assert.Equal(0, lab.Left.Active.Endpoint.IkeSas);

        Acquire(lab, "10.3.0.7", "10.4.0.8");
        lab.Await(() => Setups.IsUp(lab), 5_000, "up");

        Assert.Equal("other", Assert.Single(lab.Left.Active.Data.Children.Values).Child);
        Acquire(lab, "10.1.0.7", "10.2.0.8");
        lab.Await(() => lab.Left.Active.Data.Children.Count == 2 && lab.Right.Active.Data.Children.Count == 2, 5_000, "the other one too");
        Agreement.Assert(lab);
        Assert.Equal(1, lab.Left.Active.Endpoint.IkeSas);
    }

    [Fact]
    public void OneNegotiationAtATimeHoweverManyPacketsAsk()
    {
        Lab lab = Started(2);
        for (int i = 0; i < 50; i++) Acquire(lab, "10.1.0.7", $"10.2.0.{i}");
        lab.Await(() => Setups.IsUp(lab), 5_000, "up");
        lab.Run(2_000);

        Assert.Equal(4, lab.Datagrams);
        Assert.Single(lab.Left.Active.Data.Children);
    }

    [Fact]
    public void AFailureIsFollowedByABackOffThatGrows()
    {
        // The right side does not believe the left: each try ends with AUTHENTICATION_FAILED. A packet asks ten times a second for a minute.
        Lab lab = Started(3, right: each => each with { Credentials = Setups.Credentials("right", "left", Setups.Key("quite another secret")) });
        var tries = new List<double>();
        for (int i = 0; i < 600; i++)
        {
            int before = lab.Observer.Count(ExchangeType.IkeSaInit, isResponse: false);
            Acquire(lab, "10.1.0.7", "10.2.0.8");
            lab.Run(100);
            if (lab.Observer.Count(ExchangeType.IkeSaInit, isResponse: false) > before) tries.Add(i / 10.0);
        }

        double[] gaps = [.. tries.Zip(tries.Skip(1), (a, b) => b - a)];
        Assert.InRange(gaps.Length, 3, 6);                                  // 1, 2, 4, 8, 16 s, each up to a fifth longer
        Assert.All(gaps.Zip(gaps.Skip(1)), pair => Assert.True(pair.Second > pair.First * 1.5, $"{pair.First} s, then {pair.Second} s"));
    }

    [Fact]
    public void WhatIsIdleIsDeletedAndThePacketAfterThatBringsItUpAgain()
    {
        Lab lab = Started(4, left: each => each with { Children = [each.Children[0] with { IdleAfter = TimeSpan.FromSeconds(10) }] });
        Acquire(lab, "10.1.0.7", "10.2.0.8");
        lab.Await(() => Setups.IsUp(lab), 5_000, "up");
        ChildSaId child = lab.Left.Active.Data.Children.Keys.Single();

        lab.Run(8_000);
        lab.Left.Active.Step(new IkeInput.Traffic(child, 100, 1, lab.Now, uint.MaxValue));
        lab.Run(8_000);
        Assert.Single(lab.Left.Active.Data.Children);                       // something passed 8 s ago
        lab.Run(3_000);
        Assert.Empty(lab.Left.Active.Data.Children);
        Assert.Empty(lab.Right.Active.Data.Children);
        Assert.Equal(0, lab.Left.Active.Endpoint.IkeSas);                   // its last child took it along

        Acquire(lab, "10.1.0.7", "10.2.0.8");
        lab.Await(() => Setups.IsUp(lab), 1_000, "up again, without a back-off");
        Agreement.Assert(lab);
    }

    private static Lab Started(ulong seed, Func<Connection, Connection>? left = null, Func<Connection, Connection>? right = null)
    {
        Connection OfLeft(Connection each)
        {
            each = each with { KeepUp = false, Children = [each.Children[0] with { Start = false }, new ChildPolicy("other") { Local = [OtherLeft], Remote = [OtherRight], Start = false }] };
            return left?.Invoke(each) ?? each;
        }

        Connection OfRight(Connection each)
        {
            each = each with { Children = [each.Children[0], new ChildPolicy("other") { Local = [OtherRight], Remote = [OtherLeft] }] };
            return right?.Invoke(each) ?? each;
        }

        Lab lab = Setups.Standard(seed, OfLeft, OfRight);
        lab.Start();
        lab.Run(100);
        return lab;
    }

    private static void Acquire(Lab lab, string source, string destination) => lab.Left.Active.Step(new IkeInput.Acquire("to-right", Host(source), Host(destination)));

    private static TrafficSelector Host(string address) => Setups.Net(address, address) with { Protocol = 17, StartPort = 4_000, EndPort = 4_000 };
}
