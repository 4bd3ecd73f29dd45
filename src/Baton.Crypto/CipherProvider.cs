using Baton.Crypto.OpenSsl;

namespace Baton.Crypto;

/// <summary>Chooses the library that does the AEADs, once, and says why.</summary>
public static class CipherProvider
{
    /// <summary>What <c>baton status</c> shows.</summary>
    public static string Name => "openssl-evp";

    public static string Reason => "OpenSSL 3 by EVP with reused contexts: present wherever the .NET runtime's own cryptography is.";

    public static Aead Make(AeadAlgorithm algorithm, ReadOnlySpan<byte> key, CipherUse use) => new EvpAead(algorithm, key, use);
}
