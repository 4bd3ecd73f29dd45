using System.Net;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Esp;
using Baton.Gateway.DataPath;
using Baton.Gateway.Ports;
using Baton.Linux;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.Tests.DataPath;

/// <summary>Two ways of packets over real sockets: a peer and a gateway without a cluster.</summary>
public sealed class PacketPathTests : IDisposable
{
    private readonly UdpBatch _hostAtPeer = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly UdpBatch _hostAtGateway = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly PacketPath _gateway;
    private readonly PacketPath _peer;

    public PacketPathTests()
    {
        _gateway = new PacketPath(Options(NodeRole.Gateway, null, _hostAtGateway), isPeer: false);
        _peer = new PacketPath(Options(NodeRole.Peer, _gateway.Outer.Local.ToIPEndPoint(), _hostAtPeer), isPeer: true);
        var sa = new StaticSa("call", SaSuite.AesGcm256, SaMode.Tunnel, 0x1001, 0x1002, Key(1), Key(2),
            IPNetwork.Parse("10.2.0.0/16"), IPNetwork.Parse("10.1.0.10/32"), _peer.Outer.Local.ToIPEndPoint(), true, 128);
        _gateway.AddOutbound(Record(1), sa.ToPeer(), null);
        _gateway.AddInbound(Record(2), sa.FromPeer(), null);
        _peer.AddInbound(Record(1), sa.ToPeer(), null);
        _peer.AddOutbound(Record(2), sa.FromPeer(), null);
    }

    public void Dispose()
    {
        _gateway.Dispose();
        _peer.Dispose();
        _hostAtPeer.Dispose();
        _hostAtGateway.Dispose();
    }

    [Fact]
    public void APacketGoesThroughAndItsReplayDoesNot()
    {
        byte[] packet = TestPackets.Ipv4("10.1.0.10", "10.2.0.10", 60);
        Assert.Equal(EspVerdict.Delivered, _peer.Send(packet));
        _peer.Flush();
        byte[] esp = Receive(_gateway.Outer);
        byte[] again = [.. esp];
        Assert.Equal(EspVerdict.Delivered, _gateway.Take(esp, new Arrival(_peer.Outer.Local), default));
        _gateway.Flush();
        Assert.Equal(packet, Receive(_hostAtGateway));
        Assert.Equal(EspVerdict.Replayed, _gateway.Take(again, new Arrival(_peer.Outer.Local), default));
    }

    [Theory] // RFC 7296 2.8: make before break
    [InlineData("it is told")]
    [InlineData("a packet comes on it")]
    [InlineData("the one before goes")]
    public void ARekeyedPairCarriesPacketsWhen(string what)
    {
        const ulong child = 7;
        var next = new StaticSa("call", SaSuite.AesGcm256, SaMode.Tunnel, 0x2001, 0x2002, Key(3), Key(4),
            IPNetwork.Parse("10.2.0.0/16"), IPNetwork.Parse("10.1.0.10/32"), _peer.Outer.Local.ToIPEndPoint(), true, 128);
        _gateway.AddInbound(Record(4), next.FromPeer() with { Child = child }, null);
        _gateway.AddOutbound(Record(3), next.ToPeer() with { Child = child, OutboundLater = true }, null);
        Assert.Equal(0x1001u, SpiOfNext());

        switch (what)
        {
            case "it is told":
                _gateway.UseOutbound(child);
                break;
            case "a packet comes on it":
                _peer.AddOutbound(Record(5), next.FromPeer(), null);
                _peer.Send(TestPackets.Ipv4("10.1.0.10", "10.2.0.10", 60));
                _peer.Flush();
                Assert.Equal(EspVerdict.Delivered, _gateway.Take(Receive(_gateway.Outer), new Arrival(_peer.Outer.Local), default));
                break;
            default:
                _gateway.Remove(new SaId(1));
                break;
        }

        Assert.Equal(0x2001u, SpiOfNext());

        uint SpiOfNext()
        {
            Assert.Equal(EspVerdict.Delivered, _gateway.Send(TestPackets.Ipv4("10.2.0.10", "10.1.0.10", 60)));
            _gateway.Flush();
            return System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(Receive(_peer.Outer));
        }
    }

