using System.Net;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Esp;
using Baton.Gateway.DataPath;
using Baton.Ike;
using Baton.Ike.Payloads;
using Baton.Linux;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.Tests.DataPath;

/// <summary>Packets that want an SA which is not there yet (RFC 4301 4.4.1.1, RFC 7296 2.9).</summary>
public sealed class TrapTests : IDisposable
{
    private readonly UdpBatch _host = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly Asked _ike = new();
    private readonly PacketPath _path;
    private Instant _now = Instant.FromMilliseconds(1_000);

    public TrapTests()
    {
        var connection = new Connection("branch", null!)
        {
            Children = [new ChildPolicy("voice") { Local = [Net("10.1.0.0", "10.1.255.255")], Remote = [Net("10.2.0.0", "10.2.255.255")] }],
        };
        _path = LonePath.New(IkeOptions.None with { Connections = [connection], Starts = new Dictionary<string, ConnectionStart> { ["branch"] = ConnectionStart.Trap } });
        _path.Ike = _ike;
    }

    public void Dispose()
    {
        _path.Dispose();
        _host.Dispose();
    }

    [Fact]
    public void APacketOfAPolicyAsksForItsSaOnceAndGoesWhenItIsThere()
    {
        Pass();
        Assert.Equal(EspVerdict.Trapped, Send("10.1.0.10", "10.2.0.10"));
        Assert.Equal(EspVerdict.Trapped, Send("10.1.0.10", "10.2.0.10"));
        IkeInput.Acquire asked = Assert.Single(_ike.Acquired);
        Assert.Equal(("branch", "10.1.0.10", "10.2.0.10"), (asked.Connection, asked.Source.Start.ToString(), asked.Destination.End.ToString()));
        Assert.Equal((17, 4_000, 5_000), (asked.Source.Protocol, asked.Source.StartPort, asked.Destination.EndPort));

        AddSa();
        Pass();

        Assert.Equal(0, _path.TrappedCount);
        Assert.Equal(2, _path.SealedPackets);
        Assert.Equal(EspVerdict.Delivered, Send("10.1.0.10", "10.2.0.10"));
    }

    [Fact]
    public void WhatNoPolicyWantsIsNotAskedFor()
    {
        Assert.Equal(EspVerdict.NoPolicy, Send("10.1.0.10", "10.9.0.10"));
        Assert.Empty(_ike.Acquired);
    }

    [Fact]
    public void TheQueueIsBoundedAndWhatWaitsTooLongIsDropped()
    {
        Pass();
        for (int i = 0; i < TrapTable.MostWaiting; i++)
            Assert.Equal(EspVerdict.Trapped, Send("10.1.0.10", "10.2.0.10"));
        Assert.Equal(EspVerdict.TrapOverflow, Send("10.1.0.10", "10.2.0.10"));

        Pass(TrapTable.Patience - TimeSpan.FromMilliseconds(1));
        Assert.Equal(TrapTable.MostWaiting, _path.TrappedCount);
        Assert.Equal(2, _ike.Acquired.Count);           // asked again: the first one may have been lost
        Pass(TimeSpan.FromMilliseconds(1));
        Assert.Equal((0, TrapTable.MostWaiting), (_path.TrappedCount, _path.Counters[EspVerdict.TrapExpired]));
        Assert.Equal(EspVerdict.Trapped, Send("10.1.0.10", "10.2.0.10"));
    }

    [Fact]
    public void WhenTheSaIsGoneTheNextPacketAsksAgain()
    {
        Pass();
        AddSa();
        Assert.Equal(EspVerdict.Delivered, Send("10.1.0.10", "10.2.0.10"));
        Assert.Empty(_ike.Acquired);

        _path.Remove(new SaId(7));

        Assert.Equal(EspVerdict.Trapped, Send("10.1.0.10", "10.2.0.10"));
        Assert.Single(_ike.Acquired);
    }

    private EspVerdict Send(string from, string to)
    {
        byte[] packet = TestPackets.Ipv4(from, to, 60);
        packet[9] = 17;
        (packet[20], packet[21], packet[22], packet[23]) = (4_000 >> 8, 4_000 & 0xFF, 5_000 >> 8, 5_000 & 0xFF);
        return _path.Send(packet);
    }

    private void Pass(TimeSpan span = default)
    {
        _now += span;
        _path.TendTraps(_now);
    }

    private void AddSa()
    {
        SaSelector local = SaSelector.Of(IPNetwork.Parse("10.1.0.0/16")), remote = SaSelector.Of(IPNetwork.Parse("10.2.0.0/16"));
        byte[] key = [.. Enumerable.Range(0, 36).Select(i => (byte)i)];
        var description = new SaDescription("branch:voice", SaSuite.AesGcm256, SaMode.Tunnel, 0x1001, 0x1002, true, 128, [remote], [local], _host.Local.ToIPEndPoint(), key) { Child = 3 };
        _path.AddOutbound(new SaRecord(new SaId(7), SaDirection.Outbound, 0x1001, default, 1, 0, 0, 0, 0, 0, default), description, null);
    }

    private static TrafficSelector Net(string first, string last) => new(0, 0, 65535, IPAddress.Parse(first), IPAddress.Parse(last));

    private sealed class Asked : IIkeSink
    {
        public List<IkeInput.Acquire> Acquired { get; } = [];

        public void Message(ReadOnlySpan<byte> message, in UdpEndpoint peer, in UdpEndpoint local, in UdpEndpoint router)
        {
        }

        public void Acquire(IkeInput.Acquire wanted) => Acquired.Add(wanted);
    }
}
