namespace Baton.Crypto.OpenSsl;

/// <summary>AES in counter mode, in place: a key stream under one key, from any counter block on. Not thread-safe: one owner.</summary>
/// <remarks>Both directions are the same call. The caller answers for the counter blocks: none may ever be used twice.</remarks>
public sealed class EvpCtr : IDisposable
{
    public const int BlockLength = 16;

    private static readonly nint Ctr128 = LibCrypto.NotNull(LibCrypto.EVP_CIPHER_fetch(0, "AES-128-CTR", 0));
    private static readonly nint Ctr256 = LibCrypto.NotNull(LibCrypto.EVP_CIPHER_fetch(0, "AES-256-CTR", 0));

    private readonly CipherContext _context;

    /// <param name="key">16 or 32 bytes.</param>
    public EvpCtr(ReadOnlySpan<byte> key)
    {
        if (key.Length is not (16 or 32))
            throw new ArgumentOutOfRangeException(nameof(key), key.Length, "AES-CTR here takes 16 or 32 bytes of key.");
        _context = new CipherContext(key.Length == 16 ? Ctr128 : Ctr256, key, encrypt: true, 0);
    }

    /// <param name="counter">The first counter block; it counts up as one number of 128 bits.</param>
    public unsafe void Apply(ReadOnlySpan<byte> counter, Span<byte> text)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(counter.Length, BlockLength);
        int written;
        fixed (byte* c = counter, t = text)
        {
            LibCrypto.Check(LibCrypto.EVP_CipherInit_ex(_context.Pointer, 0, 0, null, c, -1));
            if (text.Length > 0)
                LibCrypto.Check(LibCrypto.EVP_CipherUpdate(_context.Pointer, t, &written, t, text.Length));
        }
    }

    public void Dispose() => _context.Dispose();
}
