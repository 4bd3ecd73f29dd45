using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Baton.Crypto.Ike.Signatures;

/// <summary>A private key that signs AUTH payloads: RSA of 2048 bits or more, or ECDSA on P-256, P-384, P-521. Not thread-safe: one owner.</summary>
public sealed class SigningKey : IDisposable
{
    private readonly AsymmetricAlgorithm _key;

    private SigningKey(AsymmetricAlgorithm key) => _key = key;

    public bool IsRsa => _key is RSA;

    public int KeyBits => _key.KeySize;

    /// <summary>Reads a PEM file's text: PKCS #8, PKCS #1 or SEC 1, not encrypted.</summary>
    /// <exception cref="CryptographicException">No such key, or a weak one (RFC 8247 3.1); the message says what would do.</exception>
    public static SigningKey FromPem(string pem)
    {
        foreach (Func<AsymmetricAlgorithm> create in (Func<AsymmetricAlgorithm>[])[ECDsa.Create, RSA.Create])
        {
            AsymmetricAlgorithm key = create();
            try
            {
                key.ImportFromPem(pem);
                return Checked(key);
            }
            catch (Exception error) when (error is ArgumentException or (CryptographicException and not UnfitKeyException))
            {
                key.Dispose();                          // of the other kind
            }
        }

        throw new CryptographicException("No unencrypted RSA or EC private key in this PEM text.");
    }

    /// <summary>Takes over a key; it is disposed of with this one.</summary>
    /// <exception cref="CryptographicException">Another kind of key, or a weak one.</exception>
    public static SigningKey From(AsymmetricAlgorithm key) => Checked(key);

    /// <summary>Signs with the best that the peer takes.</summary>
    /// <param name="peerHashes">From its SIGNATURE_HASH_ALGORITHMS; empty when it sent none and so knows only the methods of RFC 7296 and 4754.</param>
    /// <param name="octets">InitiatorSignedOctets or ResponderSignedOctets (RFC 7296 2.15).</param>
    /// <param name="data">The Authentication Data of the AUTH payload.</param>
    /// <returns>False when nothing is left but what RFC 8247 forbids: SHA-1, or RSA for a peer without RFC 7427.</returns>
    public bool TrySign(
        IReadOnlyCollection<SignatureHash> peerHashes, ReadOnlySpan<byte> octets, out AuthenticationMethod method, [NotNullWhen(true)] out byte[]? data)
    {
        data = null;
        method = AuthenticationMethod.DigitalSignature;
        if (_key is ECDsa legacy && !peerHashes.Any(IsStrong))
        {
            (method, SignatureHash fixedHash) = LegacyEcdsa(_key.KeySize);
            data = legacy.SignData(octets, SignatureScheme.Name(fixedHash), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            return true;
        }

        if (!TryChooseHash(peerHashes, out SignatureHash hash))
            return false;
        SignatureScheme scheme = new(IsRsa ? SignatureKind.RsaPss : SignatureKind.Ecdsa, hash);
        byte[] signature = _key is RSA rsa
            ? rsa.SignData(octets, scheme.HashName, RSASignaturePadding.Pss)
            : ((ECDsa)_key).SignData(octets, scheme.HashName, DSASignatureFormat.Rfc3279DerSequence);
        byte[] algorithm = scheme.AlgorithmIdentifier();
        data = [(byte)algorithm.Length, .. algorithm, .. signature];        // RFC 7427 3
        return true;
    }

    public void Dispose() => _key.Dispose();

    /// <summary>The method of RFC 4754 names curve and hash at once.</summary>
    internal static (AuthenticationMethod Method, SignatureHash Hash) LegacyEcdsa(int keyBits) => keyBits switch
    {
        256 => (AuthenticationMethod.EcdsaP256, SignatureHash.Sha256),
        384 => (AuthenticationMethod.EcdsaP384, SignatureHash.Sha384),
        _ => (AuthenticationMethod.EcdsaP521, SignatureHash.Sha512),
    };

    internal static bool IsStrong(SignatureHash hash) => hash is SignatureHash.Sha256 or SignatureHash.Sha384 or SignatureHash.Sha512;

    /// <summary>The hash that fits the key's strength if the peer takes it, else the strongest that it takes.</summary>
    private bool TryChooseHash(IReadOnlyCollection<SignatureHash> peerHashes, out SignatureHash hash)
    {
        hash = IsRsa ? SignatureHash.Sha256 : LegacyEcdsa(_key.KeySize).Hash;
        if (peerHashes.Contains(hash))
            return true;
        hash = peerHashes.Where(IsStrong).DefaultIfEmpty().Max();
        return IsStrong(hash);
    }

    private static SigningKey Checked(AsymmetricAlgorithm key)
    {
        string? why = PublicKeys.Weakness(key) ?? (HasPrivate(key) ? null : "This is a public key: it cannot sign.");
        if (why is null)
            return new SigningKey(key);
        key.Dispose();
        throw new UnfitKeyException(why);
    }

    private static bool HasPrivate(AsymmetricAlgorithm key)
    {
        try
        {
            _ = key is RSA rsa
                ? rsa.SignData([], HashAlgorithmName.SHA256, RSASignaturePadding.Pss)
                : ((ECDsa)key).SignData([], HashAlgorithmName.SHA256);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private sealed class UnfitKeyException(string message) : CryptographicException(message);
}
