using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Baton.Cluster.Protos;
using Baton.Voice;

namespace Baton.Cli.Demo.Setup;

/// <summary>The connections of one run: one for call and probe, and further ones with up to <see cref="ChildrenOfOne"/> SAs each. IKEv2 makes the keys.</summary>
/// <remarks>Port 4500 from the start, since the demo runs without root. Lives are longer than the run: a takeover must need no exchange, and none is due by the way.</remarks>
public sealed class NegotiatedSas(int furtherSas, int seed) : IDemoSas
{
    private const string KeyFile = "demo.psk";
    private const int ChildrenOfOne = 50;

    private static readonly string[] Mixed = ["aes128gcm16", "aes256gcm16", "chacha20poly1305", "aes128-sha256", "aes256-sha256"];

    public int Pairs { get; } = furtherSas + 2;

    public uint CallToPeer { get; private set; }

    public uint CallFromPeer { get; private set; }

    public uint ProbeToPeer { get; private set; }

    public uint ProbeFromPeer { get; private set; }

    public void Write(RunFolder folder)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using var file = new StreamWriter(folder.File(KeyFile), options);
        file.WriteLine($"0x{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}");
    }

    public string PeerText(Topology topology) => Text(topology, atPeer: true);

    public string GatewayText(Topology topology) => Text(topology, atPeer: false);

    public void Learn(NodeStatus active)
    {
        foreach (SaStatus sa in active.Sas)
        {
            switch (sa.Name, sa.Direction)
            {
                case ("call", SaDirection.Outbound):
                    CallToPeer = sa.Spi;
                    break;
                case ("call", SaDirection.Inbound):
                    CallFromPeer = sa.Spi;
                    break;
                case ("call:probe", SaDirection.Outbound):
                    ProbeToPeer = sa.Spi;
                    break;
                case ("call:probe", SaDirection.Inbound):
                    ProbeFromPeer = sa.Spi;
                    break;
            }
        }
    }

    private string Text(Topology topology, bool atPeer)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"""
            [ike]
            most-children = {ChildrenOfOne + 10}
            most-half-open-per-address = 2000
            cookies-from = 1000
            """);
        Connection(text, topology, "call", atPeer);
        Child(text, "call", DemoAddresses.PhoneCluster, DemoAddresses.PhonePeer, "aes256gcm16-esn", atPeer);
        Child(text, "probe", DemoAddresses.ProbeCluster, DemoAddresses.ProbePeer, "aes256gcm16-esn", atPeer);
        var mix = new Random(seed);
        for (int i = 0; i < furtherSas; i++)
        {
            if (i % ChildrenOfOne == 0) Connection(text, topology, string.Create(CultureInfo.InvariantCulture, $"flows{i / ChildrenOfOne}"), atPeer);

            // Every suite is there, in an order of this run; one in four without ESN.
            string suite = i < Mixed.Length ? Mixed[i] : Mixed[mix.Next(Mixed.Length)];
            Child(text, string.Create(CultureInfo.InvariantCulture, $"flow{i}"), DemoAddresses.FlowCluster(i), DemoAddresses.FlowPeer(i), $"{suite}-{(i % 4 != 3 ? "esn" : "noesn")}", atPeer);
        }

        return text.ToString();
    }

    private static void Connection(StringBuilder text, Topology topology, string name, bool atPeer)
    {
        (string cluster, string peer) = ("cluster.demo", $"{name}.peer.demo");
        text.AppendLine(CultureInfo.InvariantCulture, $"""
            [[connection]]
            name = "{name}"
            local-id = "{(atPeer ? peer : cluster)}"
            remote-id = "{(atPeer ? cluster : peer)}"
            auth = "psk"
            psk-file = "{KeyFile}"
            ike = ["aes256gcm16-prfsha384-ecp384"]
            mobike = false
            liveness-ms = 0
            rekey-ms = 86400000
            """);
        if (!atPeer) return;
        text.AppendLine(CultureInfo.InvariantCulture, $"""
            start = "initiate"
            local = "{topology.PeerOuter}"
            remote = "{topology.ObserverPeerSide}"
            """);
    }

    private static void Child(StringBuilder text, string name, uint cluster, uint peer, string esp, bool atPeer) => text.AppendLine(CultureInfo.InvariantCulture, $"""
        [[connection.child]]
        name = "{name}"
        local = ["{DemoAddresses.Format(atPeer ? peer : cluster)}"]
        remote = ["{DemoAddresses.Format(atPeer ? cluster : peer)}"]
        esp = ["{esp}"]
        rekey-ms = 86400000
        """);
}
