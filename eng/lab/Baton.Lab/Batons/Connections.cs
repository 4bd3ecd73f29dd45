using System.Text;
using Baton.Lab.Hosts;
using Baton.Lab.Terms;

namespace Baton.Lab.Batons;

/// <summary>The <c>[[connection]]</c> tables of a node: one for each way in which peers of the lab show who they are. It offers all it has: the other end chooses.</summary>
internal sealed class Connections(ClusterFiles files, LabCertificates certificates, string secret)
{
    public const string Child = "lan";

    /// <summary>A group in each: no child is rekeyed without.</summary>
    private const string ForwardSecret = """
        "aes128gcm16-aes256gcm16-chacha20poly1305-x25519-ecp256-ecp384-ecp521-modp2048-modp3072", "aes256-aes128-sha256-x25519-ecp256-ecp384-ecp521-modp2048-modp3072"
        """;

    private const int NatPort = 4500;
    private const int IkePort = 500;

    /// <param name="terms">One connection each.</param>
    /// <param name="isCluster">Whose file this is: the cluster's, or the peer's.</param>
    /// <param name="behindNat">The cluster cannot begin, and does not know where its peer comes from.</param>
    public string Write(IEnumerable<TunnelTerms> terms, bool isCluster, bool behindNat)
    {
        files.WriteSecret("lab.psk", secret);
        File.WriteAllText(files.Of("lab-ca.crt"), certificates.AuthorityPem);
        var text = new StringBuilder($"""
            [[pool]]
            name = "lab"
            first = "10.3.0.10"
            last = "10.3.0.250"
            [[pool]]
            name = "lab6"
            first = "fd03::10"
            last = "fd03::ff"

            """);
        foreach (TunnelTerms one in terms) text.AppendLine(Write(one, isCluster, behindNat));
        return text.ToString();
    }

    private string Write(TunnelTerms terms, bool isCluster, bool behindNat)
    {
        string here = isCluster ? Cluster(terms) : Peer(terms);
        string there = isCluster ? Peer(terms) : Cluster(terms);
        string near = isCluster ? LabCertificates.ClusterName : terms.PeerIdentity;
        string far = isCluster ? terms.PeerIdentity : LabCertificates.ClusterName;
        string[] ours = terms.Asks ? [] : terms.Nets(Network.ClusterNet, Network.ClusterNet6), theirs = terms.Pool ? [] : terms.Nets(Network.PeerNet, Network.PeerNet6);
        bool finds = terms.RawEsp || terms.FromIkePort;                // whether there is a NAT, and from port 500 on
        int port = finds ? IkePort : NatPort;
        return $"""
            [[connection]]
            name = "{terms.Kind}"
            local = "{Endpoint(here, port)}"
            {(isCluster && (behindNat || terms.IsMany) ? "" : $"remote = \"{Endpoint(there, port)}\"")}
            start = "respond"
            local-id = "{near}"
            {(terms.IsMany ? "" : $"remote-id = \"{far}\"")}
            {Credentials(terms, near)}
            encapsulation = "{(finds ? "auto" : "always")}"
            {(terms.ForwardSecret ? $"esp = [{ForwardSecret}]" : "")}
            liveness-ms = {terms.Liveness * 1000}
            {(isCluster && terms.Pool ? "pools = [\"lab\", \"lab6\"]" : "")}
            {((isCluster ? terms.Asks : terms.Pool) ? "ask = [\"ipv4\", \"ipv6\"]" : "")}
            [[connection.child]]
            name = "{Child}"
            {Selectors("local", isCluster ? ours : theirs)}
            {Selectors("remote", isCluster ? theirs : ours)}

            """;
    }

    private string Credentials(TunnelTerms terms, string name)
    {
        if (!terms.IsCertificate) return "auth = \"psk\"\npsk-file = \"lab.psk\"";
        (string certificate, string key) = certificates.Issue(name, terms.Auth, terms.LongCertificates);
        string file = $"{name}-{terms.Kind}";
        File.WriteAllText(files.Of($"{file}.crt"), certificate);
        files.WriteSecret($"{file}.key", key);
        return $"""
            auth = "certificate"
            certificate = "{file}.crt"
            key = "{file}.key"
            ca = ["lab-ca.crt"]
            """;
    }

    /// <summary>None: the side's address is given, and is its selector.</summary>
    private static string Selectors(string side, string[] nets) => nets.Length == 0 ? "" : $"{side} = [{string.Join(", ", nets.Select(net => $"\"{net}\""))}]";

    private static string Cluster(TunnelTerms terms) => terms.Ipv6 ? Network.ClusterAddress6 : Network.ClusterAddress;

    private static string Peer(TunnelTerms terms) => terms.Ipv6 ? Network.PeerAddress6 : Network.PeerAddress;

    private static string Endpoint(string address, int port) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]:{port}" : $"{address}:{port}";
}