    [Theory] // RFC 4301 5.1.2.1, RFC 6040 4.1: DSCP and ECN are copied outward
    [InlineData(0xB8)]
    [InlineData(0xBA)]
    [InlineData(0x03)]
    public void TheOuterHeaderHasTheTrafficClassOfTheInnerOne(byte trafficClass)
    {
        byte[] packet = TestPackets.Ipv4("10.1.0.10", "10.2.0.10", 60);
        packet[1] = trafficClass;
        _peer.Send(packet);
        _peer.Flush();
        Receive(_gateway.Outer, out Arrival arrival);
        Assert.Equal(trafficClass, arrival.TrafficClass);
        Assert.Equal(_peer.Outer.Local, arrival.Peer);
        Assert.Equal(_gateway.Outer.Local, arrival.Local);
    }

    [Fact] // RFC 6040 4.2
    public void ACongestionMarkOfThePathReachesTheInnerPacketOrDropsIt()
    {
        byte[] packet = TestPackets.Ipv4("10.1.0.10", "10.2.0.10", 60);
        packet[1] = 0x02;
        Assert.Equal(EspVerdict.Delivered, Carry());
        Assert.Equal(0x03, Receive(_hostAtGateway)[1]);
        packet[1] = 0x00;
        Assert.Equal(EspVerdict.Congested, Carry());

        EspVerdict Carry()
        {
            _peer.Send(packet);
            _peer.Flush();
            byte[] esp = Receive(_gateway.Outer);
            EspVerdict verdict = _gateway.Take(esp, new Arrival(_peer.Outer.Local, default, 0x03), default);
            _gateway.Flush();
            return verdict;
        }
    }

    [Fact] // RFC 3948 4
    public void ASilentPeerGetsAKeepaliveAndOneThatIsSpokenToDoesNot()
    {
        _peer.KeepaliveEvery = TimeSpan.FromSeconds(20);
        Instant now = Instant.FromMilliseconds(10_001);
        _peer.KeepAlive(now - TimeSpan.FromSeconds(10));
        Assert.Equal(0, _peer.KeepalivesSent);             // no NAT is in front of us, so nobody need hear from us
        foreach (OutboundEntry entry in _peer.OutboundSas.Values)
            entry.IsBehindNat = true;
        Send();
        _peer.KeepAlive(now);
        Assert.Equal(0, _peer.KeepalivesSent);
        Send();
        _peer.KeepAlive(now + TimeSpan.FromSeconds(9.9));  // not yet due
        _peer.KeepAlive(now + TimeSpan.FromSeconds(10));   // something went since
        Assert.Equal(0, _peer.KeepalivesSent);
        _peer.KeepAlive(now + TimeSpan.FromSeconds(20));
        _peer.Flush();
        Assert.Equal(1, _peer.KeepalivesSent);
        byte[] keepalive = Receive(_gateway.Outer, out Arrival arrival);
        Assert.Equal([0xFF], keepalive);
        Assert.Equal(EspVerdict.Keepalive, _gateway.Take(keepalive, arrival, default));
        Assert.Equal(now + TimeSpan.FromSeconds(30), _peer.NextKeepalive);

        void Send()
        {
            _peer.Send(TestPackets.Ipv4("10.1.0.10", "10.2.0.10", 60));
            _peer.Flush();
            Receive(_gateway.Outer);
        }
    }

    [Fact]
    public void WhatTheActiveLearnedOfAPeerIsUsed()
    {
        UdpEndpoint moved = UdpEndpoint.From(new IPEndPoint(IPAddress.Loopback, 4_511));
        OutboundEntry entry = _gateway.OutboundSas[new SaId(1)];
        Assert.Empty(_gateway.MovedPeers);
        Assert.True(_gateway.SetEndpoint(new SaId(1), moved, _gateway.Outer.Local));
        Assert.True(_gateway.SetEndpoint(new SaId(1), moved, default));
        Assert.Equal((moved, _gateway.Outer.Local), (entry.Peer, entry.Local));
        Assert.Equal([entry], _gateway.MovedPeers);  // to be told once, although it was said twice
        Assert.False(_gateway.SetEndpoint(new SaId(99), moved, default));
    }

