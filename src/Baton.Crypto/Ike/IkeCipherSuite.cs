namespace Baton.Crypto.Ike;

/// <summary>Encryption that we do ("Transform Type 1"). Others are refused (RFC 8247 2.1).</summary>
public enum EncryptionAlgorithm : ushort
{
    /// <summary>ENCR_AES_CBC (RFC 3602), with an integrity algorithm.</summary>
    AesCbc = 12,

    /// <summary>AES-GCM with a 16 octet ICV (RFC 5282).</summary>
    AesGcm16 = 20,

    /// <summary>ENCR_CHACHA20_POLY1305 (RFC 7634).</summary>
    ChaCha20Poly1305 = 28,
}

/// <summary>Integrity that we do ("Transform Type 3"; RFC 4868). Others are refused (RFC 8247 2.3).</summary>
public enum IntegrityAlgorithm : ushort
{
    /// <summary>NONE: with an AEAD.</summary>
    None = 0,

    /// <summary>AUTH_HMAC_SHA2_256_128</summary>
    HmacSha256 = 12,

    /// <summary>AUTH_HMAC_SHA2_384_192</summary>
    HmacSha384 = 13,

    /// <summary>AUTH_HMAC_SHA2_512_256</summary>
    HmacSha512 = 14,
}

/// <summary>What protects the messages of an IKE SA: cipher, key length, integrity, and the sizes they give.</summary>
/// <param name="KeyBits">Without the salt: 128 or 256; 0 or 256 for ChaCha20-Poly1305, whose transform has no Key Length attribute.</param>
public readonly record struct IkeCipherSuite(EncryptionAlgorithm Encryption, int KeyBits, IntegrityAlgorithm Integrity)
{
    public bool IsAead => Encryption is EncryptionAlgorithm.AesGcm16 or EncryptionAlgorithm.ChaCha20Poly1305;

    /// <summary>One that we do: a known cipher and key length, with an integrity algorithm exactly where the cipher has none of its own (RFC 5282 8).</summary>
    public bool IsSupported =>
        Encryption switch
        {
            EncryptionAlgorithm.AesCbc or EncryptionAlgorithm.AesGcm16 => KeyBits is 128 or 256,
            EncryptionAlgorithm.ChaCha20Poly1305 => KeyBits is 0 or 256,
            _ => false,
        }
        && (IsAead
            ? Integrity == IntegrityAlgorithm.None
            : Integrity is IntegrityAlgorithm.HmacSha256 or IntegrityAlgorithm.HmacSha384 or IntegrityAlgorithm.HmacSha512);

    /// <summary>Bytes of SK_ei and of SK_er each: with an AEAD the key and then 4 bytes of salt (RFC 5282 7.1, RFC 7634 2).</summary>
    public int EncryptionKeyLength => CipherKeyLength + (IsAead ? SaltLength : 0);

    /// <summary>Bytes of SK_ai and of SK_ar each: those of the hash (RFC 4868 2.1.1), none with an AEAD (RFC 5282 7.2).</summary>
    public int IntegrityKeyLength => Integrity switch
    {
        IntegrityAlgorithm.HmacSha256 => 32,
        IntegrityAlgorithm.HmacSha384 => 48,
        IntegrityAlgorithm.HmacSha512 => 64,
        _ => 0,
    };

    /// <summary>Bytes of the IV in front of the ciphertext.</summary>
    public int IvLength => IsAead ? 8 : 16;

    /// <summary>Bytes of the Integrity Checksum Data behind it.</summary>
    public int IcvLength => IsAead ? 16 : IntegrityKeyLength / 2;

    /// <summary>What the plaintext with its padding and pad length must be a multiple of; 1 for an AEAD (RFC 5282 3).</summary>
    public int BlockLength => IsAead ? 1 : 16;

    internal const int SaltLength = 4;

    internal int CipherKeyLength => Encryption == EncryptionAlgorithm.ChaCha20Poly1305 ? 32 : KeyBits / 8;
}
