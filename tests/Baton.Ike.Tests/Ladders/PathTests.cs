using System.Net;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Simulation;

namespace Baton.Ike.Tests.Ladders;

/// <summary>NATs, ports, fragments and addresses that change (RFC 7296 section 2.23, RFC 7383, RFC 4555).</summary>
public sealed class PathTests
{
    internal const int OtherPort = 51_111;

    internal static readonly IPEndPoint Nat = new(IPAddress.Parse("198.51.100.9"), 40_500);

    [Fact]
    public void ANatIsFoundAndBothFloatTo4500()
    {
        // left(10.x) --- NAT 198.51.100.9 --- right: IKE_SA_INIT on 500, IKE_AUTH on 4500, ESP in UDP
        Lab lab = Setups.Up(BehindNat(1));

        IkeSaFacts left = lab.Left.Active.Endpoint.Established.Single(), right = lab.Right.Active.Endpoint.Established.Single();
        Assert.Equal((4500, 4500), (left.Local.Port, left.Remote.Port));
        Assert.Equal(new IPEndPoint(Nat.Address, 44_500), right.Remote);
        Assert.True(left.UdpEncapsulation && right.UdpEncapsulation);
        Agreement.Assert(lab);
        Operations.Do(lab, lab.Right, Operation.RekeyChild);
        Operations.Do(lab, lab.Right, Operation.RekeyIke);
    }

    [Fact]
    public void APortThatChangesIsFollowed()
    {
        Lab lab = Setups.Up(BehindNat(2, each => each with { Mobike = false }));
        lab.SourceOf = (local, _) => local.Address.Equals(lab.Left.Address) ? new IPEndPoint(Nat.Address, 51_111) : local;
        Operations.Do(lab, lab.Left, Operation.Probe);

        IkeOutput.EndpointChanged changed = lab.Right.Active.Outputs.OfType<IkeOutput.EndpointChanged>().Single();
        Assert.Equal(51_111, changed.Remote.Port);
        Assert.Single(changed.Children);
        lab.Right.TakeOver(applyOfPending: 9);
        Operations.Do(lab, lab.Right, Operation.RekeyChild);
    }

    [Fact]
    public void OnPort4500FromTheStartNothingFloats()
    {
        Lab lab = Setups.Up(Setups.Standard(3, port: 4500));
        Assert.Equal(4500, lab.Left.Active.Endpoint.Established.Single().Remote.Port);
        Assert.False(lab.Left.Active.Endpoint.Established.Single().UdpEncapsulation);
        Agreement.Assert(lab);
    }

    [Theory, InlineData(true, 4500), InlineData(false, 500)]
    public void WithMobikeTheyFloatAlsoWithoutANat(bool mobike, int port)
    {
        Lab lab = Setups.Up(Setups.Standard(10, each => each with { Mobike = mobike }));
        Assert.Equal(port, lab.Right.Active.Endpoint.Established.Single().Local.Port);
        Assert.False(lab.Right.Active.Endpoint.Established.Single().UdpEncapsulation);
    }

    [Theory, InlineData(true, false), InlineData(false, true), InlineData(true, true)]
    public void EncapsulationIsForcedByEitherSide(bool byLeft, bool byRight)
    {
        Lab lab = Setups.Up(Setups.Standard(4, each => each with { ForceUdpEncapsulation = byLeft }, each => each with { ForceUdpEncapsulation = byRight }));
        Assert.True(lab.Left.Active.Data.Children.Values.Single().UdpEncapsulation);
        Agreement.Assert(lab);
    }

    [Fact]
    public void LargeMessagesTravelInFragmentsAndLossRepeatsThem()
    {
        Lab lab = Setups.Standard(5);
        lab.Left.Policy = lab.Left.Policy with { MaxDatagram = 150 };
        lab.Right.Policy = lab.Right.Policy with { MaxDatagram = 150 };
        lab.Loss = 0.1;
        Setups.Up(lab);
        lab.Loss = 0;
        Operations.Do(lab, lab.Left, Operation.RekeyIke);

        Assert.True(lab.Datagrams > 12);
        Agreement.Assert(lab);
    }

