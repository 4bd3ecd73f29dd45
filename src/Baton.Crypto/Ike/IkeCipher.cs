using System.Buffers.Binary;
using System.Security.Cryptography;
using Baton.Crypto.OpenSsl;

namespace Baton.Crypto.Ike;

/// <summary>Seals and opens the Encrypted payload under the keys of one direction of an IKE SA (RFC 7296 3.14, RFC 5282). Not thread-safe: one owner.</summary>
/// <remarks>
/// Both work in place on one layout, whatever the suite:
/// <code>
///     header and what else is only authenticated | IV | text, padding, pad length | ICV
///     ^ headerLength bytes
/// </code>
/// The caller gives a number that was never used with these keys before: it is the IV of an AEAD, and the IV of CBC is made from it
/// (enciphered, so that nobody can tell it beforehand). A number used twice breaks an AEAD (P2).
/// </remarks>
public sealed class IkeCipher : IDisposable
{
    private readonly SecretBytes _key;
    private readonly SecretBytes _salt;
    private readonly Hmac? _hmac;

    // Made when first used: a direction is either sealed or opened, never both outside of tests.
    private EvpAead? _aeadSeal;
    private EvpAead? _aeadOpen;
    private EvpCbc? _cbcSeal;
    private EvpCbc? _cbcOpen;
    private EvpCbc? _ivCipher;

    /// <param name="encryptionKey">SK_e of the direction, with the salt behind the key for an AEAD: <see cref="IkeCipherSuite.EncryptionKeyLength"/> bytes.</param>
    /// <param name="integrityKey">SK_a: <see cref="IkeCipherSuite.IntegrityKeyLength"/> bytes.</param>
    public IkeCipher(IkeCipherSuite suite, ReadOnlySpan<byte> encryptionKey, ReadOnlySpan<byte> integrityKey)
    {
        if (!suite.IsSupported)
            throw new ArgumentOutOfRangeException(nameof(suite), suite, "Not one of our suites.");
        ArgumentOutOfRangeException.ThrowIfNotEqual(encryptionKey.Length, suite.EncryptionKeyLength, nameof(encryptionKey));
        ArgumentOutOfRangeException.ThrowIfNotEqual(integrityKey.Length, suite.IntegrityKeyLength, nameof(integrityKey));
        Suite = suite;
        _key = new SecretBytes(encryptionKey[..suite.CipherKeyLength]);
        _salt = new SecretBytes(encryptionKey[suite.CipherKeyLength..]);
        if (!suite.IsAead)
            _hmac = new Hmac(Hash(suite.Integrity), integrityKey);
    }

    public IkeCipherSuite Suite { get; }

    public int IvLength => Suite.IvLength;

    public int IcvLength => Suite.IcvLength;

    public int BlockLength => Suite.BlockLength;

    /// <summary>Writes the IV, enciphers the text and writes the ICV.</summary>
    /// <param name="message">Laid out as above; the text a multiple of <see cref="BlockLength"/>.</param>
    public void Seal(Span<byte> message, int headerLength, ulong ivNumber)
    {
        Span<byte> iv = message.Slice(headerLength, IvLength);
        Span<byte> text = message[(headerLength + IvLength)..^IcvLength];
        Span<byte> icv = message[^IcvLength..];
        if (Suite.IsAead)
        {
            BinaryPrimitives.WriteUInt64BigEndian(iv, ivNumber);
            Span<byte> nonce = stackalloc byte[Aead.NonceLength];
            FillNonce(nonce, iv);
            _aeadSeal ??= new EvpAead(AeadOf(Suite), _key.Span, CipherUse.Seal);
            _aeadSeal.Seal(nonce, message[..headerLength], text, icv);
        }
        else
        {
            MakeIv(ivNumber, iv);
            _cbcSeal ??= new EvpCbc(_key.Span, encrypt: true);
            _cbcSeal.Apply(iv, text);
            _hmac!.Append(message[..^IcvLength]).Finish(icv);
        }
    }

    /// <summary>Checks the ICV and deciphers. False: forged, or too short, or not whole blocks; the message must then not be used.</summary>
    public bool Open(Span<byte> message, int headerLength)
    {
        if (headerLength < 0 || message.Length < headerLength + IvLength + IcvLength)
            return false;
        ReadOnlySpan<byte> iv = message.Slice(headerLength, IvLength);
        Span<byte> text = message[(headerLength + IvLength)..^IcvLength];
        ReadOnlySpan<byte> icv = message[^IcvLength..];
        if (Suite.IsAead)
        {
            Span<byte> nonce = stackalloc byte[Aead.NonceLength];
            FillNonce(nonce, iv);
            _aeadOpen ??= new EvpAead(AeadOf(Suite), _key.Span, CipherUse.Open);
            return _aeadOpen.Open(nonce, message[..headerLength], text, icv);
        }

        if (text.Length == 0 || text.Length % EvpCbc.BlockLength != 0)
            return false;
        Span<byte> expected = stackalloc byte[IcvLength];
        _hmac!.Append(message[..^IcvLength]).Finish(expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, icv))
            return false;
        _cbcOpen ??= new EvpCbc(_key.Span, encrypt: false);
        _cbcOpen.Apply(iv, text);
        return true;
    }

    public void Dispose()
    {
        _aeadSeal?.Dispose();
        _aeadOpen?.Dispose();
        _cbcSeal?.Dispose();
        _cbcOpen?.Dispose();
        _ivCipher?.Dispose();
        _hmac?.Dispose();
        _key.Dispose();
        _salt.Dispose();
    }

    /// <summary>Salt, then the explicit IV (RFC 5282 4).</summary>
    private void FillNonce(Span<byte> nonce, ReadOnlySpan<byte> iv)
    {
        _salt.Span.CopyTo(nonce);
        iv.CopyTo(nonce[IkeCipherSuite.SaltLength..]);
    }

    /// <summary>No two messages share a number, so no two share an IV, and nobody without the key can tell the next one (RFC 3602 3).</summary>
    private void MakeIv(ulong number, Span<byte> iv)
    {
        if (_ivCipher is null)
        {
            Span<byte> key = stackalloc byte[16];
            HKDF.DeriveKey(HashAlgorithmName.SHA256, _key.Span, key, salt: [], info: "baton ike cbc iv"u8);
            _ivCipher = new EvpCbc(key, encrypt: true);
            CryptographicOperations.ZeroMemory(key);
        }

        iv.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(iv[8..], number);
        Span<byte> zero = stackalloc byte[EvpCbc.BlockLength];
        zero.Clear();
        _ivCipher.Apply(zero, iv);
    }

    private static AeadAlgorithm AeadOf(IkeCipherSuite suite) => suite switch
    {
        { Encryption: EncryptionAlgorithm.ChaCha20Poly1305 } => AeadAlgorithm.ChaCha20Poly1305,
        { KeyBits: 128 } => AeadAlgorithm.Aes128Gcm,
        _ => AeadAlgorithm.Aes256Gcm,
    };

    private static HmacHash Hash(IntegrityAlgorithm integrity) => integrity switch
    {
        IntegrityAlgorithm.HmacSha256 => HmacHash.Sha256,
        IntegrityAlgorithm.HmacSha384 => HmacHash.Sha384,
        _ => HmacHash.Sha512,
    };
}
