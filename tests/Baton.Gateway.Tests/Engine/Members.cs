using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Gateway.Engine;
using Baton.Gateway.Tests.DataPath;
using Baton.Linux;
using Baton.Linux.Tests.Namespaces;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Microsoft.Extensions.Logging.Abstractions;

namespace Baton.Gateway.Tests.Engine;

/// <summary>Three members' engines on loopback with one pair of SAs (records 1 and 2, child 7). What the ledger says is the test's script; all else between them is real.</summary>
internal sealed class Members : IDisposable
{
    public const ulong Child = 7;
    public const uint SpiToPeer = 0x1001;
    public static readonly byte[] ToPeer = TestPackets.Ipv4("10.2.0.10", "10.1.0.10", 60);
    public static readonly byte[] FromPeer = TestPackets.Ipv4("10.1.0.10", "10.2.0.10", 60);

    private static readonly string[] Names = ["a", "b", "c"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ClusterKeys _keys = ClusterKeys.Of(1, RandomNumberGenerator.GetBytes(32));
    private readonly List<MemberAddress> _members = [.. Names.Select(name => new MemberAddress(name, FreePort(), FreePort(), null, null))];
    private readonly Dictionary<string, GatewayEngine> _running = [];
    private readonly Dictionary<string, IPEndPoint> _inner = [];
    private readonly Socket _wire = Bound();
    private readonly Baton.Gateway.DataPath.PacketPath _peer;
    private readonly List<LedgerChange> _ledger = [];
    private readonly SaRecord[] _records;
    private ClusterRecord _record = ClusterRecord.Empty(Guid.NewGuid());

    /// <param name="peer">Where the SAs say that the peer is.</param>
    public Members(Socket peer)
    {
        var sa = new StaticSa("call", SaSuite.AesGcm256, SaMode.Tunnel, SpiToPeer, 0x1002, RandomNumberGenerator.GetBytes(36), RandomNumberGenerator.GetBytes(36),
            IPNetwork.Parse("10.2.0.0/16"), IPNetwork.Parse("10.1.0.10/32"), (IPEndPoint)peer.LocalEndPoint!, true, 128);
        using var sealer = new RecordSealer(_keys);
        _records =
        [
            new SaRecord(new SaId(1), SaDirection.Outbound, SpiToPeer, sa.Space, 11, 1 << 20, Limit: 1 << 20, LimitTerm: 1, 0, 0, sealer.Seal(sa.ToPeer() with { Child = Child })),
            new SaRecord(new SaId(2), SaDirection.Inbound, 0x1002, sa.Space, 12, 1 << 20, Limit: 0, LimitTerm: 1, CoarseCeiling: 1 << 20, 0, sealer.Seal(sa.FromPeer() with { Child = Child })),
        ];
        _peer = new Baton.Gateway.DataPath.PacketPath(new NodeOptions
        {
            File = "test",
            Name = "p",
            Role = NodeRole.Peer,
            Cluster = new ClusterOptions("test", null, [], [], []),
            Outer = new OuterOptions(new IPEndPoint(IPAddress.Loopback, 0), false, (IPEndPoint)_wire.LocalEndPoint!),
            Inner = new InnerOptions(new IPEndPoint(IPAddress.Loopback, 0), []),
        }, isPeer: true);
        _peer.AddInbound(_records[0], sa.ToPeer(), null);
        _peer.AddOutbound(_records[1], sa.FromPeer(), null);
    }

    /// <summary>Where inner packets come out, whoever is active.</summary>
    public Socket Host { get; } = Bound();

    public static Incarnation Life(string name) => new(name, 100UL + name[0]);

    /// <summary>Of a UDP socket on loopback that waits some seconds for what shall come.</summary>
    public static Socket Bound()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)Patience.TotalMilliseconds };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    /// <summary>It hears all that the ledger said so far, as of a handler.</summary>
    public void Start(string name)
    {
        _inner[name] = FreePort();
        var engine = new GatewayEngine(new NodeOptions
        {
            File = "test",
            Name = name,
            Role = NodeRole.Gateway,
            Cluster = new ClusterOptions("test", null, _members, [], []),
            Outer = new OuterOptions(new IPEndPoint(IPAddress.Loopback, 0), false, null),
            Inner = new InnerOptions(_inner[name], [new InnerRoute(IPNetwork.Parse("0.0.0.0/0"), (IPEndPoint)Host.LocalEndPoint!)]),
        }, _keys, Life(name), NullLogger.Instance) { CommitPatience = Patience };  // no test of orders is one of this machine's speed
        engine.UseIke();
        engine.Start();
        engine.Post(new MemberInput.HandlerConnected());
        foreach (LedgerChange change in _ledger)
            engine.Post(new MemberInput.Changed(change));
        _running[name] = engine;
    }

    /// <summary>The next thing that the ledger says, to all that run.</summary>
    public void Say(Func<ClusterRecord, ClusterRecord> change, bool withSas = false)
    {
        _record = change(_record) with { Revision = _record.Revision + 1 };
        var said = new LedgerChange(_ledger.Count == 0, _record, withSas ? _records : [], []);
        _ledger.Add(said);
        foreach (GatewayEngine engine in _running.Values)
            engine.Post(new MemberInput.Changed(said));
    }

    /// <summary>a holds term 1, b is to follow it, c is in sync too; then come the SAs, new in this term.</summary>
    public void SayThatAIsActive()
    {
        Say(record => record with { Term = 1, Holder = Life("a"), HolderWasInSync = true, Designee = Life("b"), InSyncRevision = 1, InSync = [Life("b"), Life("c")] });
        Say(record => record, withSas: true);
    }

    /// <summary>It does nothing until the answer is disposed: what comes for it waits.</summary>
    public IDisposable Pause(string name)
    {
        var pause = new Paused();
        _running[name].Post(_ => pause.Hold());
        pause.UntilItHolds();
        return pause;
    }

    private sealed class Paused : IDisposable
    {
        private readonly ManualResetEventSlim _holds = new();
        private readonly ManualResetEventSlim _ended = new();

        public void Hold()
        {
            _holds.Set();
            _ended.Wait();
        }

        public void UntilItHolds() => Assert.True(_holds.Wait(Patience));

        public void Dispose() => _ended.Set();
    }

    /// <summary>Ends as a killed process does: without a word.</summary>
    public void Kill(string name)
    {
        GatewayEngine engine = _running[name];
        _running.Remove(name);
        engine.RequestStop();
        Assert.True(engine.Ended.Task.Wait(Patience));
        engine.Dispose();
    }

    /// <summary>Looks on the engine's thread.</summary>
    public T Ask<T>(string name, Func<GatewayEngine, T> look)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _running[name].Post(engine => answer.SetResult(look(engine)));
        Assert.True(answer.Task.Wait(Patience));
        return answer.Task.Result;
    }

    public void Until(string what, string name, Func<GatewayEngine, bool> holds) =>
        TestNetwork.Until(() => $"waited in vain until {what}: {Ask(name, Told)}", () => Ask(name, holds));

    /// <summary>What became of the packets.</summary>
    private static string Told(GatewayEngine engine) => $"{engine.Core.State} in term {engine.Core.Term}, " + string.Join(", ", Enum.GetValues<Baton.Esp.EspVerdict>()
        .Where(verdict => engine.Path.Counters[verdict] > 0).Select(verdict => $"{verdict} {engine.Path.Counters[verdict]}"));

    /// <summary>A packet of the peer's host, as it comes from this port.</summary>
    public void SendFromPeer(Socket port, string to)
    {
        Assert.Equal(Baton.Esp.EspVerdict.Delivered, _peer.Send(FromPeer));
        _peer.Flush();
        port.SendTo(Receive(_wire), Ask(to, engine => engine.Path.Outer.Local).ToIPEndPoint());
    }

    public void SendFromHost(string to) => Host.SendTo(ToPeer, _inner[to]);

    public static byte[] Receive(Socket socket)
    {
        var buffer = new byte[2_000];
        return buffer[..socket.Receive(buffer)];
    }

    public void Dispose()
    {
        foreach (string name in _running.Keys.ToArray())
            Kill(name);
        _peer.Dispose();
        _wire.Dispose();
        Host.Dispose();
        _keys.Dispose();
    }

    private static IPEndPoint FreePort()
    {
        using Socket socket = Bound();
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
