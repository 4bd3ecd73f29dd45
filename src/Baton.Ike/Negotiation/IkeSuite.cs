using Baton.Crypto.Ike;

namespace Baton.Ike.Negotiation;

/// <summary>The transforms of an IKE SA but for its group (RFC 7296 section 3.3.2).</summary>
/// <param name="KeyBits">Length of the cipher's key, without salt.</param>
/// <param name="Integrity"><see cref="IntegrityAlgorithm.None"/> with an AEAD (RFC 5282 section 8).</param>
public readonly record struct IkeSuite(EncryptionAlgorithm Encryption, int KeyBits, IntegrityAlgorithm Integrity, PrfAlgorithm Prf)
{
    public IkeCipherSuite Cipher => new(Encryption, KeyBits, Integrity);

    public override string ToString() =>
        Integrity == IntegrityAlgorithm.None ? $"{Encryption}-{KeyBits}/{Prf}" : $"{Encryption}-{KeyBits}/{Integrity}/{Prf}";
}

/// <summary>The transforms of a child SA (ESP).</summary>
public readonly record struct ChildSuite(EncryptionAlgorithm Encryption, int KeyBits, IntegrityAlgorithm Integrity, bool Esn)
{
    /// <summary>Bytes of key material for one direction: cipher key and salt, or cipher key and integrity key (RFC 7296 section 2.17).</summary>
    public int KeyMaterialLength
    {
        get
        {
            var sizes = new IkeCipherSuite(Encryption, KeyBits, Integrity);     // ESP takes the same lengths (RFC 4106, RFC 7634, RFC 4868)
            return sizes.EncryptionKeyLength + sizes.IntegrityKeyLength;
        }
    }

    public override string ToString() =>
        (Integrity == IntegrityAlgorithm.None ? $"{Encryption}-{KeyBits}" : $"{Encryption}-{KeyBits}/{Integrity}") + (Esn ? "/esn" : "");
}
