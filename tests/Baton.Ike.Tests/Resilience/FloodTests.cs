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
        for (int i = 0; i < 40; i++) Stranger(lab, 0, i, cookie: Stranger(lab, 0, i));
        Assert.Equal(7, lab.Right.Active.Endpoint.HalfOpenSas);
        for (int i = 1; i < 200; i++) Stranger(lab, i);

        Assert.Equal(100, lab.Right.Active.Endpoint.HalfOpenSas);
        Assert.Equal(33, lab.Right.Active.Endpoint.Counters[IkeDrop.HalfOpenPerAddress]);
        Assert.Equal(37, lab.Right.Active.Endpoint.Counters.CookiesSent);
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

    /// <summary>Whoever writes the peer's address into its own messages shuts the peer out no more.</summary>
    [Fact]
    public void ASpoofedAddressTakesNoMoreThanHalfOfItsShare()
    {
        Lab lab = Setups.Standard(4, right: each => each with { Remote = null });
        lab.Start();
        for (int i = 0; i < 100; i++) Stranger(lab, 0, i, lab.Left.Address);
        Assert.Equal(new FloodPolicy().MostHalfOpenPerAddress / 2, lab.Right.Active.Endpoint.HalfOpenSas);
        lab.Await(() => Setups.IsUp(lab), 2_000, "the peer itself shows a cookie and is let in");
    }

    /// <summary>An X25519 value of small order costs a key exchange and leaves nothing: it counts all the same.</summary>
    [Fact]
    public void ABadKeyExchangeValueIsNoWayAroundTheCookies()
    {
        Lab lab = Setups.Standard(5, right: each => each with { Remote = null });
        lab.Left.Policy = lab.Left.Policy with { Connections = [] };
        lab.Start();
        for (int i = 0; i < 500; i++) Stranger(lab, i, key: new byte[32]);

        Assert.Equal(50, lab.Right.Active.Endpoint.Counters[IkeDrop.MalformedInit]);
        Assert.Equal(450, lab.Right.Active.Endpoint.Counters.CookiesSent);
        Assert.Equal(0, lab.Right.Active.Endpoint.HalfOpenSas);
        lab.Run(60_000);
        Stranger(lab, 1, 1, key: new byte[32]);
        Assert.Equal(51, lab.Right.Active.Endpoint.Counters[IkeDrop.MalformedInit]);
    }

    /// <summary>Who is refused in IKE_AUTH is no longer half open, but goes on counting: each attempt costs a key exchange and three commits.</summary>
    [Fact]
    public void RefusedStrangersGoOnCounting()
    {
        Lab lab = Setups.Standard(6, each => each with { Credentials = Setups.Credentials("left", "right", Setups.Key("a guess")) }, each => each with { Remote = null });
        TimeSpan often = TimeSpan.FromMilliseconds(10);
        lab.Left.Policy = lab.Left.Policy with { Reconnect = often, LongestReconnect = often };
        lab.Right.Policy = lab.Right.Policy with { Flood = new FloodPolicy { MostHalfOpenPerAddress = 4 } };
        lab.Start();
        lab.Run(20_000);

        Assert.Equal(4, lab.Right.Active.Events.Count(each => each.Kind == IkeEventKind.AuthenticationFailed));
        Assert.True(lab.Right.Active.Endpoint.Counters[IkeDrop.HalfOpenPerAddress] > 0);
    }

    /// <summary>Our answer is larger than the request, and the sender's address may be another's.</summary>
    [Fact]
    public void RepetitionsAreNotAnsweredFasterThanAPeerAsks()
    {
        Lab lab = Setups.Standard(7, right: each => each with { Remote = null });
        lab.Left.Policy = lab.Left.Policy with { Connections = [] };
        lab.Start();
        Stranger(lab, 5);
        lab.Run(10);
        for (int i = 0; i < 100; i++) Stranger(lab, 5);
        lab.Run(60);
        Stranger(lab, 5);

        Assert.Equal(2, lab.Right.Active.Endpoint.Counters.AnswersRepeated);
        Assert.Equal(99, lab.Right.Active.Endpoint.Counters[IkeDrop.RepeatedTooSoon]);
    }

    /// <summary>An IKE_SA_INIT request; returns the cookie of the answer, if there was one.</summary>
    private static byte[]? Stranger(Lab lab, int number, int spi = 0, IPAddress? address = null, byte[]? key = null, byte[]? cookie = null)
    {
        var from = new IPEndPoint(address ?? new IPAddress([203, 0, (byte)(number >> 8), (byte)number]), 500);
        byte[] nonce = new byte[32], good = new byte[32];
        (nonce[0], nonce[1], good[0], good[5]) = ((byte)number, (byte)(number >> 8), 9, (byte)number);
        IEnumerable<Payload> payloads =
            [new SaPayload(IkeProposals.Offer(IkeProposalPolicy.Defaults, default)), new KePayload((ushort)KeyExchangeGroup.Curve25519, key ?? good), new NoncePayload(nonce)];
        if (cookie is not null) payloads = payloads.Prepend(new NotifyPayload(NotifyType.Cookie, cookie));
        byte[] message = IkeMessageWriter.Write(
            new IkeHeader(new IkeSpi((ulong)(1 + number + (spi << 20))), default, ExchangeType.IkeSaInit, IkeFlags.Initiator, default),
            [.. payloads]);
        int before = lab.Right.Active.Outputs.Count;
        lab.Right.Active.Step(new IkeInput.Datagram(new IPEndPoint(lab.Right.Address, 500), from, message));
        return lab.Right.Active.Outputs.Skip(before).OfType<IkeOutput.Send>().Select(CookieOf).FirstOrDefault(each => each is not null);
    }

    private static byte[]? CookieOf(IkeOutput.Send send)
    {
        IkeMessage.TryParse(send.Message.Span, out IkeMessage? answer);
        return answer?.Notification(NotifyType.Cookie)?.Data.ToArray();
    }
}