    /// <summary>A member may stand by for months: what moved and went meanwhile must not stay.</summary>
    [Fact]
    public void WhoMovedIsForgottenWithItsSa()
    {
        var sa = new StaticSa("other", SaSuite.AesGcm256, SaMode.Tunnel, 0x2001, 0x2002, Key(1), Key(2),
            IPNetwork.Parse("10.3.0.0/16"), IPNetwork.Parse("10.1.0.11/32"), _peer.Outer.Local.ToIPEndPoint(), true, 128);
        _gateway.AddOutbound(Record(3), sa.ToPeer(), null);
        OutboundEntry one = _gateway.OutboundSas[new SaId(1)], other = _gateway.OutboundSas[new SaId(3)];
        Move(1, 4_511);
        Move(3, 4_511);
        Assert.True(_gateway.TryTakeMoved(out OutboundEntry? taken) && taken == one);
        Assert.True(_gateway.TryTakeMoved(out taken) && taken == other);
        Assert.False(_gateway.TryTakeMoved(out _));
        Move(3, 4_512);
        Assert.True(_gateway.TryTakeMoved(out _));
        Assert.Equal(2, _gateway.EverMoved.Count);  // each once, however often it moves

        _gateway.Remove(new SaId(1));
        Assert.Equal(1, _gateway.EverMoved.Count);
        Assert.Same(other, _gateway.EverMoved[0]);
        Move(3, 4_513);
        _gateway.Remove(new SaId(3));
        Assert.False(_gateway.TryTakeMoved(out _));
        Assert.Equal(0, _gateway.EverMoved.Count);

        void Move(ulong id, int port) => Assert.True(_gateway.SetEndpoint(new SaId(id), UdpEndpoint.From(new IPEndPoint(IPAddress.Loopback, port)), default));
    }

    [Fact] // RFC 3948 5, RFC 7296 2.23
    public void OnlyTheNewestPacketMovesThePeersEndpoint()
    {
        UdpEndpoint home = _peer.Outer.Local;
        UdpEndpoint moved = UdpEndpoint.From(new IPEndPoint(IPAddress.Loopback, 4511));
        UdpEndpoint elsewhere = UdpEndpoint.From(new IPEndPoint(IPAddress.Loopback, 4512));
        byte[][] esp = [Seal(), Seal(), Seal()];
        Assert.Equal(EspVerdict.Delivered, _gateway.Take(esp[0], new Arrival(home), default));
        Assert.Equal(EspVerdict.Delivered, _gateway.Take(esp[2], new Arrival(moved), default));
        Assert.Equal(moved, Peer());
        Assert.Equal(EspVerdict.Delivered, _gateway.Take(esp[1], new Arrival(elsewhere), default));  // held back, authentic, older
        Assert.Equal(moved, Peer());

        byte[] Seal()
        {
            Assert.Equal(EspVerdict.Delivered, _peer.Send(TestPackets.Ipv4("10.1.0.10", "10.2.0.10", 60)));
            _peer.Flush();
            return Receive(_gateway.Outer);
        }

        UdpEndpoint Peer() => _gateway.OutboundSas.Values.Single().Peer;
    }

