using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Gateway.DataPath;
using Baton.Linux;
using Baton.Redundancy;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Bench;

/// <summary>The core and the data path of one gateway with so many SAs, as IKE makes them: each pair with a host of its own behind its peer. No process around them.</summary>
internal sealed class ManySas : IDisposable
{
    private const int PartOfSnapshot = 200;
    private const int InnerBytes = 200;

    private const ulong Coarse = 1 << 20;

    private static readonly Incarnation Self = new("b", 2);
    private static readonly CounterSpace Space = CounterSpace.EspExtended;

    private readonly UdpBatch _host = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly UdpBatch _peer = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly List<MemberOutput> _outputs = [];
    private readonly byte[][] _keys;
    private readonly byte[] _plain;

    public ManySas(int pairs)
    {
        Pairs = pairs;
        _keys = [.. Enumerable.Range(0, pairs).Select(_ => RandomNumberGenerator.GetBytes(20))];
        _plain = new byte[InnerBytes];
        (_plain[0], _plain[3], _plain[8], _plain[9]) = (0x45, InnerBytes, 64, 17);
        Core = new MemberCore(Self, new MemberPolicy());
        Path = new PacketPath(
            new NodeOptions
            {
                File = "bench",
                Name = "bench",
                Role = NodeRole.Gateway,
                Cluster = new ClusterOptions("bench", null, [], [], []),
                Tls = null,
                Outer = new OuterOptions(new IPEndPoint(IPAddress.Loopback, 0), false, null),
                Inner = new InnerOptions(new IPEndPoint(IPAddress.Loopback, 0), [new InnerRoute(IPNetwork.Parse("0.0.0.0/0"), _host.Local.ToIPEndPoint())]),
            },
            isPeer: false);
    }

    public int Pairs { get; }

    public MemberCore Core { get; }

    public PacketPath Path { get; }

    /// <summary>The copy of the ledger, in the parts in which a snapshot comes; somebody else holds the term.</summary>
    public void TakeCopy()
    {
        ClusterRecord cluster = ClusterRecord.Empty(Guid.NewGuid()) with { Revision = 7, Term = 1, Holder = new Incarnation("a", 1) };
        Step(new MemberInput.HandlerConnected());
        for (int from = 0; from < Pairs * 2; from += PartOfSnapshot)
            Step(new MemberInput.SnapshotPart(cluster, [.. Enumerable.Range(from, Math.Min(PartOfSnapshot, (Pairs * 2) - from)).Select(Record)]));
        Step(new MemberInput.Changed(new LedgerChange(true, cluster, [], [])));
    }

    /// <summary>From now on this member works, and nobody stands by; what it starts at it has raised once.</summary>
    public void TakeOver()
    {
        ClusterRecord cluster = Core.Cluster! with { Revision = 8, Term = 2, Holder = Self };
        Step(new MemberInput.Changed(new LedgerChange(false, cluster, [], [])));
        if (!Core.IsActive)
            throw new InvalidOperationException("it does not work");
        IEnumerable<SaRecord> raised = Enumerable.Range(0, Pairs).Select(pair => Record((pair * 2) + 1) with { CoarseCeiling = Coarse * 2 });
        Step(new MemberInput.Changed(new LedgerChange(false, cluster with { Revision = 9 }, [.. raised], [])));
    }

    public void BuildSas()
    {
        for (int i = 0; i < Pairs; i++)
        {
            SaRecord outbound = Record(i * 2), inbound = Record((i * 2) + 1);
            Path.Add(Path.BuildOutbound(outbound, Describe(i, outbound)), Core.Outbound(outbound.Id));
            Path.Add(Path.BuildInbound(inbound, Describe(i, inbound)), Core.Inbound(inbound.Id));
        }
    }

    /// <summary>From a host behind us to the one behind this pair's peer.</summary>
    public byte[] Outward(int pair) => Inner(0x0A02_0001, Host(pair));

    /// <summary>From the peer of this pair.</summary>
    /// <param name="number">From 1; above where this member started.</param>
    public byte[] Inward(int pair, ulong number)
    {
        byte[] packet = new byte[InnerBytes + 64];
        using var sealer = new Esp.OutboundSa(Spi((pair * 2) + 1), Esp.EspSuite.AesGcm128, true, _keys[pair].AsSpan(0, 16), _keys[pair].AsSpan(16));
        int length = sealer.Seal(Inner(Host(pair), 0x0A02_0001), 4, Coarse + number, packet);
        return packet[..length];
    }

    public UdpEndpoint Peer => _peer.Local;

    public void Dispose()
    {
        Path.Dispose();
        _host.Dispose();
        _peer.Dispose();
    }

    private void Step(MemberInput input)
    {
        Core.Step(input, Instant.FromMilliseconds(1_000), _outputs);
        _outputs.Clear();
    }

    private static uint Host(int pair) => 0x0B00_0000 + (uint)pair;

    /// <summary>Spread, as random ones are.</summary>
    private static uint Spi(int sa) => (((uint)sa + 1) * 0x9E37_79B1) | 0x100;

    private static SaRecord Record(int sa) => new(
        new SaId((ulong)sa + 1), sa % 2 == 0 ? SaDirection.Outbound : SaDirection.Inbound, Spi(sa), Space, (ulong)sa + 1, 1 << 20, Limit: 1 << 20, LimitTerm: 1,
        CoarseCeiling: sa % 2 == 0 ? 0 : Coarse, LastAuthenticated: 0, RandomNumberGenerator.GetBytes(180));

    private SaDescription Describe(int pair, SaRecord record) => new(
        $"conn{pair}", SaSuite.AesGcm128, SaMode.Tunnel, record.Spi, 0, true, 128, [new SaSelector(0, 0, ushort.MaxValue, IpAddress.V4(0x0A02_0000), IpAddress.V4(0x0A02_FFFF))],
        [new SaSelector(0, 0, ushort.MaxValue, IpAddress.V4(Host(pair)), IpAddress.V4(Host(pair)))], _peer.Local.ToIPEndPoint(), _keys[pair])
    {
        Child = (ulong)pair + 1,
        MadeBy = new IkeId((ulong)pair + 1),
    };

    private byte[] Inner(uint source, uint destination)
    {
        byte[] packet = [.. _plain];
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(12), source);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(16), destination);
        return packet;
    }
}