    [Fact]
    public void AnAnswerInFragmentsIsRepeatedByASuccessorAsTheSameBytes()
    {
        // left --- 2 fragments ---> right1   x<-- 2 fragments ---   -- right2 takes over --   --- the same 2 ---> right2   <--- the same 2 ---
        Lab lab = Setups.Standard(11);
        lab.Left.Policy = lab.Left.Policy with { MaxDatagram = 150 };
        lab.Right.Policy = lab.Right.Policy with { MaxDatagram = 150 };
        Setups.Up(lab);
        var answers = new List<string>();
        bool lose = true;
        lab.Passes = (host, send) =>
        {
            if (IkeHeader.TryParse(send.Message.Span, out IkeHeader header) != IkeParseVerdict.Parsed || !header.IsResponse || host.Site != lab.Right) return true;
            answers.Add(Convert.ToHexString(send.Message.Span));
            return !lose;
        };
        Operations.Ask(lab.Left, Operation.RekeyChild);
        lab.Run(30);
        string[] first = [.. answers];
        Assert.True(first.Length > 1, $"{first.Length} fragments");
        lab.Right.TakeOver(applyOfPending: 9);
        answers.Clear();
        lose = false;
        lab.Run(1_000);

        Assert.Equal(first, answers.Take(first.Length));        // once, though each of the request's fragments came again (RFC 7383 section 2.6.1)
        Assert.Equal(first.Length, answers.Distinct().Count(each => first.Contains(each)));
        Agreement.Assert(lab);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void AnInitiatorThatMovesTellsAndIsAskedForACookie(bool takeOver)
    {
        // left at its new address --- N(UPDATE_SA_ADDRESSES), NAT detection, N(COOKIE2) ---> right
        //                         <-- NAT detection, N(COOKIE2) ---
        //                         <-- N(COOKIE2) --- (return routability)   --- N(COOKIE2) -->
        Lab lab = Setups.Up(Setups.Standard(6));
        IPEndPoint moved = new(IPAddress.Parse("203.0.113.77"), 4500);
        lab.Left.Address = moved.Address;
        lab.Left.Active.Step(new IkeInput.LocalMoved(lab.Left.Active.Endpoint.Established.Single().Id, moved));
        if (takeOver)
        {
            lab.Run(8);
            lab.Right.TakeOver();
        }

        lab.Run(10_000);

        Assert.Equal(moved, lab.Right.Active.Endpoint.Established.Single().Remote);
        Assert.Contains(lab.Left.Active.Outputs.OfType<IkeOutput.EndpointChanged>(), each => each.Local.Equals(moved));
        Assert.Contains(lab.Observer.Messages, each => each.Header.IsFromInitiator && each.Header.IsResponse && each.Payloads is [NotifyPayload { NotifyType: NotifyType.Cookie2 }]);
        Operations.Do(lab, lab.Right, Operation.RekeyChild);
    }

    [Fact]
    public void WhatIsUnderWayWhenItMovesGoesOnFromTheNewAddress()
    {
        Lab lab = Setups.Up(Setups.Standard(7));
        Operations.Ask(lab.Left, Operation.RekeyChild);
        IPEndPoint moved = new(IPAddress.Parse("203.0.113.77"), 4500);
        lab.Left.Address = moved.Address;
        lab.Left.Active.Step(new IkeInput.LocalMoved(lab.Left.Active.Endpoint.Established.Single().Id, moved));
        lab.Run(10_000);

        Agreement.Assert(lab);
        Assert.Equal(moved, lab.Right.Active.Endpoint.Established.Single().Remote);
    }

    [Fact]
    public void WithoutMobikeAnInitiatorThatMovesBeginsAnewFromThere()
    {
        Lab lab = Setups.Up(Setups.Standard(11, each => each with { Mobike = false }));
        IkeSaFacts before = lab.Left.Active.Endpoint.Established.Single();
        IPEndPoint moved = new(IPAddress.Parse("203.0.113.77"), before.Local.Port);

        lab.Left.Active.Step(new IkeInput.LocalMoved(before.Id, moved));

        Assert.Empty(lab.Left.Active.Endpoint.Established);
        Assert.Empty(lab.Left.Active.Data.Children);                // nothing goes out from an address that is no more
        Assert.Equal(IkeSaDownReason.CannotMove, lab.Left.Active.Outputs.OfType<IkeOutput.IkeSaDown>().Single().Reason);
    }

    [Fact] // RFC 4555 section 3.5: the old address is no more, so there is nothing to go back to
    public void AnInitiatorWhoseNewAddressIsRefusedBeginsAnewFromThere()
    {
        // left at its new address --- N(UPDATE_SA_ADDRESSES) ---> right
        //                         <-- N(UNACCEPTABLE_ADDRESSES) ---
        Lab lab = Setups.Up(Setups.Standard(12));
        IkeSaFacts before = lab.Left.Active.Endpoint.Established.Single();
        IPEndPoint moved = new(IPAddress.Parse("203.0.113.77"), 4500);
        lab.Left.Address = moved.Address;
        lab.Passes = (from, _) => from.Site != lab.Left;
        lab.Left.Active.Step(new IkeInput.LocalMoved(before.Id, moved));
        uint id = Forge.Sa(lab.Left).NextRequestId - 1;

        byte[] refusal = Forge.Seal(Forge.Sa(lab.Right), ExchangeType.Informational, id, [new NotifyPayload(NotifyType.UnacceptableAddresses)], isAnswer: true);
        lab.Left.Active.Step(new IkeInput.Datagram(moved, before.Remote, refusal));

        Assert.Equal(IkeSaDownReason.CannotMove, lab.Left.Active.Outputs.OfType<IkeOutput.IkeSaDown>().Single().Reason);
        Assert.Empty(lab.Left.Active.Endpoint.Established);
        Assert.Empty(lab.Left.Active.Data.Children);
        Assert.DoesNotContain(lab.Left.Active.Outputs, each => each is IkeOutput.EndpointChanged);
    }

    [Fact]
    public void AResponderIsNotMovedByOthersThanMobike()
    {
        // With MOBIKE an authentic request from elsewhere is answered there, but moves nothing (RFC 4555 section 3.8).
        Lab lab = Setups.Up(Setups.Standard(8));
        Assert.NotNull(Forge.Ask(lab, ExchangeType.Informational, [], new IPEndPoint(IPAddress.Parse("203.0.113.9"), 1234)));
        Assert.Equal(lab.Left.Address, lab.Right.Active.Endpoint.Established.Single().Remote.Address);
    }

    [Fact]
    public void NoNatsAllowedIsChecked()
    {
        Lab lab = Setups.Up(Setups.Standard(9));
        byte[] wrong = [.. IPAddress.Parse("203.0.113.9").GetAddressBytes(), .. lab.Right.Address.GetAddressBytes(), 1, 244, 1, 244];

        IReadOnlyList<Payload> answer = Forge.Ask(lab, ExchangeType.Informational, [new NotifyPayload(NotifyType.UpdateSaAddresses), new NotifyPayload(NotifyType.NoNatsAllowed, wrong)])!;
        Assert.Equal(NotifyType.UnexpectedNatDetected, Assert.IsType<NotifyPayload>(Assert.Single(answer)).NotifyType);
    }

    /// <summary>The NAT has forgotten left, and lets it out by another port.</summary>
    internal static void AnotherPort(Lab lab)
    {
        lab.SourceOf = (local, _) => local.Address.Equals(lab.Left.Address) ? new IPEndPoint(Nat.Address, OtherPort) : local;
        lab.DestinationOf = remote => remote.Address.Equals(Nat.Address) ? new IPEndPoint(lab.Left.Address, 4500) : remote;
    }

    internal static Lab BehindNat(ulong seed, Func<Connection, Connection>? left = null, bool leftReplicated = false)
    {
        Lab lab = Setups.Standard(seed, left, each => (left?.Invoke(each) ?? each) with { Remote = null }, leftReplicated);
        lab.SourceOf = (local, _) => local.Address.Equals(lab.Left.Address) ? new IPEndPoint(Nat.Address, local.Port == 500 ? 40_500 : 44_500) : local;
        lab.DestinationOf = remote => remote.Address.Equals(Nat.Address) ? new IPEndPoint(lab.Left.Address, remote.Port == 40_500 ? 500 : 4500) : remote;
        return lab;
    }
}
