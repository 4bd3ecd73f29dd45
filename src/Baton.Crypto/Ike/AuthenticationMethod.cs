namespace Baton.Crypto.Ike;

/// <summary>Auth Method of the AUTH payload (RFC 7296 3.8 and the registry).</summary>
public enum AuthenticationMethod : byte
{
    /// <summary>RSA Digital Signature; with SHA-1 in practice, so never accepted (RFC 8247 3.1).</summary>
    Rsa = 1,

    /// <summary>Shared Key Message Integrity Code</summary>
    SharedKey = 2,

    /// <summary>DSS Digital Signature; never accepted.</summary>
    Dss = 3,

    /// <summary>ECDSA with SHA-256 on the P-256 curve (RFC 4754)</summary>
    EcdsaP256 = 9,

    /// <summary>ECDSA with SHA-384 on the P-384 curve</summary>
    EcdsaP384 = 10,

    /// <summary>ECDSA with SHA-512 on the P-521 curve</summary>
    EcdsaP521 = 11,

    /// <summary>Generic Secure Password Authentication Method (RFC 6467)</summary>
    SecurePassword = 12,

    /// <summary>NULL Authentication (RFC 7619); never accepted.</summary>
    Null = 13,

    /// <summary>Digital Signature (RFC 7427)</summary>
    DigitalSignature = 14,
}

/// <summary>ID Type (RFC 7296 3.5 and the registry).</summary>
public enum IdentityType : byte
{
    /// <summary>ID_IPV4_ADDR: 4 bytes.</summary>
    Ipv4Address = 1,

    /// <summary>ID_FQDN: ASCII, no terminator.</summary>
    Fqdn = 2,

    /// <summary>ID_RFC822_ADDR: ASCII, no terminator.</summary>
    Rfc822Address = 3,

    /// <summary>ID_IPV6_ADDR: 16 bytes.</summary>
    Ipv6Address = 5,

    /// <summary>ID_DER_ASN1_DN: a distinguished name, DER.</summary>
    DerAsn1Dn = 9,

    /// <summary>ID_DER_ASN1_GN: a general name, DER.</summary>
    DerAsn1Gn = 10,

    /// <summary>ID_KEY_ID: opaque.</summary>
    KeyId = 11,

    /// <summary>ID_FC_NAME (RFC 4595)</summary>
    FcName = 12,

    /// <summary>ID_NULL (RFC 7619)</summary>
    Null = 13,
}

/// <summary>Hash Algorithms of the SIGNATURE_HASH_ALGORITHMS notify (RFC 7427 4 and the registry).</summary>
public enum SignatureHash : ushort
{
    /// <summary>Never used (RFC 8247 3.2).</summary>
    Sha1 = 1,

    Sha256 = 2,

    Sha384 = 3,

    Sha512 = 4,

    /// <summary>The algorithm hashes itself (RFC 8420); not done here.</summary>
    Identity = 5,
}
