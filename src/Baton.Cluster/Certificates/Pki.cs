using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Baton.Cluster.Records;

namespace Baton.Cluster.Certificates;

/// <summary>What <c>baton pki</c> could not do, as one sentence for the person at the keyboard.</summary>
public sealed class PkiException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A certificate as <c>baton pki show</c> prints it.</summary>
public sealed record PkiEntry(string File, NodeIdentity? Identity, DateTimeOffset NotBefore, DateTimeOffset NotAfter, string Names, string Serial);

/// <summary>The small certificate authority of one cluster: a folder with <c>ca.crt, ca.key, cluster.key, control.key</c> and a pair for each node.</summary>
/// <remarks>
/// ECDSA P-256 (RFC 5480), SHA-256. The CA may issue nodes and nothing below them (path length 0). There is no revocation list: certificates
/// live for months, and a node that must go at once is taken out by a new CA. Private keys are written with mode 0600 before they hold a byte.
/// </remarks>
public sealed class Pki
{
    public const string AuthorityFile = "ca.crt";
    public const string AuthorityKeyFile = "ca.key";
    public const string ClusterKeyFile = "cluster.key";

    /// <summary>What handler and routers get instead of the cluster key.</summary>
    public const string ControlKeyFile = "control.key";

    public static readonly IReadOnlyList<string> Roles = ["handler", "gateway", "peer", "router", "operator"];

    public static readonly TimeSpan AuthorityValidity = TimeSpan.FromDays(3650);
    public static readonly TimeSpan NodeValidity = TimeSpan.FromDays(365);

    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private readonly string _directory;

    private Pki(string directory, string cluster) => (_directory, Cluster) = (directory, cluster);

    public string Cluster { get; }

    /// <summary>A new CA and a new cluster key; refuses to overwrite one.</summary>
    public static Pki Init(string directory, string cluster, TimeSpan? validity = null)
    {
        if (!NodeName.IsCluster(cluster)) throw new PkiException($"\"{cluster}\" is no cluster name: small letters, digits and '-', at most 63");
        Directory.CreateDirectory(directory);
        foreach (string file in new[] { AuthorityFile, AuthorityKeyFile, ClusterKeyFile, ControlKeyFile })
        {
            if (File.Exists(Path.Combine(directory, file)))
                throw new PkiException($"{Path.Combine(directory, file)} is there already; name an empty folder");
        }

        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={cluster} CA,O=Baton", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(Names(new NodeIdentity(cluster, "ca", "ca"), [], []));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddMinutes(-5), now + (validity ?? AuthorityValidity));
        WriteSecret(Path.Combine(directory, AuthorityKeyFile), key.ExportPkcs8PrivateKeyPem() + "\n");
        WriteSecret(Path.Combine(directory, ClusterKeyFile), ClusterKeys.NewLine(1) + "\n");
        WriteControl(directory);
        File.WriteAllText(Path.Combine(directory, AuthorityFile), certificate.ExportCertificatePem() + "\n");
        return new Pki(directory, cluster);
    }

