namespace Baton.Crypto;

/// <summary>The AEADs of ESP and of our own frames. The nonce is 12 bytes, the tag 16.</summary>
public enum AeadAlgorithm
{
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
}

/// <summary>One AEAD under one key, in place and without allocation. Not thread-safe: one owner.</summary>
/// <remarks>The calls with pointers are the data path's (bench/run-esp measures what they save): they check nothing, and the memory they are given
/// must not move. Everybody else takes the calls with spans.</remarks>
public abstract unsafe class Aead : IDisposable
{
    public const int NonceLength = 12;
    public const int TagLength = 16;

    /// <summary>Bytes of key an algorithm takes.</summary>
    public static int KeyLength(AeadAlgorithm algorithm) => algorithm == AeadAlgorithm.Aes128Gcm ? 16 : 32;

    /// <summary>What a packet of this length needs of the key is on its way to the caches; a wish, no more.</summary>
    public virtual void Fetch(int textLength)
    {
    }

    /// <summary>Encrypts <paramref name="text"/> in place and writes 16 bytes of tag.</summary>
    /// <param name="nonce">12 bytes.</param>
    /// <param name="associated">May be anything when its length is 0.</param>
    public abstract void Seal(byte* nonce, byte* associated, int associatedLength, byte* text, int textLength, byte* tag);

    /// <summary>Decrypts in place. False for a forgery; the text is then the ciphertext under the key stream: opening it once more with the same nonce
    /// gives the ciphertext back.</summary>
    public abstract bool Open(byte* nonce, byte* associated, int associatedLength, byte* text, int textLength, byte* tag);

    /// <summary>Encrypts <paramref name="text"/> in place and writes the tag.</summary>
    public void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> text, Span<byte> tag)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, NonceLength);
        ArgumentOutOfRangeException.ThrowIfNotEqual(tag.Length, TagLength);
        fixed (byte* n = nonce, a = associated, t = text, m = tag)
            Seal(n, a, associated.Length, t, text.Length, m);
    }

    /// <summary>Decrypts in place. False for a forgery; what then stands in <paramref name="text"/> must not be used.</summary>
    public bool Open(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> text, ReadOnlySpan<byte> tag)
    {
        if (nonce.Length != NonceLength || tag.Length != TagLength)
            return false;
        fixed (byte* n = nonce, a = associated, t = text, m = tag)
            return Open(n, a, associated.Length, t, text.Length, m);
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
