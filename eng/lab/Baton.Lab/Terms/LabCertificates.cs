using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Baton.Lab.Terms;

/// <summary>The certificates of one run: an authority, and one certificate an end, made when first asked for.</summary>
public sealed class LabCertificates : IDisposable
{
    public const string PeerName = "peer.lab";
    public const string ClusterName = "cluster.lab";

    /// <summary>So many further names make a certificate of about six kilobytes: several fragments.</summary>
    private const int NamesOfALongOne = 220;

    private static readonly DateTimeOffset From = DateTimeOffset.UtcNow.AddDays(-1);
    private static readonly DateTimeOffset To = DateTimeOffset.UtcNow.AddDays(30);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;
    private readonly Dictionary<(string, string, bool), (string, string)> _made = [];

    public LabCertificates()
    {
        var request = new CertificateRequest("CN=lab", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(From, To);
    }

    public string AuthorityPem => _authority.ExportCertificatePem();

    /// <summary>Certificate and key of an end as PEM.</summary>
    public (string Certificate, string Key) Issue(string name, string kind, bool isLong)
    {
        if (_made.TryGetValue((name, kind, isLong), out (string, string) made)) return made;
        using AsymmetricAlgorithm key = kind.StartsWith("rsa", StringComparison.Ordinal)
            ? RSA.Create(int.Parse(kind.AsSpan(3), System.Globalization.CultureInfo.InvariantCulture))
            : ECDsa.Create(kind switch { "ecdsa256" => ECCurve.NamedCurves.nistP256, "ecdsa384" => ECCurve.NamedCurves.nistP384, _ => ECCurve.NamedCurves.nistP521 });
        CertificateRequest request = key is RSA rsa
            ? new CertificateRequest($"CN={name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest($"CN={name}", (ECDsa)key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        for (int i = 0; isLong && i < NamesOfALongOne; i++) names.AddDnsName($"further-name-{i:000}.{name}");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        using X509Certificate2 certificate = request.Create(
            _authority.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), From, To, RandomNumberGenerator.GetBytes(12));
        return _made[(name, kind, isLong)] = (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
    }
}
