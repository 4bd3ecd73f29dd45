namespace Baton.Crypto.OpenSsl;

/// <summary>An AEAD by OpenSSL's EVP, a context a direction, both keyed once.</summary>
public sealed class EvpAead : Aead
{
    private static readonly nint Gcm128 = LibCrypto.EVP_CIPHER_fetch(0, "AES-128-GCM", 0);
    private static readonly nint Gcm256 = LibCrypto.EVP_CIPHER_fetch(0, "AES-256-GCM", 0);
    private static readonly nint ChaCha = LibCrypto.EVP_CIPHER_fetch(0, "ChaCha20-Poly1305", 0);

    private readonly CipherContext? _seal;
    private readonly CipherContext? _open;

    /// <param name="use">Most SAs go one way only: a context that is not asked for is not made.</param>
    public EvpAead(AeadAlgorithm algorithm, ReadOnlySpan<byte> key, CipherUse use = CipherUse.Both)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyLength(algorithm));
        nint cipher = algorithm switch
        {
            AeadAlgorithm.Aes128Gcm => Gcm128,
            AeadAlgorithm.Aes256Gcm => Gcm256,
            _ => ChaCha,
        };
        if (use.HasFlag(CipherUse.Seal))
            _seal = new CipherContext(cipher, key, encrypt: true, NonceLength);
        if (use.HasFlag(CipherUse.Open))
            _open = new CipherContext(cipher, key, encrypt: false, NonceLength);
    }

    public override unsafe void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> text, Span<byte> tag)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, NonceLength);
        ArgumentOutOfRangeException.ThrowIfNotEqual(tag.Length, TagLength);
        nint context = _seal!.Pointer;
        int written;
        fixed (byte* n = nonce, a = associated, t = text, m = tag)
        {
            LibCrypto.Check(LibCrypto.EVP_CipherInit_ex(context, 0, 0, null, n, -1));
            if (associated.Length > 0)
                LibCrypto.Check(LibCrypto.EVP_CipherUpdate(context, null, &written, a, associated.Length));
            if (text.Length > 0)
                LibCrypto.Check(LibCrypto.EVP_CipherUpdate(context, t, &written, t, text.Length));
            LibCrypto.Check(LibCrypto.EVP_CipherFinal_ex(context, t, &written));
            LibCrypto.Check(LibCrypto.EVP_CIPHER_CTX_ctrl(context, LibCrypto.GetTag, TagLength, m));
        }
    }

    public override unsafe bool Open(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> text, ReadOnlySpan<byte> tag)
    {
        if (nonce.Length != NonceLength || tag.Length != TagLength)
            return false;
        nint context = _open!.Pointer;
        int written;
        fixed (byte* n = nonce, a = associated, t = text, m = tag)
        {
            LibCrypto.Check(LibCrypto.EVP_CipherInit_ex(context, 0, 0, null, n, -1));
            if (associated.Length > 0)
                LibCrypto.Check(LibCrypto.EVP_CipherUpdate(context, null, &written, a, associated.Length));
            if (text.Length > 0)
                LibCrypto.Check(LibCrypto.EVP_CipherUpdate(context, t, &written, t, text.Length));
            LibCrypto.Check(LibCrypto.EVP_CIPHER_CTX_ctrl(context, LibCrypto.SetTag, TagLength, m));
            byte* end = stackalloc byte[16];
            return LibCrypto.EVP_CipherFinal_ex(context, end, &written) == 1;
        }
    }

    protected override void Dispose(bool disposing)
    {
        _seal?.Dispose();
        _open?.Dispose();
    }
}

/// <summary>Which way a key is used.</summary>
[Flags]
public enum CipherUse
{
    Seal = 1,
    Open = 2,
    Both = Seal | Open,
}