    [Theory] // RFC 4303 3.1.1 behind UDP (RFC 3948 3.2)
    [InlineData("10.9.0.1", "10.9.0.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void TransportModeCarriesWhatFollowsTheHeader(string atPeer, string atGateway)
    {
        bool isV4 = IPAddress.Parse(atPeer).AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;
        var host = (string address) => new IPNetwork(IPAddress.Parse(address), isV4 ? 32 : 128);
        var sa = new StaticSa("hosts", SaSuite.AesGcm128, SaMode.Transport, 0x2001, 0x2002, Key(3)[..20], Key(4)[..20],
            host(atGateway), host(atPeer), _peer.Outer.Local.ToIPEndPoint(), true, 128);
        using var gateway = new PacketPath(Options(NodeRole.Gateway, null, _hostAtGateway), isPeer: false);
        using var peer = new PacketPath(Options(NodeRole.Peer, gateway.Outer.Local.ToIPEndPoint(), _hostAtPeer), isPeer: true);
        gateway.AddInbound(Record(4), sa.FromPeer(), null);
        peer.AddOutbound(Record(4), sa.FromPeer(), null);

        byte[] packet = isV4 ? TestPackets.Ipv4(atPeer, atGateway, 60) : TestPackets.Ipv6(atPeer, atGateway, 60);
        Assert.Equal(EspVerdict.Delivered, peer.Send(packet));
        peer.Flush();
        byte[] esp = Receive(gateway.Outer);
        Assert.Equal(EspSuite.AesGcm128.SealedLength(packet.Length - (isV4 ? 20 : 40)), esp.Length);  // no inner header on the wire
        Assert.Equal(EspVerdict.Delivered, gateway.Take(esp, new Arrival(peer.Outer.Local), default));
        gateway.Flush();
        byte[] got = Receive(_hostAtGateway);
        Assert.Equal(packet.Length, got.Length);
        Assert.Equal(packet[(isV4 ? 20 : 40)..], got[(isV4 ? 20 : 40)..]);
        Assert.Equal(isV4 ? packet[12..20] : packet[8..40], isV4 ? got[12..20] : got[8..40]);
        Assert.Equal(17, got[isV4 ? 9 : 6]);

        if (!isV4)
            return;
        packet[7] = 1;  // a fragment
        Assert.Equal(EspVerdict.BadInner, peer.Send(packet));
        packet[7] = 0;
        packet[0] = 0x46;  // an option
        Assert.Equal(EspVerdict.BadInner, peer.Send(packet));
    }

    [Fact] // RFC 4301 5.2: what comes out of an SA must be what the SA is for
    public void AnInnerPacketOfOthersIsRefused()
    {
        using var forger = new OutboundSa(0x1002, EspSuite.AesGcm256, true, Key(2).AsSpan(0, 32), Key(2).AsSpan(32));
        byte[] esp = new byte[512];
        int length = forger.Seal(TestPackets.Ipv4("10.1.0.11", "10.2.0.10", 60), 4, 1, esp);
        Assert.Equal(EspVerdict.BadSelector, _gateway.Take(esp.AsSpan(0, length), new Arrival(_peer.Outer.Local), default));
    }

    [Fact]
    public void EveryOtherEndHasItsName()
    {
        Assert.Equal(EspVerdict.Keepalive, _gateway.Take(new byte[] { 0xFF }, default, default));
        Assert.Equal(EspVerdict.Runt, _gateway.Take(new byte[] { 1, 2, 3 }, default, default));
        Assert.Equal(EspVerdict.Ike, _gateway.Take(new byte[40], default, default));
        Assert.Equal(EspVerdict.UnknownSpi, _gateway.Take([9, 9, 9, 9, .. new byte[60]], default, default));
        Assert.Equal(EspVerdict.Runt, _gateway.Take([0, 0, 0x10, 0x02, .. new byte[10]], default, default));
        Assert.Equal(EspVerdict.BadIcv, _gateway.Take([0, 0, 0x10, 0x02, 0, 0, 0, 1, .. new byte[60]], default, default));
        Assert.Equal(EspVerdict.BadInner, _peer.Send(new byte[10]));
        Assert.Equal(EspVerdict.NoPolicy, _peer.Send(TestPackets.Ipv4("10.1.0.10", "10.3.0.1", 60)));
    }

    [Fact] // whatever the device takes (loopback: 65536): longer than a buffer is cut, or its sender told, as where a path is narrow
    public void WhatNoBufferTakesIsCutOrItsSenderTold()
    {
        byte[] packet = TestPackets.Ipv4("10.1.0.10", "10.2.0.1", 2_040);
        Assert.Equal(EspVerdict.Delivered, _peer.Send(packet));
        Assert.Equal((1L, 2L), (_peer.FragmentedPackets, _peer.SealedPackets));
        packet[6] |= 0x40;
        Assert.Equal(EspVerdict.TooBig, _peer.Send(packet));
        Assert.Equal(2L, _peer.SealedPackets);
    }

    [Fact]
    public void RandomAndMutatedDatagramsAreCountedAndNothingElse()
    {
        var random = new Random(11);
        byte[] packet = TestPackets.Ipv4("10.1.0.10", "10.2.0.10", 60);
        _peer.Send(packet);
        _peer.Flush();
        byte[] valid = Receive(_gateway.Outer);
        byte[] bytes = new byte[1_500];
        for (int i = 0; i < 50_000; i++)
        {
            int length = random.Next(0, 1_500);
            if (i % 3 == 0)
            {
                random.NextBytes(bytes);
            }
            else
            {
                length = i % 3 == 1 ? valid.Length : random.Next(0, valid.Length);
                valid.CopyTo(bytes, 0);
                if (i % 3 == 1)
                    bytes[random.Next(4, valid.Length)] ^= (byte)random.Next(1, 256);
            }

            Assert.NotEqual(EspVerdict.Delivered, _gateway.Take(bytes.AsSpan(0, length), new Arrival(_peer.Outer.Local), default));
        }

        Assert.Equal(EspVerdict.Delivered, _gateway.Take(valid, new Arrival(_peer.Outer.Local), default));
    }

    [Fact]
    public void NothingIsAllocatedAPacket()
    {
        byte[] packet = TestPackets.Ipv4("10.1.0.10", "10.2.0.10", 160);
        byte[] scratch = new byte[2_048];
        Run(50);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(500);
        Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run(int packets)
        {
            for (int i = 0; i < packets; i++)
            {
                _peer.Send(packet);
                _peer.Flush();
                while (!_gateway.TakeOuter(default))
                    Thread.SpinWait(10);
                _gateway.Flush();
                int got = _hostAtGateway.Receive();
                for (int k = 0; k < got; k++)
                    _hostAtGateway.Packet(k).CopyTo(scratch);
            }
        }
    }

    private static byte[] Receive(OuterPort port) => Receive(port, out _);

    private static byte[] Receive(OuterPort port, out Arrival arrival)
    {
        using var poller = new Poller([.. port.Fds]);
        poller.Wait(MonotonicClock.Now + TimeSpan.FromSeconds(5));
        Assert.Equal(1, port.Take());
        return port.Packet(0, out arrival).ToArray();
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

    private static NodeOptions Options(NodeRole role, IPEndPoint? remote, UdpBatch host) => new()
    {
        File = "test",
        Name = "test",
        Role = role,
        Cluster = new ClusterOptions("test", null, [], [], []),
        Tls = null,
        Outer = new OuterOptions(new IPEndPoint(IPAddress.Loopback, 0), false, remote),
        Inner = new InnerOptions(new IPEndPoint(IPAddress.Loopback, 0), [new InnerRoute(IPNetwork.Parse("0.0.0.0/0"), host.Local.ToIPEndPoint()), new InnerRoute(IPNetwork.Parse("::/0"), host.Local.ToIPEndPoint())]),
    };
}

internal static class TestPackets
{
    public static byte[] Ipv6(string source, string destination, int length)
    {
        byte[] packet = new byte[length];
        packet[0] = 0x60;
        packet[5] = (byte)(length - 40);
        packet[6] = 17;
        packet[7] = 64;
        IPAddress.Parse(source).GetAddressBytes().CopyTo(packet, 8);
        IPAddress.Parse(destination).GetAddressBytes().CopyTo(packet, 24);
        for (int i = 40; i < length; i++)
            packet[i] = (byte)i;
        return packet;
    }

    public static byte[] Ipv4(string source, string destination, int length)
    {
        byte[] packet = new byte[length];
        packet[0] = 0x45;
        packet[2] = (byte)(length >> 8);
        packet[3] = (byte)length;
        packet[8] = 64;
        packet[9] = 17;
        IPAddress.Parse(source).GetAddressBytes().CopyTo(packet, 12);
        IPAddress.Parse(destination).GetAddressBytes().CopyTo(packet, 16);
        return packet;
    }
}
