using System.Security.Cryptography;

namespace Baton.Crypto.OpenSsl;

/// <summary>HMAC-SHA-256 under one key (RFC 2104, 4868), reused a packet.</summary>
public sealed class HmacSha256 : IDisposable
{
    public const int Length = 32;

    private readonly HmacContext _context;

    public HmacSha256(ReadOnlySpan<byte> key) => _context = new HmacContext(key);

    /// <summary>The MAC of two parts in a row; <paramref name="mac"/> takes 32 bytes, or the first of them.</summary>
    public unsafe void Compute(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> mac)
    {
        byte* whole = stackalloc byte[Length];
        uint length;
        fixed (byte* a = first, b = second)
        {
            LibCrypto.Check(LibCrypto.HMAC_Init_ex(_context.Pointer, null, 0, 0, 0));
            LibCrypto.Check(LibCrypto.HMAC_Update(_context.Pointer, a, (nuint)first.Length));
            if (second.Length > 0)
                LibCrypto.Check(LibCrypto.HMAC_Update(_context.Pointer, b, (nuint)second.Length));
            LibCrypto.Check(LibCrypto.HMAC_Final(_context.Pointer, whole, &length));
        }

        new ReadOnlySpan<byte>(whole, Math.Min(Length, mac.Length)).CopyTo(mac);
    }

    /// <summary>Compares in fixed time with the first <paramref name="expected"/>.Length bytes of the MAC.</summary>
    public bool Verify(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> expected)
    {
        Span<byte> mac = stackalloc byte[Length];
        Compute(first, second, mac);
        return CryptographicOperations.FixedTimeEquals(mac[..expected.Length], expected);
    }

    public void Dispose() => _context.Dispose();
}
