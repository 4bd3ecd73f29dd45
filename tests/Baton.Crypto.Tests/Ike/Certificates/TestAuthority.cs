using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Baton.Crypto.Ike.Certificates;

namespace Baton.Crypto.Tests.Ike.Certificates;

internal sealed record Peer(X509Certificate2 Certificate, AsymmetricAlgorithm Key);

/// <summary>Issues certificates for the tests.</summary>
internal sealed class TestAuthority(X509Certificate2 certificate, AsymmetricAlgorithm key) : IDisposable
{
    public static readonly DateTimeOffset NotBefore = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), NotAfter = NotBefore.AddYears(1);

    private static readonly DateTimeOffset AuthorityNotBefore = NotBefore.AddYears(-1), AuthorityNotAfter = NotAfter.AddYears(5);

    public X509Certificate2 Certificate { get; } = certificate;

    public static TestAuthority Root(string name, bool isRsa = false)
    {
        AsymmetricAlgorithm key = isRsa ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = AuthorityRequest(name, key);
        return new TestAuthority(request.CreateSelfSigned(AuthorityNotBefore, AuthorityNotAfter), key);
    }

    public TestAuthority Intermediate(string name)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new TestAuthority(Sign(AuthorityRequest(name, key), AuthorityNotBefore.AddDays(1), AuthorityNotAfter.AddDays(-1)), key);
    }

    public Peer Issue(
        bool isRsa = false, AsymmetricAlgorithm? key = null, X509KeyUsageFlags usage = X509KeyUsageFlags.DigitalSignature, bool sha1 = false)
    {
        key ??= isRsa ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = Request("CN=peer", key);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddEmailAddress("gw@example.org");
        names.AddDnsName("other.example");
        names.AddDnsName("gw.example");
        names.AddDnsName("*.wild.example");
        names.AddIpAddress(IPAddress.Parse("192.0.2.7"));
        names.AddIpAddress(IPAddress.Parse("2001:db8::7"));
        request.CertificateExtensions.Add(names.Build());
        return new Peer(Sign(request, NotBefore, NotAfter, sha1), key);
    }

    public RevocationList Revoke(Peer peer, DateTimeOffset? nextUpdate = null)
    {
        var builder = new CertificateRevocationListBuilder();
        builder.AddEntry(peer.Certificate, NotBefore.AddDays(3));
        using X509Certificate2 issuer = Certificate.HasPrivateKey ? new X509Certificate2(Certificate) : Certificate.CopyWithPrivateKey((ECDsa)key);
        return RevocationList.Parse(builder.Build(issuer, 1, nextUpdate ?? NotAfter, HashAlgorithmName.SHA256, thisUpdate: NotBefore.AddDays(4)));
    }

    public void Dispose()
    {
        Certificate.Dispose();
        key.Dispose();
    }

    private static CertificateRequest AuthorityRequest(string name, AsymmetricAlgorithm key)
    {
        CertificateRequest request = Request(name, key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request;
    }

    private static CertificateRequest Request(string name, AsymmetricAlgorithm key) => key is RSA rsa
        ? new CertificateRequest(name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        : new CertificateRequest(name, (ECDsa)key, HashAlgorithmName.SHA256);

    private X509Certificate2 Sign(CertificateRequest request, DateTimeOffset from, DateTimeOffset to, bool sha1 = false)
    {
        X509SignatureGenerator generator = key is RSA rsa
            ? sha1 ? new Sha1Generator(rsa) : X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1)
            : X509SignatureGenerator.CreateForECDsa((ECDsa)key);
        return request.Create(Certificate.SubjectName, generator, from, to, RandomNumberGenerator.GetBytes(8));
    }

    /// <summary>The platform makes no certificate with SHA-1 any more.</summary>
    private sealed class Sha1Generator(RSA key) : X509SignatureGenerator
    {
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) =>
            Convert.FromHexString("300d06092a864886f70d0101050500");

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => key.SignData(data, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1);

        protected override PublicKey BuildPublicKey() => CreateForRSA(key, RSASignaturePadding.Pkcs1).PublicKey;
    }
}
