using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Baton.Voice;

namespace Baton.Cli.Demo.Setup;

/// <summary>The SAs of one run, with keys that nobody has seen before and nobody will after it (RFC 8221 3).</summary>
public sealed class FreshKeys : IDemoSas
{
    private static readonly (string Suite, int KeyBytes)[] Mixed =
    [
        ("aes-gcm-128", 20), ("aes-gcm-256", 36), ("chacha20-poly1305", 36), ("aes-cbc-128-sha256", 48), ("aes-cbc-256-sha256", 64),
    ];

    private readonly StringBuilder _lines = new("name,suite,spi-to-peer,spi-from-peer,key-to-peer,key-from-peer,local,remote,peer,esn,window\n");
    private readonly HashSet<uint> _spis = [];
    private readonly string _peer;

    /// <param name="peer">The peer's outer endpoint as the cluster sees it.</param>
    public FreshKeys(int furtherSas, int seed, string peer)
    {
        _peer = peer;
        (CallToPeer, CallFromPeer) = Add("call", Mixed[1], DemoAddresses.PhoneCluster, DemoAddresses.PhonePeer, extended: true);
        (ProbeToPeer, ProbeFromPeer) = Add("probe", Mixed[1], DemoAddresses.ProbeCluster, DemoAddresses.ProbePeer, extended: true);
        var mix = new Random(seed);
        for (int i = 0; i < furtherSas; i++)
        {
            // Every suite is there, in an order of this run; one in four without ESN.
            (string, int) suite = i < Mixed.Length ? Mixed[i] : Mixed[mix.Next(Mixed.Length)];
            Add(string.Create(CultureInfo.InvariantCulture, $"flow{i}"), suite, DemoAddresses.FlowCluster(i), DemoAddresses.FlowPeer(i), extended: i % 4 != 3);
        }

        Pairs = furtherSas + 2;
    }

    /// <summary>An SA each way for each pair.</summary>
    public int Pairs { get; }

    public uint CallToPeer { get; }

    public uint CallFromPeer { get; }

    public uint ProbeToPeer { get; }

    public uint ProbeFromPeer { get; }

    public string PeerText(Topology topology) => StaticKeys;

    public string GatewayText(Topology topology) => StaticKeys;

    public void Learn(Cluster.Protos.NodeStatus active)
    {
        // Known from the start.
    }

    private const string StaticKeys = $"""
        [insecure]
        static-keying = true
        sas-file = "{NodeFiles.Sas}"
        """;

    public void Write(RunFolder folder) => Write(folder.File(NodeFiles.Sas));

    public void Write(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using var file = new StreamWriter(path, options);
        file.Write(_lines);
    }

    private (uint ToPeer, uint FromPeer) Add(string name, (string Name, int KeyBytes) suite, uint cluster, uint peer, bool extended)
    {
        uint toPeer = Spi();
        uint fromPeer = Spi();
        _lines.Append(CultureInfo.InvariantCulture,
            $"{name},{suite.Name},0x{toPeer:x8},0x{fromPeer:x8},{Key(suite.KeyBytes)},{Key(suite.KeyBytes)},{DemoAddresses.Format(cluster)}/32,{DemoAddresses.Format(peer)}/32,{_peer},{(extended ? "true" : "false")},1024\n");
        return (toPeer, fromPeer);
    }

    private uint Spi()
    {
        while (true)
        {
            uint spi = (uint)RandomNumberGenerator.GetInt32(0x1000, int.MaxValue);
            if (_spis.Add(spi)) return spi;
        }
    }

    private static string Key(int bytes) => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(bytes));
}
