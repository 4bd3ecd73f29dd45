using System.Security.Cryptography;
using Baton.Crypto;
using Baton.Crypto.OpenSsl;

namespace Baton.Esp;

/// <summary>From the key material of one direction to its cipher: an AEAD, or CBC with HMAC.</summary>
/// <remarks>No object of its own stands between an SA and its cipher: a packet of an SA that was not used for a while would wait for memory once more.</remarks>
internal static class EspKeys
{
    /// <returns>Null for CBC with HMAC.</returns>
    /// <exception cref="ArgumentException">A length that the suite does not take.</exception>
    public static Aead? MakeAead(EspSuite suite, ReadOnlySpan<byte> cipherKey, ReadOnlySpan<byte> saltOrIntegrityKey, CipherUse use, CipherLibrary library)
    {
        if (cipherKey.Length != suite.CipherKeyLength())
            throw new ArgumentException($"{suite} takes {suite.CipherKeyLength()} bytes of key.", nameof(cipherKey));
        if (saltOrIntegrityKey.Length != suite.TailLength())
            throw new ArgumentException($"{suite} takes {suite.TailLength()} bytes of salt or integrity key.", nameof(saltOrIntegrityKey));
        return suite.IsAead() ? CipherProvider.Make(library, Algorithm(suite), cipherKey, use) : null;
    }

    /// <summary>The four bytes of an AEAD's salt as they stand in the nonce.</summary>
    public static uint WireSalt(ReadOnlySpan<byte> salt) => System.Runtime.InteropServices.MemoryMarshal.Read<uint>(salt);

    private static AeadAlgorithm Algorithm(EspSuite suite) => suite switch
    {
        EspSuite.AesGcm128 => AeadAlgorithm.Aes128Gcm,
        EspSuite.AesGcm256 => AeadAlgorithm.Aes256Gcm,
        _ => AeadAlgorithm.ChaCha20Poly1305,
    };
}

/// <summary>CBC with HMAC-SHA-256 in one direction. Not thread-safe: the SA's owner's.</summary>
internal sealed class CbcHmac(ReadOnlySpan<byte> cipherKey, ReadOnlySpan<byte> integrityKey, CipherUse use) : IDisposable
{
    private readonly EvpCbc? _ivCipher = use == CipherUse.Seal ? MakeIvCipher(cipherKey) : null;

    public EvpCbc Cbc { get; } = new(cipherKey, encrypt: use == CipherUse.Seal);

    public HmacSha256 Hmac { get; } = new(integrityKey);

    /// <summary>The IV of a CBC packet: the sequence number enciphered under a key of its own. No two packets share a number, so no two share
    /// an IV, and nobody without the key can tell the next one (RFC 3602 3: "unpredictable").</summary>
    public void MakeIv(ulong sequence, Span<byte> iv)
    {
        iv.Clear();
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(iv[8..], sequence);
        Span<byte> zero = stackalloc byte[16];
        zero.Clear();
        _ivCipher!.Apply(zero, iv);
    }

    public void Dispose()
    {
        Cbc.Dispose();
        _ivCipher?.Dispose();
        Hmac.Dispose();
    }

    private static EvpCbc MakeIvCipher(ReadOnlySpan<byte> cipherKey)
    {
        Span<byte> key = stackalloc byte[16];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, cipherKey, key, salt: [], info: "baton esp cbc iv"u8);
        var cipher = new EvpCbc(key, encrypt: true);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }
}
