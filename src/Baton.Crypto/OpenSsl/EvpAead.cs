namespace Baton.Crypto.OpenSsl;

/// <summary>An AEAD by OpenSSL's EVP, a context a direction, both keyed once.</summary>
public sealed unsafe class EvpAead : Aead
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

    public override void Seal(byte* nonce, byte* associated, int associatedLength, byte* text, int textLength, byte* tag)
    {
        ObjectDisposedException.ThrowIf(_seal!.IsClosed, this);
        nint context = _seal.Pointer;
        int written;
        byte* end = stackalloc byte[16];
        Run(context, nonce, associated, associatedLength, text, textLength);
        LibCrypto.Check(LibCrypto.EVP_CipherFinal_ex(context, end, &written));
        LibCrypto.Check(LibCrypto.EVP_CIPHER_CTX_ctrl(context, LibCrypto.GetTag, TagLength, tag));
        GC.KeepAlive(this);
    }

    public override bool Open(byte* nonce, byte* associated, int associatedLength, byte* text, int textLength, byte* tag)
    {
        ObjectDisposedException.ThrowIf(_open!.IsClosed, this);
        nint context = _open.Pointer;
        int written;
        byte* end = stackalloc byte[16];
        Run(context, nonce, associated, associatedLength, text, textLength);
        LibCrypto.Check(LibCrypto.EVP_CIPHER_CTX_ctrl(context, LibCrypto.SetTag, TagLength, tag));
        bool held = LibCrypto.EVP_CipherFinal_ex(context, end, &written) == 1;
        GC.KeepAlive(this);
        return held;
    }

    /// <summary>All but the tag, in place; the context knows the direction.</summary>
    private static void Run(nint context, byte* nonce, byte* associated, int associatedLength, byte* text, int textLength)
    {
        int written;
        LibCrypto.Check(LibCrypto.EVP_CipherInit_ex(context, 0, 0, null, nonce, -1));
        if (associatedLength > 0)
            LibCrypto.Check(LibCrypto.EVP_CipherUpdate(context, null, &written, associated, associatedLength));
        if (textLength > 0)
            LibCrypto.Check(LibCrypto.EVP_CipherUpdate(context, text, &written, text, textLength));
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
