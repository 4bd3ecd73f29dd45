namespace Baton.Crypto;

/// <summary>The AEADs of ESP and of our own frames. The nonce is 12 bytes, the tag 16.</summary>
public enum AeadAlgorithm
{
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
}

/// <summary>One AEAD under one key, in place and without allocation. Not thread-safe: one owner.</summary>
public abstract class Aead : IDisposable
{
    public const int NonceLength = 12;
    public const int TagLength = 16;

    /// <summary>Bytes of key an algorithm takes.</summary>
    public static int KeyLength(AeadAlgorithm algorithm) => algorithm == AeadAlgorithm.Aes128Gcm ? 16 : 32;

    /// <summary>Encrypts <paramref name="text"/> in place and writes the tag.</summary>
    public abstract void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> text, Span<byte> tag);

    /// <summary>Decrypts in place. False for a forgery; what then stands in <paramref name="text"/> must not be used.</summary>
    public abstract bool Open(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> text, ReadOnlySpan<byte> tag);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
