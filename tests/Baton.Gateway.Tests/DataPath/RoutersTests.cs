using System.Buffers.Binary;
using System.Net;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Esp;
using Baton.Gateway.DataPath;
using Baton.Gateway.Ports;
using Baton.Gateway.Router;
using Baton.Linux;
using Baton.Redundancy.Records;

namespace Baton.Gateway.Tests.DataPath;

/// <summary>A gateway behind two routers, over real sockets.</summary>
public sealed class RoutersTests : IDisposable
{
    private static readonly UdpEndpoint Peer = UdpEndpoint.From(IPEndPoint.Parse("203.0.113.9:4500"));

    private readonly UdpBatch _usual = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly UdpBatch _other = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly UdpBatch _stranger = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly UdpBatch _host = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly UdpBatch _inner = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly PacketPath _gateway;
    private readonly PacketPath _peer;

    public RoutersTests()
    {
        _gateway = new PacketPath(Options(NodeRole.Gateway, viaRouter: true), isPeer: false);
        _peer = new PacketPath(Options(NodeRole.Peer, viaRouter: false), isPeer: true);
        var sa = new StaticSa("call", SaSuite.AesGcm256, SaMode.Tunnel, 0x1001, 0x1002, Key(1), Key(2),
            IPNetwork.Parse("10.2.0.0/16"), IPNetwork.Parse("10.1.0.10/32"), Peer.ToIPEndPoint(), true, 128);
        _gateway.AddOutbound(Record(1), sa.ToPeer(), null);
        _gateway.AddInbound(Record(2), sa.FromPeer(), null);
        _peer.AddOutbound(Record(2), sa.FromPeer(), null);
    }

    public void Dispose()
    {
        _gateway.Dispose();
        _peer.Dispose();
        foreach (UdpBatch socket in new[] { _usual, _other, _stranger, _host, _inner })
            socket.Dispose();
    }

    [Fact]
    public void APeerIsAnsweredByTheRouterThatItsNewestAuthenticPacketCameBy()
    {
        AnswerComesTo(_usual);
        By(_other, Esp());
        AnswerComesTo(_other);
        By(_usual, Esp());
        AnswerComesTo(_usual);
    }

    [Fact]
    public void WhatIsNotAuthenticLeadsNoAnswerAway()
    {
        byte[] esp = Esp();
        byte[] forged = [.. esp];
        forged[^1] ^= 1;
        By(_other, forged);
        AnswerComesTo(_usual);
        By(_usual, esp);
        By(_other, esp);  // a replay
        AnswerComesTo(_usual);
    }

    [Fact]
    public void AShimOfAStrangerIsNotRead()
    {
        By(_stranger, Esp());
        Assert.Equal(1, _gateway.Counters[EspVerdict.BadEnvelope]);
        AnswerComesTo(_usual);
    }

    [Fact] // so that a successor answers by the same router before the peer has spoken again
    public void AStandbyHearsOfTheRouter()
    {
        By(_usual, Esp());
        Assert.False(_gateway.TryTakeMoved(out _));
        By(_other, Esp());
        Assert.True(_gateway.TryTakeMoved(out OutboundEntry? moved));
        Assert.Equal((Peer, _other.Local), (moved.Peer, moved.Local));

        By(_usual, Esp());
        AnswerComesTo(_usual);
        Assert.True(_gateway.SetEndpoint(new SaId(1), Peer, _other.Local));
        AnswerComesTo(_other);
        Assert.True(_gateway.SetEndpoint(new SaId(1), Peer, _usual.Local));
        AnswerComesTo(_usual);
    }

    [Fact] // a switchover: the member before does not say by which router it came
    public void APacketThatWasHandedOverSaysNothingOfTheRouter()
    {
        By(_other, Esp());
        Assert.Equal(EspVerdict.Delivered, _gateway.Take(Esp(), new Arrival(Peer), MonotonicClock.Now));
        AnswerComesTo(_other);
    }

    [Fact]
    public void AnIkeAnswerGoesBackTheWayItsRequestCame()
    {
        By(_other, [0, 0, 0, 0, .. Ike(1)]);
        IkeComesTo(_other, Ike(1, isAnswer: true));
        By(_usual, [0, 0, 0, 0, .. Ike(1)]);
        IkeComesTo(_usual, Ike(1, isAnswer: true));
    }

