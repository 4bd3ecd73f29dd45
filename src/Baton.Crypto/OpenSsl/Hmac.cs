using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Baton.Crypto.OpenSsl;

/// <summary>The hash under an <see cref="Hmac"/>.</summary>
public enum HmacHash
{
    Sha256,
    Sha384,
    Sha512,

    /// <summary>SRTP's only hash (RFC 3711 4.2.1): for that, and for nothing that can choose.</summary>
    Sha1,
}

/// <summary>HMAC (RFC 2104) with SHA-2 or SHA-1 under one key, fed in parts, used again and again. Not thread-safe: one owner.</summary>
public sealed class Hmac : SafeHandle
{
    /// <summary>The longest MAC.</summary>
    public const int MaximumLength = 64;

    private static readonly nint Sha1 = LibCrypto.NotNull(LibCrypto.EVP_MD_fetch(0, "SHA1", 0));
    private static readonly nint Sha256 = LibCrypto.NotNull(LibCrypto.EVP_MD_fetch(0, "SHA256", 0));
    private static readonly nint Sha384 = LibCrypto.NotNull(LibCrypto.EVP_MD_fetch(0, "SHA384", 0));
    private static readonly nint Sha512 = LibCrypto.NotNull(LibCrypto.EVP_MD_fetch(0, "SHA512", 0));

    public unsafe Hmac(HmacHash hash, ReadOnlySpan<byte> key)
        : base(0, ownsHandle: true)
    {
        Length = LengthOf(hash);
        SetHandle(LibCrypto.NotNull(LibCrypto.HMAC_CTX_new()));
        byte none = 0;                                  // a null key would mean "the one that is set"
        fixed (byte* k = key)
            LibCrypto.Check(LibCrypto.HMAC_Init_ex(handle, k is null ? &none : k, key.Length, Digest(hash), 0));
    }

    /// <summary>Bytes of the whole MAC.</summary>
    public int Length { get; }

    public override bool IsInvalid => handle == 0;

    public static int LengthOf(HmacHash hash) => hash switch { HmacHash.Sha1 => 20, HmacHash.Sha256 => 32, HmacHash.Sha384 => 48, _ => 64 };

    public unsafe Hmac Append(ReadOnlySpan<byte> part)
    {
        fixed (byte* p = part)
        {
            if (part.Length > 0)
                LibCrypto.Check(LibCrypto.HMAC_Update(handle, p, (nuint)part.Length));
        }

        return this;
    }

    /// <summary>Writes the MAC, or as many of its first bytes as <paramref name="mac"/> takes, and starts anew under the same key.</summary>
    public unsafe void Finish(Span<byte> mac)
    {
        Span<byte> whole = stackalloc byte[MaximumLength];
        uint length;
        fixed (byte* w = whole)
        {
            LibCrypto.Check(LibCrypto.HMAC_Final(handle, w, &length));
            LibCrypto.Check(LibCrypto.HMAC_Init_ex(handle, null, 0, 0, 0));
        }

        whole[..Math.Min(Length, mac.Length)].CopyTo(mac);
        CryptographicOperations.ZeroMemory(whole);
    }

    /// <summary>Ends as <see cref="Finish"/> does, and compares in fixed time with the first bytes of the MAC.</summary>
    public bool Verify(ReadOnlySpan<byte> expected)
    {
        Span<byte> mac = stackalloc byte[MaximumLength];
        Finish(mac);
        return CryptographicOperations.FixedTimeEquals(mac[..expected.Length], expected);
    }

    protected override bool ReleaseHandle()
    {
        LibCrypto.HMAC_CTX_free(handle);
        return true;
    }

    private static nint Digest(HmacHash hash) => hash switch { HmacHash.Sha1 => Sha1, HmacHash.Sha256 => Sha256, HmacHash.Sha384 => Sha384, _ => Sha512 };
}
