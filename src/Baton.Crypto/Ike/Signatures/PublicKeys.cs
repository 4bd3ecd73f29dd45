using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Baton.Crypto.Ike.Signatures;

/// <summary>Which keys are good enough (RFC 8247 3.1).</summary>
internal static class PublicKeys
{
    private const int LeastRsaBits = 2048, MostRsaBits = 8192;      // above: each signature of a stranger would cost too much

    private static readonly string[] Curves = ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];

    /// <summary>Null: good.</summary>
    internal static string? Weakness(AsymmetricAlgorithm? key) => key switch
    {
        RSA { KeySize: < LeastRsaBits } => $"An RSA key has {LeastRsaBits} bits or more; this one has {key.KeySize}.",
        RSA { KeySize: > MostRsaBits } => $"An RSA key has {MostRsaBits} bits or fewer; this one has {key.KeySize}.",
        RSA => null,
        ECDsa curve => Curves.Contains(Oid(curve)) ? null : "An EC key lies on P-256, P-384 or P-521.",
        _ => "Only RSA and ECDSA keys sign here.",
    };

    /// <summary>The key of a certificate, or null for a kind that we do not do. The caller disposes of it.</summary>
    internal static AsymmetricAlgorithm? Of(X509Certificate2 certificate) =>
        (AsymmetricAlgorithm?)certificate.GetRSAPublicKey() ?? certificate.GetECDsaPublicKey();

    private static string? Oid(ECDsa key)
    {
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        return parameters.Curve.IsNamed ? parameters.Curve.Oid.Value ?? OidOf(parameters.Curve.Oid.FriendlyName) : null;
    }

    private static string? OidOf(string? name) => name is null ? null : new Oid(name).Value;
}