    public static Pki Open(string directory)
    {
        string file = Path.Combine(directory, AuthorityFile);
        try
        {
            using X509Certificate2 certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file));
            if (!NodeIdentity.TryRead(certificate, out NodeIdentity identity) || identity.Role != "ca")
                throw new PkiException($"{file} is not the CA of a Baton cluster");
            return new Pki(directory, identity.Cluster);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new PkiException($"cannot read {file}: {e.Message}; make a cluster's CA with 'baton pki init'", e);
        }
    }

    /// <summary>Writes NAME.crt and NAME.key.</summary>
    /// <param name="dns">Further names and <paramref name="addresses"/>, for tools that compare them; Baton itself does not.</param>
    /// <param name="notBefore">For tests: a certificate that is not valid yet, or no more.</param>
    public (string Certificate, string Key) Issue(
        string role, string name, IEnumerable<string>? dns = null, IEnumerable<IPAddress>? addresses = null,
        TimeSpan? validity = null, DateTimeOffset? notBefore = null)
    {
        if (!Roles.Contains(role)) throw new PkiException($"\"{role}\" is no role: {string.Join(", ", Roles)}");
        if (!NodeName.IsValid(name)) throw new PkiException($"\"{name}\" is no name: letters, digits, '-', '_', '.', at most 63");
        if (name is "ca" or "cluster" or "control") throw new PkiException($"\"{name}\" would overwrite the files of the CA; choose another name");
        return Write(new NodeIdentity(Cluster, role, name), [.. dns ?? []], [.. addresses ?? []], validity ?? NodeValidity, notBefore);
    }

    /// <summary>The same node again, with a fresh key and a fresh validity; the old files are replaced.</summary>
    public (string Certificate, string Key) Renew(string name, TimeSpan? validity = null)
    {
        string file = Path.Combine(_directory, $"{name}.crt");
        if (!File.Exists(file)) throw new PkiException($"there is no {file}; issue it first");
        using X509Certificate2 old = X509Certificate2.CreateFromPem(File.ReadAllText(file));
        if (!NodeIdentity.TryRead(old, out NodeIdentity identity)) throw new PkiException($"{file} names no node");
        X509SubjectAlternativeNameExtension? names = old.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return Write(identity, [.. names?.EnumerateDnsNames() ?? []], [.. names?.EnumerateIPAddresses() ?? []], validity ?? NodeValidity, null);
    }

    /// <summary>Adds a new cluster key under the next id: restart every node with the file, and new records are sealed with it.</summary>
    public uint AddClusterKey()
    {
        string path = Path.Combine(_directory, ClusterKeyFile);
        if (!ClusterKeys.TryLoad(path, out ClusterKeys keys, out string error)) throw new PkiException(error);
        using (keys)
        {
            uint id = keys.NewestId + 1;
            if (id > 255) throw new PkiException($"{path} is at its last id; make a new cluster key file");
            WriteSecret(path, File.ReadAllText(path).TrimEnd('\n') + "\n" + ClusterKeys.NewLine(id) + "\n");
            WriteControl(_directory);
            return id;
        }
    }

    public IReadOnlyList<PkiEntry> Show()
    {
        var entries = new List<PkiEntry>();
        foreach (string file in Directory.EnumerateFiles(_directory, "*.crt").Order(StringComparer.Ordinal))
        {
            using X509Certificate2 certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file));
            NodeIdentity? identity = NodeIdentity.TryRead(certificate, out NodeIdentity read) ? read : null;
            X509SubjectAlternativeNameExtension? names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
            string also = string.Join(" ", [.. names?.EnumerateDnsNames() ?? [], .. (names?.EnumerateIPAddresses() ?? []).Select(a => a.ToString())]);
            entries.Add(new(Path.GetFileName(file), identity, certificate.NotBefore, certificate.NotAfter, also, certificate.SerialNumber));
        }

        return entries;
    }

    private (string Certificate, string Key) Write(
        NodeIdentity identity, IReadOnlyList<string> dns, IReadOnlyList<IPAddress> addresses, TimeSpan validity, DateTimeOffset? notBefore)
    {
        using X509Certificate2 authority = LoadAuthority();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={identity.Name},OU={identity.Role},O=Baton {identity.Cluster}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerUsage), new Oid(ClientUsage)], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        request.CertificateExtensions.Add(Names(identity, dns, addresses));

        DateTimeOffset from = notBefore ?? DateTimeOffset.UtcNow.AddMinutes(-5);
        DateTimeOffset to = from + validity;
        if (from < authority.NotBefore) from = authority.NotBefore;
        if (to > authority.NotAfter) to = authority.NotAfter;
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;                                // positive (RFC 5280 4.1.2.2)
        using X509Certificate2 certificate = request.Create(authority, from, to, serial);
        string certificateFile = Path.Combine(_directory, $"{identity.Name}.crt");
        string keyFile = Path.Combine(_directory, $"{identity.Name}.key");
        WriteSecret(keyFile, key.ExportPkcs8PrivateKeyPem() + "\n");
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem() + "\n");
        return (certificateFile, keyFile);
    }

    private X509Certificate2 LoadAuthority()
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(Path.Combine(_directory, AuthorityFile), Path.Combine(_directory, AuthorityKeyFile));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new PkiException($"cannot read the CA in {_directory}: {e.Message}", e);
        }
    }

    private static void WriteControl(string directory)
    {
        if (!ClusterKeys.TryLoad(Path.Combine(directory, ClusterKeyFile), out ClusterKeys keys, out string error)) throw new PkiException(error);
        using (keys) WriteSecret(Path.Combine(directory, ControlKeyFile), keys.ControlFile());
    }

    private static X509Extension Names(NodeIdentity identity, IReadOnlyList<string> dns, IReadOnlyList<IPAddress> addresses)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(identity.ToString()));
        foreach (string name in dns) names.AddDnsName(name);
        foreach (IPAddress address in addresses) names.AddIpAddress(address);
        return names.Build();
    }

    /// <summary>Beside the file first, then renamed over it: a crash leaves the old file or the new one, never a half.</summary>
    private static void WriteSecret(string path, string text)
    {
        string temporary = $"{path}.{Environment.ProcessId}.new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(temporary, options))
        {
            file.Write(Encoding.ASCII.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
