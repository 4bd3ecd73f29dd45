namespace Baton.Crypto.OpenSsl;

/// <summary>AES-CBC without padding of its own (RFC 3602: ESP pads), in place.</summary>
public sealed class EvpCbc : IDisposable
{
    public const int BlockLength = 16;

    private static readonly nint Cbc128 = LibCrypto.EVP_CIPHER_fetch(0, "AES-128-CBC", 0);
    private static readonly nint Cbc256 = LibCrypto.EVP_CIPHER_fetch(0, "AES-256-CBC", 0);

    private readonly CipherContext _context;

    /// <param name="key">16 or 32 bytes.</param>
    public EvpCbc(ReadOnlySpan<byte> key, bool encrypt)
    {
        if (key.Length is not (16 or 32))
            throw new ArgumentOutOfRangeException(nameof(key), key.Length, "AES-CBC here takes 16 or 32 bytes of key.");
        _context = new CipherContext(key.Length == 16 ? Cbc128 : Cbc256, key, encrypt, 0);
        LibCrypto.Check(LibCrypto.EVP_CIPHER_CTX_set_padding(_context.Pointer, 0));
    }

    /// <param name="text">A whole number of blocks.</param>
    public unsafe void Apply(ReadOnlySpan<byte> iv, Span<byte> text)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(iv.Length, BlockLength);
        ArgumentOutOfRangeException.ThrowIfNotEqual(text.Length % BlockLength, 0);
        int written;
        fixed (byte* i = iv, t = text)
        {
            LibCrypto.Check(LibCrypto.EVP_CipherInit_ex(_context.Pointer, 0, 0, null, i, -1));
            // An init resets the padding flag in no version we know, but the call is free and the risk is not.
            LibCrypto.Check(LibCrypto.EVP_CIPHER_CTX_set_padding(_context.Pointer, 0));
            LibCrypto.Check(LibCrypto.EVP_CipherUpdate(_context.Pointer, t, &written, t, text.Length));
        }
    }

    public void Dispose() => _context.Dispose();
}
