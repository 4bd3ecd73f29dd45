using System.Runtime.InteropServices;

namespace Baton.Crypto.OpenSsl;

/// <summary>What a key exchange needs of libcrypto: big numbers, points of curves, X25519. None of these calls is deprecated in version 3.</summary>
/// <remarks>man 3 BN_new, BN_mod_exp_mont_consttime, EC_POINT_new, EVP_PKEY_new_raw_private_key, EVP_PKEY_derive.</remarks>
internal static unsafe partial class LibCrypto
{
    internal const int CurveP256 = 415;
    internal const int CurveP384 = 715;
    internal const int CurveP521 = 716;
    internal const int X25519 = 1034;

    /// <summary>BN_FLG_CONSTTIME: the exponent is a secret.</summary>
    internal const int ConstantTime = 0x04;

    private const int Uncompressed = 4;

    [LibraryImport(Library)]
    internal static partial nint BN_CTX_new();

    [LibraryImport(Library)]
    internal static partial void BN_CTX_free(nint context);

    [LibraryImport(Library)]
    internal static partial nint BN_bin2bn(byte* bytes, int length, nint number);

    /// <remarks>Writes exactly <paramref name="length"/> bytes, padded in front; -1 where the number is longer.</remarks>
    [LibraryImport(Library)]
    internal static partial int BN_bn2binpad(nint number, byte* bytes, int length);

    [LibraryImport(Library)]
    internal static partial nint BN_new();

    [LibraryImport(Library)]
    internal static partial void BN_clear_free(nint number);

    [LibraryImport(Library)]
    internal static partial void BN_set_flags(nint number, int flags);

    [LibraryImport(Library)]
    internal static partial int BN_cmp(nint left, nint right);

    [LibraryImport(Library)]
    internal static partial int BN_is_one(nint number);

    [LibraryImport(Library)]
    internal static partial int BN_is_zero(nint number);

    [LibraryImport(Library)]
    internal static partial int BN_sub_word(nint number, ulong word);

    [LibraryImport(Library)]
    internal static partial nint BN_dup(nint number);

    /// <remarks>The prime of RFC 3526 section 3. With 0 the library allocates.</remarks>
    [LibraryImport(Library)]
    internal static partial nint BN_get_rfc3526_prime_2048(nint number);

    [LibraryImport(Library)]
    internal static partial nint BN_get_rfc3526_prime_3072(nint number);

    [LibraryImport(Library)]
    internal static partial nint BN_MONT_CTX_new();

    [LibraryImport(Library)]
    internal static partial int BN_MONT_CTX_set(nint montgomery, nint modulus, nint context);

    [LibraryImport(Library)]
    internal static partial int BN_mod_exp_mont_consttime(nint result, nint @base, nint exponent, nint modulus, nint context, nint montgomery);

    [LibraryImport(Library)]
    internal static partial nint EC_GROUP_new_by_curve_name(int curve);

    [LibraryImport(Library)]
    internal static partial nint EC_POINT_new(nint group);

    [LibraryImport(Library)]
    internal static partial void EC_POINT_clear_free(nint point);

    /// <remarks>generator*n + q*m; either pair may be 0. With exactly one pair the library's ladder takes constant time.</remarks>
    [LibraryImport(Library)]
    internal static partial int EC_POINT_mul(nint group, nint result, nint n, nint q, nint m, nint context);

    [LibraryImport(Library)]
    private static partial nuint EC_POINT_point2oct(nint group, nint point, int form, byte* bytes, nuint length, nint context);

    /// <remarks>Refuses coordinates that are not below the field's prime and points that are not on the curve.</remarks>
    [LibraryImport(Library)]
    internal static partial int EC_POINT_oct2point(nint group, nint point, byte* bytes, nuint length, nint context);

    [LibraryImport(Library)]
    internal static partial int EC_POINT_is_at_infinity(nint group, nint point);

    [LibraryImport(Library)]
    internal static partial nint EVP_PKEY_new_raw_private_key(int type, nint engine, byte* key, nuint length);

    [LibraryImport(Library)]
    internal static partial nint EVP_PKEY_new_raw_public_key(int type, nint engine, byte* key, nuint length);

    [LibraryImport(Library)]
    internal static partial int EVP_PKEY_get_raw_public_key(nint key, byte* bytes, nuint* length);

    [LibraryImport(Library)]
    internal static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Library)]
    internal static partial nint EVP_PKEY_CTX_new(nint key, nint engine);

    [LibraryImport(Library)]
    internal static partial void EVP_PKEY_CTX_free(nint context);

    [LibraryImport(Library)]
    internal static partial int EVP_PKEY_derive_init(nint context);

    [LibraryImport(Library)]
    internal static partial int EVP_PKEY_derive_set_peer(nint context, nint peer);

    [LibraryImport(Library)]
    internal static partial int EVP_PKEY_derive(nint context, byte* secret, nuint* length);

    /// <remarks>man 3 EVP_MD_fetch: a fetched hash spares the implicit fetch of each init.</remarks>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint EVP_MD_fetch(nint libraryContext, string algorithm, nint properties);

    /// <summary>The library queues an error per refusal; nobody else reads the queue, so what the network caused is taken out again.</summary>
    [LibraryImport(Library)]
    internal static partial void ERR_clear_error();

    internal static void PointToBytes(nint group, nint point, Span<byte> bytes, nint context)
    {
        fixed (byte* b = bytes)
            Check(EC_POINT_point2oct(group, point, Uncompressed, b, (nuint)bytes.Length, context) == (nuint)bytes.Length ? 1 : 0);
    }

    /// <summary>A pointer that only lack of memory makes null.</summary>
    internal static nint NotNull(nint pointer) =>
        pointer != 0 ? pointer : throw new InvalidOperationException("OpenSSL refused an allocation.");
}
