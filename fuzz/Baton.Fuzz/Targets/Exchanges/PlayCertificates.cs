using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Baton.Crypto.Ike.Certificates;
using Baton.Crypto.Ike.Signatures;
using Baton.Ike.Authentication;

namespace Baton.Fuzz.Targets.Exchanges;

/// <summary>An authority and two certificates, the same keys for every run. (ECDSA signs at random: certificates are made again until they have their usual length, an AUTH payload may be a byte longer or shorter.)</summary>
internal static class PlayCertificates
{
    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ECDsa RootKey = Key(1);
    private static readonly X509Certificate2 Root = MakeRoot();
    private static readonly Dictionary<string, CertificateCredential> Owned = new() { ["left"] = Make("left", 2), ["right"] = Make("right", 3) };

    public static CertificatePeerCredential Peer { get; } = new(new CertificateAuthenticator([Root], []));

    public static CertificateCredential Own(string name) => Owned[name];

    private static ECDsa Key(byte d) => ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = [.. new byte[31], d] });

    private static X509Certificate2 MakeRoot()
    {
        var request = new CertificateRequest("CN=root", RootKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(From, From.AddYears(100));
    }

    private static CertificateCredential Make(string name, byte d)
    {
        ECDsa key = Key(d);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        X509SignatureGenerator signer = X509SignatureGenerator.CreateForECDsa(RootKey);
        byte[] der;
        int usual = 0;
        do
        {
            using X509Certificate2 made = request.Create(Root.SubjectName, signer, From, From.AddYears(100), [d]);
            der = made.RawData;
            usual = usual == 0 ? der.Length - (SignatureLength(der) - 71) : usual;
        }
        while (der.Length != usual);
        return new CertificateCredential([der], SigningKey.From(key));
    }

    /// <summary>Of the signature at the end: an ECDSA-Sig-Value of two integers, 70 to 72 bytes mostly.</summary>
    private static int SignatureLength(byte[] der)
    {
        for (int length = 66; length <= 72; length++)
        {
            if (der[^length] == 0x30 && der[^(length - 1)] == length - 2 && der[^(length - 2)] == 2)
                return length;
        }

        return 71;
    }
}
