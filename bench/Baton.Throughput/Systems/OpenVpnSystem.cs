using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Baton.Lab.Hosts;
using Baton.Lab.Steps;

namespace Baton.Throughput.Systems;

/// <summary>Two OpenVPN over UDP, AES-128-GCM, each knowing the other by the fingerprint of its certificate.</summary>
public sealed class OpenVpnSystem : TunnelSystem
{
    private const string Program = "/usr/sbin/openvpn";

    public override string Name => "openvpn";

    public override string? WhyNot() => File.Exists(Program) ? null : $"{Program} is not there (openvpn)";

    protected override void RaiseTunnel(Story story, TunnelKind kind)
    {
        Host cluster = StandIn(story.Network);
        string atPeer = Identify(story.Network.Peer);
        string atCluster = Identify(cluster);
        Start(cluster, ["--tls-server", "--dh", "none", "--ifconfig", "10.9.0.1", "10.9.0.2", "--route", "10.1.0.0", "255.255.0.0"], Network.ClusterAddress, Network.PeerAddress, atPeer);
        Start(story.Network.Peer, ["--tls-client", "--ifconfig", "10.9.0.2", "10.9.0.1", "--route", "10.2.0.0", "255.255.0.0"], Network.PeerAddress, Network.ClusterAddress, atCluster);
    }

    private static void Start(Host host, string[] role, string local, string remote, string fingerprint) => host.Start("openvpn",
    [
        Program, "--dev", "tun", "--proto", "udp", "--local", local, "--port", "1194", "--remote", remote, "1194", .. role, "--peer-fingerprint", fingerprint,
        "--cert", Certificate(host), "--key", Key(host), "--data-ciphers", "AES-128-GCM", "--cipher", "AES-128-GCM", "--sndbuf", "0", "--rcvbuf", "0",
    ]);

    /// <summary>A key and a certificate signed with it. Returns the fingerprint as OpenVPN writes it.</summary>
    private static string Identify(Host host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest($"CN={host.Name}", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Certificate(host), certificate.ExportCertificatePem());
        File.WriteAllText(Key(host), key.ExportPkcs8PrivateKeyPem());
        return string.Join(':', certificate.GetCertHash(HashAlgorithmName.SHA256).Select(b => b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static string Certificate(Host host) => Path.Combine(host.Folder, "openvpn.crt");

    private static string Key(Host host) => Path.Combine(host.Folder, "openvpn.key");
}
