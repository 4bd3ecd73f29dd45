using System.Security.Cryptography;

namespace Baton.Crypto.Ike.Signatures;

/// <summary>What became of an AUTH payload's signature.</summary>
public enum SignatureVerdict
{
    Valid,

    /// <summary>The signature is not this key's over these octets.</summary>
    Invalid,

    /// <summary>A method that we do not do, or that RFC 8247 forbids (SHA-1, DSS, NULL).</summary>
    UnsupportedMethod,

    /// <summary>An AlgorithmIdentifier that we do not do, or that RFC 8247 forbids.</summary>
    UnsupportedAlgorithm,

    /// <summary>The key is not of the kind that the algorithm wants.</summary>
    WrongKey,

    /// <summary>A key that RFC 8247 forbids.</summary>
    WeakKey,

    /// <summary>Data too short for what it says.</summary>
    Malformed,
}

/// <summary>Verifies AUTH payloads that are signatures (RFC 7296 2.15, 4754, 7427). Thread-safe.</summary>
public static class SignatureVerifier
{
    /// <summary>The hashes that we take, for our SIGNATURE_HASH_ALGORITHMS.</summary>
    public static IReadOnlyList<SignatureHash> Hashes { get; } = [SignatureHash.Sha256, SignatureHash.Sha384, SignatureHash.Sha512];

    /// <param name="key">The peer's public key: RSA or ECDSA.</param>
    /// <param name="data">The Authentication Data of the AUTH payload.</param>
    /// <param name="octets">What the peer should have signed.</param>
    public static SignatureVerdict Verify(AsymmetricAlgorithm key, AuthenticationMethod method, ReadOnlyMemory<byte> data, ReadOnlySpan<byte> octets)
    {
        if (PublicKeys.Weakness(key) is not null)
            return SignatureVerdict.WeakKey;
        return method switch
        {
            AuthenticationMethod.DigitalSignature => VerifyDigital(key, data, octets),
            AuthenticationMethod.EcdsaP256 or AuthenticationMethod.EcdsaP384 or AuthenticationMethod.EcdsaP521 => VerifyLegacy(key, method, data.Span, octets),
            _ => SignatureVerdict.UnsupportedMethod,
        };
    }

    /// <summary>Length of the AlgorithmIdentifier, itself, then the signature (RFC 7427 3).</summary>
    private static SignatureVerdict VerifyDigital(AsymmetricAlgorithm key, ReadOnlyMemory<byte> data, ReadOnlySpan<byte> octets)
    {
        if (data.IsEmpty || data.Span[0] > data.Length - 1)
            return SignatureVerdict.Malformed;
        ReadOnlyMemory<byte> algorithm = data.Slice(1, data.Span[0]);
        ReadOnlySpan<byte> signature = data.Span[(1 + algorithm.Length)..];
        if (SignatureScheme.Parse(algorithm) is not { } scheme)
            return SignatureVerdict.UnsupportedAlgorithm;
        try
        {
            return (scheme.Kind, key) switch
            {
                (SignatureKind.Ecdsa, ECDsa ecdsa) => Verdict(
                    ecdsa.VerifyData(octets, signature, scheme.HashName, DSASignatureFormat.Rfc3279DerSequence)),
                (SignatureKind.RsaPkcs1, RSA rsa) => Verdict(rsa.VerifyData(octets, signature, scheme.HashName, RSASignaturePadding.Pkcs1)),
                (SignatureKind.RsaPss, RSA rsa) => Verdict(rsa.VerifyData(octets, signature, scheme.HashName, RSASignaturePadding.Pss)),
                _ => SignatureVerdict.WrongKey,
            };
        }
        catch (CryptographicException)
        {
            return SignatureVerdict.Invalid;
        }
    }

    /// <summary>r | s, each as long as the curve's field (RFC 4754 7).</summary>
    private static SignatureVerdict VerifyLegacy(AsymmetricAlgorithm key, AuthenticationMethod method, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> octets)
    {
        if (key is not ECDsa ecdsa)
            return SignatureVerdict.WrongKey;
        (AuthenticationMethod expected, SignatureHash hash) = SigningKey.LegacyEcdsa(key.KeySize);
        if (method != expected)
            return SignatureVerdict.WrongKey;
        try
        {
            return Verdict(ecdsa.VerifyData(octets, signature, SignatureScheme.Name(hash), DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
        }
        catch (CryptographicException)
        {
            return SignatureVerdict.Invalid;
        }
    }

    private static SignatureVerdict Verdict(bool valid) => valid ? SignatureVerdict.Valid : SignatureVerdict.Invalid;
}
