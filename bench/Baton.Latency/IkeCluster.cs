using System.Text;
using Baton.Lab.Batons;
using Baton.Lab.Hosts;
using Baton.Lab.Steps;
using Baton.Lab.Terms;
using Baton.Throughput.Systems;

namespace Baton.Latency;

/// <summary>A cluster with its standby in sync and a baton peer, keyed by IKE: a child for the traffic that is measured, and many beside it that are rekeyed.</summary>
/// <remarks>
/// While it stands a second address of the inner host is reached beside the tunnel, by the same hosts and cables: what the machine itself does to a packet at that moment.
/// </remarks>
public sealed class IkeCluster(int further) : TunnelSystem
{
    public const string Child = "lan";

    /// <summary>The inner host, beside the tunnel.</summary>
    public const string Beside = "10.4.0.10";

    private const string BesideNet = "10.4.0.0/24";
    private const string Traffic = "traffic";

    public override string Name => "baton";

    /// <summary>All connections of the peer, that of the traffic too.</summary>
    public IReadOnlyList<string> Connections { get; } = [Traffic, .. Enumerable.Range(0, further).Select(index => $"further-{index}")];

    protected override void RaiseTunnel(Story story, TunnelKind kind)
    {
        Network network = story.Network;
        var files = new ClusterFiles(Path.Combine(story.Room.Folder, "files"), network);
        files.WriteSecret("lab.psk", StageSteps.Secret);
        const string Offer = """
            auth = "psk"
            psk-file = "lab.psk"
            encapsulation = "always"
            ike = ["aes256gcm16-prfsha256-x25519"]
            esp = ["aes128gcm16-x25519-esn"]
            """;
        string cluster = $"""
            [[connection]]
            name = "peers"
            local = "{Network.ClusterAddress}:4500"
            local-id = "{LabCertificates.ClusterName}"
            {Offer}
            [[connection.child]]
            name = "{Child}"
            local = ["{Network.ClusterNet}"]
            remote = ["{Network.PeerNet}"]
            """;
        story.BatonCluster = story.Room.Keep(new BatonCluster(network, files, story.Room.Wait));
        story.BatonCluster.Start([.. network.Members.Select((_, index) => files.WriteMember(index, cluster))]);
        story.BatonPeer = story.Room.Keep(new BatonPeer(network, files, Peer(Offer), story.Room.Wait));
        foreach (string connection in Connections) story.BatonPeer.Node.Tell("initiate", connection);
        story.Room.Wait.Until("all tunnels are up", TimeSpan.FromSeconds(30),
            () => story.BatonPeer.Node.Count() is { } node && node.GetProperty("saCount").GetInt32() == 2 * Connections.Count, story.BatonPeer.LastWords);
        story.BatonCluster.WaitReady();

        Network.AddAddresses(network.Inner, "lan", [$"{Beside}/24"]);
        network.Router.Run("ip", "route", "add", BesideNet, "via", Network.ClusterAddress);
        story.BatonCluster.Active!.Run("ip", "route", "add", BesideNet, "dev", "inner");
    }

    private string Peer(string offer)
    {
        var text = new StringBuilder();
        string[] nets = [Network.PeerNet, .. FurtherTunnels.Addresses(further).Select(address => $"{address}/32")];
        foreach ((int index, string name) in Connections.Index())
        {
            text.AppendLine($"""
                [[connection]]
                name = "{name}"
                local = "{Network.PeerAddress}:4500"
                remote = "{Network.ClusterAddress}:4500"
                local-id = "{name}.many.{LabCertificates.PeerName}"
                remote-id = "{LabCertificates.ClusterName}"
                start = "respond"
                {offer}
                [[connection.child]]
                name = "{Child}"
                local = ["{nets[index]}"]
                remote = ["{Network.ClusterNet}"]
                """);
        }

        return text.ToString();
    }
}