    [Fact] // our own requests go where a message came from that proved itself; anybody can send one with a peer's address and SPI
    public void ASpoofedMessageLeadsNoRequestOfOursAway()
    {
        By(_other, [0, 0, 0, 0, .. Ike(1)]);
        IkeComesTo(_usual, Ike(1));

        _gateway.LearnProvenRouter(1, Peer, _other.Local);
        By(_usual, [0, 0, 0, 0, .. Ike(1)]);
        IkeComesTo(_other, Ike(1));

        // An SA that was made since, with nothing heard of it yet.
        IkeComesTo(_other, Ike(2));
        _gateway.LearnProvenRouter(2, Peer, _usual.Local);
        IkeComesTo(_usual, Ike(2));
        IkeComesTo(_other, Ike(1));
    }

    [Fact]
    public void BeforeAPacketOfAnSaHasComeItsPeersProvenIkeSaysTheWay()
    {
        By(_other, [0, 0, 0, 0, .. Ike(1)]);
        AnswerComesTo(_usual);
        _gateway.LearnProvenRouter(1, Peer, _other.Local);
        AnswerComesTo(_other);
    }

    [Fact]
    public void AFloodOfInventedPeersKeepsNoNewOneOut()
    {
        for (uint i = 0; i < 10_000; i++)
            _gateway.Take([0, 0, 0, 0, .. Ike(10_000 + i)], new Arrival(Peer, _other.Local), MonotonicClock.Now);
        By(_other, [0, 0, 0, 0, .. Ike(1)]);
        IkeComesTo(_other, Ike(1, isAnswer: true));
    }

    /// <summary>A header (RFC 7296 3.1).</summary>
    private static byte[] Ike(ulong initiatorSpi, bool isAnswer = false)
    {
        byte[] message = new byte[28];
        BinaryPrimitives.WriteUInt64BigEndian(message, initiatorSpi);
        (message[17], message[18], message[19], message[27]) = (0x20, 37, (byte)(isAnswer ? 0x20 : 0), 28);
        return message;
    }

    private void IkeComesTo(UdpBatch router, byte[] message)
    {
        Assert.True(_gateway.SendIke(default, Peer, message));
        _gateway.Flush();
        Assert.Equal([0, 0, 0, 0, .. message], Receive(router)[Shim.Length..]);
    }

    private byte[] Esp()
    {
        Assert.Equal(EspVerdict.Delivered, _peer.Send(TestPackets.Ipv4("10.1.0.10", "10.2.0.10", 60)));
        _peer.Flush();
        return Receive(_host);
    }

    private void By(UdpBatch router, byte[] packet)
    {
        Span<byte> buffer = router.Reserve();
        Shim.Write(buffer, Peer);
        packet.CopyTo(buffer[Shim.Length..]);
        router.Queue(Shim.Length + packet.Length, _gateway.Outer.Local);
        router.Flush();
        using var poller = new Poller([.. _gateway.Outer.Fds]);
        poller.Wait(MonotonicClock.Now + TimeSpan.FromSeconds(5));
        Assert.True(_gateway.TakeOuter(MonotonicClock.Now));
    }

    private void AnswerComesTo(UdpBatch router)
    {
        Assert.Equal(EspVerdict.Delivered, _gateway.Send(TestPackets.Ipv4("10.2.0.10", "10.1.0.10", 60)));
        _gateway.Flush();
        Assert.True(Shim.TryRead(Receive(router), out UdpEndpoint to));
        Assert.Equal(Peer, to);
        foreach (UdpBatch other in new[] { _usual, _other, _stranger })
            Assert.Equal(0, other.Receive());
    }

    private static byte[] Receive(UdpBatch socket)
    {
        using var poller = new Poller(socket.Fd);
        poller.Wait(MonotonicClock.Now + TimeSpan.FromSeconds(5));
        Assert.Equal(1, socket.Receive());
        return socket.Packet(0).ToArray();
    }

    private static byte[] Key(byte first) => [.. Enumerable.Range(first, 36).Select(i => (byte)i)];

    private static SaRecord Record(ulong id) => new(new SaId(id), SaDirection.Outbound, 0, default, id, 0, 0, 0, 0, 0, default);

    /// <summary>The peer sends to a socket of the test, which is the network.</summary>
    private NodeOptions Options(NodeRole role, bool viaRouter) => new()
    {
        File = "test",
        Name = "test",
        Role = role,
        Cluster = new ClusterOptions("test", null, [], [],
            [new RouterAddress("r", new IPEndPoint(IPAddress.Loopback, 1)), new RouterAddress("s", new IPEndPoint(IPAddress.Loopback, 2), _other.Local.ToIPEndPoint())]),
        Tls = null,
        Outer = new OuterOptions(new IPEndPoint(IPAddress.Loopback, 0), viaRouter, (viaRouter ? _usual : _host).Local.ToIPEndPoint()),
        Inner = new InnerOptions(new IPEndPoint(IPAddress.Loopback, 0), [new InnerRoute(IPNetwork.Parse("0.0.0.0/0"), _inner.Local.ToIPEndPoint())]),
    };
}
