using System.Net;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Ike.Tests.Harness;

namespace Baton.Ike.Tests.Resilience;

/// <summary>What strangers can make us keep has a bound, and goes away.</summary>
public sealed class FloodTests
{
    [Fact]
    public void AFloodIsAnsweredWithCookiesAndKeepsNothing()
    {
        Lab lab = Setups.Standard(1, right: each => each with { Remote = null });
        lab.Right.Policy = lab.Right.Policy with { Flood = new FloodPolicy { CookiesFrom = 50, MostHalfOpenPerAddress = 1_000 } };
        lab.Start();
        for (int i = 0; i < 5_000; i++) Stranger(lab, i);

        Assert.Equal(50, lab.Right.Active.Endpoint.HalfOpenSas);
        Assert.True(lab.Right.Active.Endpoint.Counters.CookiesSent > 4_900);
        lab.Run(100);
        Assert.True(Setups.IsUp(lab), "an honest peer comes through");
        lab.Run(60_000);
        Assert.Equal(0, lab.Right.Active.Endpoint.HalfOpenSas);
        Assert.Single(lab.Right.Ledger.Records);
    }

    [Fact]
    public void OneAddressGetsNoMoreThanItsShareAndAllNoMoreThanTheBound()
    {
        Lab lab = Setups.Standard(2, right: each => each with { Remote = null });
        lab.Left.Policy = lab.Left.Policy with { Connections = [] };
        lab.Right.Policy = lab.Right.Policy with { Flood = new FloodPolicy { CookiesFrom = 1_000, MostHalfOpen = 100, MostHalfOpenPerAddress = 7 } };
        lab.Start();
        for (int i = 0; i < 40; i++) Stranger(lab, 0, i);
        Assert.Equal(7, lab.Right.Active.Endpoint.HalfOpenSas);
        for (int i = 1; i < 200; i++) Stranger(lab, i);

        Assert.Equal(100, lab.Right.Active.Endpoint.HalfOpenSas);
        Assert.Equal(33, lab.Right.Active.Endpoint.Counters[IkeDrop.HalfOpenPerAddress]);
        Assert.Equal(106, lab.Right.Active.Endpoint.Counters[IkeDrop.HalfOpenFull]);
        Assert.Equal(100, lab.Right.Active.Endpoint.IkeSas);
    }

    /// <summary>The same request again is the same answer and no second IKE SA (section 2.1).</summary>
    [Fact]
    public void ARepeatedFirstMessageIsTheSameIkeSa()
    {
        Lab lab = Setups.Standard(3, right: each => each with { Remote = null });
        lab.Left.Policy = lab.Left.Policy with { Connections = [] };
        lab.Start();
        for (int i = 0; i < 10; i++) Stranger(lab, 5);
        lab.Run(10);
        Stranger(lab, 5);

        Assert.Equal(1, lab.Right.Active.Endpoint.IkeSas);
        Assert.Equal(9, lab.Right.Active.Endpoint.Counters[IkeDrop.AnswerNotCommitted]);
        Assert.Equal(1, lab.Right.Active.Endpoint.Counters.AnswersRepeated);
    }

    private static void Stranger(Lab lab, int number, int spi = 0)
    {
        var from = new IPEndPoint(new IPAddress([203, 0, (byte)(number >> 8), (byte)number]), 500);
        byte[] nonce = new byte[32], key = new byte[32];
        (nonce[0], nonce[1], key[0], key[5]) = ((byte)number, (byte)(number >> 8), 9, (byte)number);
        byte[] message = IkeMessageWriter.Write(
            new IkeHeader(new IkeSpi((ulong)(1 + number + (spi << 20))), default, ExchangeType.IkeSaInit, IkeFlags.Initiator, default),
            [new SaPayload(IkeProposals.Offer(IkeProposalPolicy.Defaults, default)), new KePayload((ushort)KeyExchangeGroup.Curve25519, key), new NoncePayload(nonce)]);
        lab.Right.Active.Step(new IkeInput.Datagram(new IPEndPoint(lab.Right.Address, 500), from, message));
    }
}
