using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Security.Certificates;
using Org.BouncyCastle.X509;

namespace Baton.Crypto.Ike.Certificates;

/// <summary>A certificate revocation list from a file (RFC 5280 5). Thread-safe.</summary>
/// <remarks>By BouncyCastle: the platform builds such lists and looks none up that it is handed.</remarks>
public sealed class RevocationList
{
    private readonly X509Crl _list;
    private readonly byte[] _issuer;
    private readonly ConcurrentDictionary<string, bool> _signedBy = new();

    private RevocationList(X509Crl list)
    {
        _list = list;
        _issuer = list.IssuerDN.GetEncoded();
    }

    /// <summary>When the next one is due; null when the list does not say.</summary>
    public DateTimeOffset? NextUpdate => _list.NextUpdate is { } next ? new DateTimeOffset(DateTime.SpecifyKind(next, DateTimeKind.Utc)) : null;

    /// <param name="bytes">DER or PEM.</param>
    /// <exception cref="CryptographicException">No list, or one with a critical extension that we do not know (a partial or indirect list).</exception>
    public static RevocationList Parse(byte[] bytes)
    {
        X509Crl? list;
        try
        {
            list = new X509CrlParser().ReadCrl(bytes);
        }
        catch (Exception error) when (error is CrlException or IOException or ArgumentException or FormatException or InvalidCastException)
        {
            throw new CryptographicException("These bytes are no certificate revocation list.", error);
        }

        if (list is null)
            throw new CryptographicException("These bytes hold no certificate revocation list.");
        if (list.GetCriticalExtensionOids() is { Count: > 0 } critical)
            throw new CryptographicException($"This list has critical extensions that are not understood here ({string.Join(", ", critical)}): a partial or indirect list says too little.");
        return new RevocationList(list);
    }

    internal bool IsCurrent(DateTimeOffset now) => _list.ThisUpdate <= now.UtcDateTime && (NextUpdate is not { } next || now <= next);

    /// <summary>Named as the issuer, and signed by its key.</summary>
    internal bool IsOf(X509Certificate2 issuer) =>
        issuer.SubjectName.RawData.AsSpan().SequenceEqual(_issuer) && _signedBy.GetOrAdd(issuer.Thumbprint, _ => IsSignedBy(issuer));

    internal bool Lists(X509Certificate2 certificate) =>
        _list.GetRevokedCertificate(new BigInteger(1, certificate.SerialNumberBytes.ToArray())) is not null;

    private bool IsSignedBy(X509Certificate2 issuer)
    {
        if (issuer.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign))
            return false;
        try
        {
            _list.Verify(new X509CertificateParser().ReadCertificate(issuer.RawData).GetPublicKey());
            return true;
        }
        catch (Exception error) when (error is GeneralSecurityException or CrlException or ArgumentException)
        {
            return false;
        }
    }
}
