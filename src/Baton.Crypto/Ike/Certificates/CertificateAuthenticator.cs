using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Baton.Crypto.Ike.Signatures;

namespace Baton.Crypto.Ike.Certificates;

/// <summary>How much an authority's revocation list matters.</summary>
public enum RevocationMode
{
    /// <summary>What is on a list is refused; an issuer without a list, or with an old one, is trusted.</summary>
    WhereListed,

    /// <summary>Each issuer in the path must have a current list.</summary>
    Required,
}

/// <summary>Decides whether a peer is who its ID payload says, by its certificates and its signature (RFC 7296 2.15, RFC 4945). Thread-safe.</summary>
/// <remarks>Nothing is fetched from the network: no missing issuer, no list, no OCSP.</remarks>
public sealed class CertificateAuthenticator
{
    public const int MaximumCertificates = 8, MaximumCertificateLength = 16 * 1024;

    private static readonly HashSet<string> WeakSignatures =
    [
        "1.2.840.113549.1.1.2", "1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5",     // MD2, MD5, SHA-1 with RSA
        "1.2.840.10045.4.1", "1.2.840.10040.4.3", "1.3.14.3.2.29",                   // SHA-1 with ECDSA, DSA, RSA
    ];

    private readonly X509Certificate2[] _authorities;
    private readonly RevocationList[] _lists;
    private readonly RevocationMode _revocation;

    /// <param name="authorities">Trusted issuers; one that is not self-signed is trusted too.</param>
    public CertificateAuthenticator(
        IEnumerable<X509Certificate2> authorities, IEnumerable<RevocationList> lists, RevocationMode revocation = RevocationMode.WhereListed)
    {
        _authorities = [.. authorities];
        _lists = [.. lists];
        _revocation = revocation;
        AuthorityKeyHashes = [.. _authorities.SelectMany(authority => KeyHash(authority))];
    }

    /// <summary>The body of our CERTREQ payload behind its encoding: a SHA-1 hash of each authority's SubjectPublicKeyInfo (RFC 7296 3.7).</summary>
    public byte[] AuthorityKeyHashes { get; }

    /// <summary>What a CERTREQ payload names an authority by.</summary>
#pragma warning disable CA5350 // An identifier on the wire, not a signature: RFC 7296 3.7 wants SHA-1.
    public static byte[] KeyHash(X509Certificate2 authority) => SHA1.HashData(authority.PublicKey.ExportSubjectPublicKeyInfo());
#pragma warning restore CA5350

    /// <summary>Path, dates, revocation, identity, and then the signature over the octets.</summary>
    /// <param name="certificates">DER of the CERT payloads in order; the first one is the peer's own.</param>
    /// <param name="data">The Authentication Data of the AUTH payload.</param>
    /// <param name="octets">What the peer should have signed.</param>
    public CertificateVerdict Authenticate(
        IReadOnlyList<ReadOnlyMemory<byte>> certificates,
        IdentityType identityType,
        ReadOnlySpan<byte> identity,
        AuthenticationMethod method,
        ReadOnlyMemory<byte> data,
        ReadOnlySpan<byte> octets,
        DateTimeOffset now)
    {
        if (certificates.Count == 0)
            return CertificateVerdict.Missing;
        if (certificates.Count > MaximumCertificates || certificates.Any(certificate => certificate.Length > MaximumCertificateLength))
            return CertificateVerdict.TooMany;
        var loaded = new List<X509Certificate2>(certificates.Count);
        try
        {
            foreach (ReadOnlyMemory<byte> certificate in certificates)
                loaded.Add(X509CertificateLoader.LoadCertificate(certificate.Span));
            CertificateVerdict verdict = CheckPath(loaded, now);
            if (verdict != CertificateVerdict.Trusted)
                return verdict;
            if (!MaySign(loaded[0]))
                return CertificateVerdict.WrongUsage;
            if (!IdentityMatch.Matches(loaded[0], identityType, identity))
                return CertificateVerdict.IdentityMismatch;
            using AsymmetricAlgorithm? key = PublicKeys.Of(loaded[0]);
            return key is not null && SignatureVerifier.Verify(key, method, data, octets) == SignatureVerdict.Valid
                ? CertificateVerdict.Trusted
                : CertificateVerdict.BadSignature;
        }
        catch (CryptographicException)
        {
            return CertificateVerdict.Malformed;
        }
        finally
        {
            loaded.ForEach(certificate => certificate.Dispose());
        }
    }

    private CertificateVerdict CheckPath(List<X509Certificate2> certificates, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.ExtraStore.AddRange(certificates.Skip(1).ToArray());
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;      // by our own lists, below
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        bool isBuilt = chain.Build(certificates[0]);
        X509Certificate2[] path = [.. chain.ChainElements.Select(element => element.Certificate)];
        try
        {
            X509ChainStatusFlags status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
            if (IsAuthority(path[^1]))
                status &= ~(X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot);   // an issuer need not be a root to be trusted
            else if (isBuilt)
                return CertificateVerdict.Untrusted;
            if (status == X509ChainStatusFlags.NotTimeValid)
                return CertificateVerdict.OutOfDate;
            if (status != X509ChainStatusFlags.NoError)
                return CertificateVerdict.Untrusted;
            return IsWeak(path) ? CertificateVerdict.Weak : CheckRevocation(path, now);
        }
        finally
        {
            foreach (X509Certificate2 element in path)
                element.Dispose();
        }
    }

    private bool IsAuthority(X509Certificate2 certificate) =>
        _authorities.Any(authority => authority.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span));

    /// <summary>An authority's signature over itself proves nothing and is not looked at; its key is.</summary>
    private static bool IsWeak(X509Certificate2[] path)
    {
        for (int i = 0; i < path.Length; i++)
        {
            if (i + 1 < path.Length && WeakSignatures.Contains(path[i].SignatureAlgorithm.Value ?? ""))
                return true;
            using AsymmetricAlgorithm? key = PublicKeys.Of(path[i]);
            if (PublicKeys.Weakness(key) is not null)
                return true;
        }

        return false;
    }

    private CertificateVerdict CheckRevocation(X509Certificate2[] path, DateTimeOffset now)
    {
        for (int i = 0; i + 1 < path.Length; i++)
        {
            bool isKnown = false;
            foreach (RevocationList list in _lists)
            {
                if (!list.IsOf(path[i + 1]))
                    continue;
                if (list.Lists(path[i]))
                    return CertificateVerdict.Revoked;
                isKnown |= list.IsCurrent(now);
            }

            if (!isKnown && _revocation == RevocationMode.Required)
                return CertificateVerdict.RevocationUnknown;
        }

        return CertificateVerdict.Trusted;
    }

    private static bool MaySign(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is not { } usage
        || (usage.KeyUsages & (X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation)) != 0;
}
