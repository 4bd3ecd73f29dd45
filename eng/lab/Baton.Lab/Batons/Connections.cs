using System.Text;
using Baton.Lab.Hosts;
using Baton.Lab.Terms;

namespace Baton.Lab.Batons;

/// <summary>The <c>[[connection]]</c> tables of a node: one for each way in which peers of the lab show who they are. It offers all it has: the other end chooses.</summary>
internal sealed class Connections(ClusterFiles files, LabCertificates certificates, string secret)
{
    public const string Child = "lan";

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
        string nets = isCluster ? Nets(terms, Network.ClusterNet, Network.ClusterNet6, terms.Pool ? null : Network.PeerNet, Network.PeerNet6)
            : Nets(terms, terms.Pool ? null : Network.PeerNet, Network.PeerNet6, Network.ClusterNet, Network.ClusterNet6);
        int port = terms.RawEsp ? IkePort : NatPort;
        return $"""
            [[connection]]
            name = "{terms.Kind}"
            local = "{Endpoint(here, port)}"
            {(isCluster && (behindNat || terms.IsMany) ? "" : $"remote = \"{Endpoint(there, port)}\"")}
            start = "{(isCluster || terms.IsMany ? "respond" : "initiate")}"
            local-id = "{near}"
            {(terms.IsMany ? "" : $"remote-id = \"{far}\"")}
            {Credentials(terms, near)}
            encapsulation = "{(terms.RawEsp ? "auto" : "always")}"
            liveness-ms = {terms.Liveness * 1000}
            {(isCluster && terms.Pool ? "pools = [\"lab\"]" : "")}
            [[connection.child]]
            name = "{Child}"
            {nets}

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

    private static string Nets(TunnelTerms terms, string? local, string local6, string? remote, string remote6)
    {
        string near = terms.Ipv6 ? local6 : local ?? "";
        string far = terms.Ipv6 ? remote6 : remote ?? "";
        return string.Join('\n', new[] { near.Length > 0 ? $"local = [\"{near}\"]" : "", far.Length > 0 ? $"remote = [\"{far}\"]" : "" }.Where(line => line.Length > 0));
    }

    private static string Cluster(TunnelTerms terms) => terms.Ipv6 ? Network.ClusterAddress6 : Network.ClusterAddress;

    private static string Peer(TunnelTerms terms) => terms.Ipv6 ? Network.PeerAddress6 : Network.PeerAddress;

    private static string Endpoint(string address, int port) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]:{port}" : $"{address}:{port}";
}
