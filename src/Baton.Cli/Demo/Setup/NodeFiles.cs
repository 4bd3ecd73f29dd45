using System.Net;
using System.Text;
using Baton.Cluster.Certificates;
using Baton.Voice;

namespace Baton.Cli.Demo.Setup;

/// <summary>Writes what an operator would: certificates, the cluster key, and one file a node.</summary>
/// <param name="ledgerInRouter">No file for a handler: the router is it.</param>
public sealed class NodeFiles(RunFolder folder, Topology topology, bool ledgerInRouter = false)
{
    private const string Cluster = "demo";
    public const string Ledger = "ledger.db";
    public const string Sas = "sas.csv";

    public string Of(string node) => folder.File($"{node}.toml");

    public void Write(IDemoSas sas)
    {
        Pki pki = Pki.Init(folder.Path, Cluster);
        pki.Issue("handler", "h");
        pki.Issue("router", "r");
        pki.Issue("peer", "p");
        pki.Issue("operator", "o");
        foreach (string gateway in Topology.Gateways) pki.Issue("gateway", gateway);
        sas.Write(folder);

        string handler = $"""
            [handler]
            listen = "{topology.HandlerSession}"
            ledger = "{Ledger}"
            heartbeat = "{topology.HandlerHeartbeat}"
            """;
        if (!ledgerInRouter) File("h", "handler", handler);
        File("r", "router", $"""
            [outer]
            listen = "{topology.RouterOuter}"
            [inner]
            listen = "{topology.RouterInner}"
            [router]
            control = "{topology.RouterControl}"
            [status]
            listen = "{topology.RouterStatus}"
            {(ledgerInRouter ? $"""
                {handler}
                certificate = "h.crt"
                key = "h.key"
                """ : "")}
            """);
        File("p", "peer", $"""
            [outer]
            listen = "{topology.PeerOuter}"
            remote = "{topology.ObserverPeerSide}"
            [inner]
            listen = "{topology.PeerInner}"
            {Routes(DemoAddresses.PhonePeer, topology.PhoneAtPeer, DemoAddresses.PeerPrefix, topology.ProbeAtPeer)}
            [status]
            listen = "{topology.PeerStatus}"
            {sas.PeerText(topology)}
            """);
        foreach (string gateway in Topology.Gateways)
        {
            File(gateway, "gateway", $"""
                [outer]
                listen = "{topology.Outer(gateway)}"
                via-router = true
                remote = "{topology.RouterOuter}"
                [inner]
                listen = "{topology.Inner(gateway)}"
                {Routes(DemoAddresses.PhoneCluster, topology.PhoneAtCluster, DemoAddresses.ClusterPrefix, topology.ProbeAtCluster)}
                [status]
                listen = "{topology.Status(gateway)}"
                {sas.GatewayText(topology)}
                """);
        }
    }

    private static string Routes(uint phone, IPEndPoint phoneAt, uint prefix, IPEndPoint probeAt) => $"""
        [[inner.route]]
        prefix = "{DemoAddresses.Format(phone)}/32"
        to = "{phoneAt}"
        [[inner.route]]
        prefix = "{DemoAddresses.Format(prefix)}/{DemoAddresses.PrefixBits}"
        to = "{probeAt}"
        """;

    private void File(string name, string role, string own)
    {
        var text = new StringBuilder($"""
            [node]
            name = "{name}"
            role = "{role}"
            [cluster]
            id = "{Cluster}"

            """);
        if (role != "peer")
        {
            text.AppendLine(role == "gateway" ? """key-file = "cluster.key" """ : """key-file = "control.key" """);
            foreach (string gateway in Topology.Gateways)
            {
                text.AppendLine($"""
                    [[cluster.member]]
                    name = "{gateway}"
                    sync = "{topology.Sync(gateway)}"
                    heartbeat = "{topology.Heartbeat(gateway)}"
                    outer = "{topology.Outer(gateway)}"
                    inner = "{topology.Inner(gateway)}"
                    """);
            }

            text.AppendLine($"""
                [[cluster.handler]]
                session = "{topology.HandlerSession}"
                heartbeat = "{topology.HandlerHeartbeat}"
                [[cluster.router]]
                name = "r"
                control = "{topology.RouterControl}"
                """);
        }

        text.AppendLine($"""
            [tls]
            ca = "ca.crt"
            certificate = "{name}.crt"
            key = "{name}.key"
            {own}
            """);
        System.IO.File.WriteAllText(Of(name), text.ToString());
    }
}
