using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Baton.Cluster.Certificates;

/// <summary>A node's own certificate and the cluster's CA; says whom this node believes.</summary>
/// <remarks>
/// The chain goes to the cluster's CA and nowhere else: the machine's trust store has no say. The host name is not compared:
/// a node is who its URI says (<see cref="NodeIdentity"/>), wherever it answers. Every refusal is one sentence for the log.
/// </remarks>
public sealed class TlsMaterial : IDisposable
{
    private volatile Files _files;

    private TlsMaterial(Files files, NodeIdentity identity) => (_files, Identity) = (files, identity);

    public X509Certificate2 Own => _files.Own;

    public NodeIdentity Identity { get; }

    /// <summary>Reads the three PEM files; on failure <paramref name="error"/> names the file and what to do.</summary>
    public static bool TryLoad(string authorityFile, string certificateFile, string keyFile, out TlsMaterial material, out string error)
    {
        material = null!;
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(authorityFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            error = $"cannot read the cluster's CA certificate {authorityFile}: {e.Message}";
            return false;
        }

        if (authorities.Count == 0)
        {
            error = $"{authorityFile} holds no certificate; it should be the ca.crt that 'baton pki init' wrote";
            return false;
        }

        X509Certificate2 own;
        try
        {
            own = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            error = $"cannot read the certificate {certificateFile} with its key {keyFile}: {e.Message}";
            return false;
        }

        if (!NodeIdentity.TryRead(own, out NodeIdentity identity))
        {
            error = $"{certificateFile} names no node (no SAN URI baton://CLUSTER/ROLE/NAME); issue it with 'baton pki issue'";
            return false;
        }

        material = new(new Files(own, authorities), identity);
        error = "";
        return true;
    }

    /// <summary>
    /// Every handshake from now on is with what <paramref name="newer"/> has, which becomes this one's; connections that are there go on. From any thread.
    /// False, and nothing changed: it is another node's, or its own CA would refuse it.
    /// </summary>
    public bool TryTakeOver(TlsMaterial newer, out string refusal)
    {
        if (!newer.Accepts(newer.Own, [], out NodeIdentity? identity, out refusal)) return false;
        if (identity != Identity)
        {
            refusal = $"the certificate is of {identity}, this node is {Identity}";
            return false;
        }

        _files = newer._files;              // a handshake may still hold the old ones: they are left to the collector
        return true;
    }

    /// <summary>Is this the certificate of a node of our cluster, valid now, in one of <paramref name="roles"/>?</summary>
    /// <param name="roles">Empty: any role.</param>
    public bool Accepts(X509Certificate? shown, IReadOnlyList<string> roles, out NodeIdentity? identity, out string refusal)
    {
        identity = null;
        refusal = "it showed no certificate";
        if (shown is null) return false;
        X509Certificate2? copy = shown as X509Certificate2 is null ? X509CertificateLoader.LoadCertificate(shown.GetRawCertData()) : null;
        try
        {
            return Accepts(copy ?? (X509Certificate2)shown, roles, ref identity, ref refusal);
        }
        finally
        {
            copy?.Dispose();
        }
    }

    private bool Accepts(X509Certificate2 certificate, IReadOnlyList<string> roles, ref NodeIdentity? identity, ref string refusal)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_files.Authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;      // short validity instead
        chain.ChainPolicy.DisableCertificateDownloads = true;
        if (!chain.Build(certificate))
        {
            X509ChainStatusFlags flags = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
            refusal = flags.HasFlag(X509ChainStatusFlags.NotTimeValid)
                ? $"its certificate ({certificate.Subject}) is valid from {certificate.NotBefore:u} to {certificate.NotAfter:u} only; renew it with 'baton pki renew', or set the clock"
                : $"its certificate ({certificate.Subject}) was not issued by this cluster's CA";
            foreach (X509ChainElement element in chain.ChainElements) element.Certificate.Dispose();
            return false;
        }

        foreach (X509ChainElement element in chain.ChainElements) element.Certificate.Dispose();
        if (!NodeIdentity.TryRead(certificate, out NodeIdentity read))
        {
            refusal = $"its certificate ({certificate.Subject}) names no node";
            return false;
        }

        if (read.Cluster != Identity.Cluster)
        {
            refusal = $"{read} belongs to another cluster than {Identity}";
            return false;
        }

        if (roles.Count > 0 && !roles.Contains(read.Role))
        {
            refusal = $"{read} is a {read.Role}; only {string.Join(" or ", roles)} may do this";
            return false;
        }

        (identity, refusal) = (read, "");
        return true;
    }

    /// <param name="roles">Whom we expect at the other end.</param>
    /// <param name="refused">Called with one sentence for each refusal.</param>
    public SslClientAuthenticationOptions ForClient(IReadOnlyList<string> roles, Action<string> refused) => new()
    {
        EnabledSslProtocols = SslProtocols.Tls13 | SslProtocols.Tls12,
        ClientCertificateContext = SslStreamCertificateContext.Create(Own, additionalCertificates: null, offline: true),
        RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            if (Accepts(certificate, roles, out _, out string refusal)) return true;
            refused(refusal);
            return false;
        },
    };

    public SslServerAuthenticationOptions ForServer(IReadOnlyList<string> roles, Action<string> refused) => new()
    {
        EnabledSslProtocols = SslProtocols.Tls13 | SslProtocols.Tls12,
        ClientCertificateRequired = true,
        ServerCertificateContext = SslStreamCertificateContext.Create(Own, additionalCertificates: null, offline: true),
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            if (Accepts(certificate, roles, out _, out string refusal)) return true;
            refused(refusal);
            return false;
        },
    };

    public void Dispose()
    {
        Own.Dispose();
        foreach (X509Certificate2 authority in _files.Authorities) authority.Dispose();
    }

    private sealed record Files(X509Certificate2 Own, X509Certificate2Collection Authorities);
}
