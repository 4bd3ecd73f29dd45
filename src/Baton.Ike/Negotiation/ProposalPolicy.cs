using Baton.Crypto.Ike;

namespace Baton.Ike.Negotiation;

/// <summary>A cipher with its key length.</summary>
public readonly record struct Cipher(EncryptionAlgorithm Algorithm, int KeyBits)
{
    public static readonly Cipher AesGcm128 = new(EncryptionAlgorithm.AesGcm16, 128);
    public static readonly Cipher AesGcm256 = new(EncryptionAlgorithm.AesGcm16, 256);
    public static readonly Cipher ChaCha20Poly1305 = new(EncryptionAlgorithm.ChaCha20Poly1305, 256);
    public static readonly Cipher AesCbc128 = new(EncryptionAlgorithm.AesCbc, 128);
    public static readonly Cipher AesCbc256 = new(EncryptionAlgorithm.AesCbc, 256);

    public bool IsAead => Algorithm is EncryptionAlgorithm.AesGcm16 or EncryptionAlgorithm.ChaCha20Poly1305;
}

/// <summary>One proposal for an IKE SA, best transform first. AEADs and others do not mix in one proposal (RFC 7296 section 3.3).</summary>
/// <param name="Integrity">Empty with AEADs.</param>
public sealed record IkeProposalPolicy(
    IReadOnlyList<Cipher> Ciphers,
    IReadOnlyList<IntegrityAlgorithm> Integrity,
    IReadOnlyList<PrfAlgorithm> Prfs,
    IReadOnlyList<KeyExchangeGroup> Groups)
{
    /// <summary>What RFC 8247 recommends, and nothing below it: no SHA-1, no 1024-bit group, no DES, no MD5 can even be named here.</summary>
    public static IReadOnlyList<IkeProposalPolicy> Defaults { get; } =
    [
        new([Cipher.AesGcm256, Cipher.AesGcm128, Cipher.ChaCha20Poly1305], [], DefaultPrfs, DefaultGroups),
        new([Cipher.AesCbc256, Cipher.AesCbc128], [IntegrityAlgorithm.HmacSha256, IntegrityAlgorithm.HmacSha512, IntegrityAlgorithm.HmacSha384], DefaultPrfs, DefaultGroups),
    ];

    private static PrfAlgorithm[] DefaultPrfs => [PrfAlgorithm.HmacSha256, PrfAlgorithm.HmacSha512, PrfAlgorithm.HmacSha384];

    private static KeyExchangeGroup[] DefaultGroups =>
    [
        KeyExchangeGroup.Curve25519, KeyExchangeGroup.Ecp256, KeyExchangeGroup.Ecp384, KeyExchangeGroup.Ecp521,
        KeyExchangeGroup.Modp3072, KeyExchangeGroup.Modp2048,
    ];
}

/// <summary>One proposal for a child SA (ESP), best transform first.</summary>
/// <param name="Groups">For perfect forward secrecy in CREATE_CHILD_SA; empty: without.</param>
/// <param name="Esn">What we may use, best first: true extended sequence numbers, false 32 bits.</param>
public sealed record ChildProposalPolicy(
    IReadOnlyList<Cipher> Ciphers,
    IReadOnlyList<IntegrityAlgorithm> Integrity,
    IReadOnlyList<KeyExchangeGroup> Groups,
    IReadOnlyList<bool> Esn)
{
    /// <summary>What RFC 8221 recommends: AEADs first, CBC with HMAC-SHA2-256 for older peers, ESN where the peer has it.</summary>
    public static IReadOnlyList<ChildProposalPolicy> Defaults { get; } =
    [
        new([Cipher.AesGcm128, Cipher.AesGcm256, Cipher.ChaCha20Poly1305], [], [], [true, false]),
        new([Cipher.AesCbc256, Cipher.AesCbc128], [IntegrityAlgorithm.HmacSha256], [], [true, false]),
    ];
}
