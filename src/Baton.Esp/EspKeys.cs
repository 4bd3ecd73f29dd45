using System.Security.Cryptography;
using Baton.Crypto;
using Baton.Crypto.OpenSsl;

namespace Baton.Esp;

/// <summary>The ciphers of one SA in one direction. Not thread-safe: the SA's owner's.</summary>
internal sealed class EspKeys : IDisposable
{
    private readonly EvpCbc? _cbc;
    private readonly EvpCbc? _ivCipher;
    private readonly HmacSha256? _hmac;

    internal EspKeys(EspSuite suite, ReadOnlySpan<byte> cipherKey, ReadOnlySpan<byte> saltOrIntegrityKey, CipherUse use, CipherLibrary library)
    {
        if (cipherKey.Length != suite.CipherKeyLength())
            throw new ArgumentException($"{suite} takes {suite.CipherKeyLength()} bytes of key.", nameof(cipherKey));
        if (saltOrIntegrityKey.Length != suite.TailLength())
            throw new ArgumentException($"{suite} takes {suite.TailLength()} bytes of salt or integrity key.", nameof(saltOrIntegrityKey));
        Suite = suite;
        if (suite.IsAead())
        {
            WireSalt = System.Runtime.InteropServices.MemoryMarshal.Read<uint>(saltOrIntegrityKey);
            Aead = CipherProvider.Make(library, Algorithm(suite), cipherKey, use);
        }
        else
        {
            _cbc = new EvpCbc(cipherKey, encrypt: use == CipherUse.Seal);
            _hmac = new HmacSha256(saltOrIntegrityKey);
            if (use == CipherUse.Seal)
                _ivCipher = MakeIvCipher(cipherKey);
        }
    }

    internal EspSuite Suite { get; }

    /// <summary>Null for CBC with HMAC.</summary>
    internal Aead? Aead { get; }

    /// <summary>The four bytes of an AEAD's salt as they stand in the nonce.</summary>
    internal uint WireSalt { get; }

    internal EvpCbc Cbc => _cbc!;

    internal HmacSha256 Hmac => _hmac!;

    /// <summary>The IV of a CBC packet: the sequence number enciphered under a key of its own. No two packets share a number, so no two share
    /// an IV, and nobody without the key can tell the next one (RFC 3602 3: "unpredictable").</summary>
    internal void MakeIv(ulong sequence, Span<byte> iv)
    {
        iv.Clear();
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(iv[8..], sequence);
        Span<byte> zero = stackalloc byte[16];
        zero.Clear();
        _ivCipher!.Apply(zero, iv);
    }

    public void Dispose()
    {
        Aead?.Dispose();
        _cbc?.Dispose();
        _ivCipher?.Dispose();
        _hmac?.Dispose();
    }

    private static AeadAlgorithm Algorithm(EspSuite suite) => suite switch
    {
        EspSuite.AesGcm128 => AeadAlgorithm.Aes128Gcm,
        EspSuite.AesGcm256 => AeadAlgorithm.Aes256Gcm,
        _ => AeadAlgorithm.ChaCha20Poly1305,
    };

    private static EvpCbc MakeIvCipher(ReadOnlySpan<byte> cipherKey)
    {
        Span<byte> key = stackalloc byte[16];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, cipherKey, key, salt: [], info: "baton esp cbc iv"u8);
        var cipher = new EvpCbc(key, encrypt: true);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }
}
