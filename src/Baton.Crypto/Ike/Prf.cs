using System.Security.Cryptography;
using Baton.Crypto.OpenSsl;

namespace Baton.Crypto.Ike;

/// <summary>Pseudorandom functions that we do ("Transform Type 2"; RFC 4868). HMAC-SHA1 and older are refused (RFC 8247 2.2).</summary>
public enum PrfAlgorithm : ushort
{
    /// <summary>PRF_HMAC_SHA2_256</summary>
    HmacSha256 = 5,

    /// <summary>PRF_HMAC_SHA2_384</summary>
    HmacSha384 = 6,

    /// <summary>PRF_HMAC_SHA2_512</summary>
    HmacSha512 = 7,
}

/// <summary>prf and prf+ (RFC 7296 2.13). Thread-safe.</summary>
public static class Prf
{
    public static bool IsSupported(ushort number) => (PrfAlgorithm)number is PrfAlgorithm.HmacSha256 or PrfAlgorithm.HmacSha384 or PrfAlgorithm.HmacSha512;

    /// <summary>Bytes of output, which is the preferred key length too (RFC 4868 2.1.2): the length of SK_d, SK_pi, SK_pr.</summary>
    public static int Length(PrfAlgorithm algorithm) => Hmac.LengthOf(Hash(algorithm));

    /// <param name="destination">Takes <see cref="Length"/> bytes, or the first of them.</param>
    public static void Compute(PrfAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination) =>
        Compute(algorithm, key, data, [], [], destination);

    /// <summary>prf(key, a | b)</summary>
    public static void Compute(PrfAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Span<byte> destination) =>
        Compute(algorithm, key, a, b, [], destination);

    /// <summary>prf(key, a | b | c)</summary>
    public static void Compute(
        PrfAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c, Span<byte> destination)
    {
        using var hmac = new Hmac(Hash(algorithm), key);
        hmac.Append(a).Append(b).Append(c).Finish(destination);
    }

    /// <summary>prf+ (key, seed) = T1 | T2 | ..., T1 = prf(key, seed | 1), Tn = prf(key, Tn-1 | seed | n); fills the destination.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than 255 times the prf's output, where the counter octet would end.</exception>
    public static void Plus(PrfAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> seed, Span<byte> destination)
    {
        int length = Length(algorithm);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, 255 * length, nameof(destination));
        using var hmac = new Hmac(Hash(algorithm), key);
        Span<byte> block = stackalloc byte[length];
        for (int n = 1, at = 0; at < destination.Length; n++, at += length)
        {
            if (n > 1)
                hmac.Append(block);
            hmac.Append(seed).Append([(byte)n]).Finish(block);
            block[..Math.Min(length, destination.Length - at)].CopyTo(destination[at..]);
        }

        CryptographicOperations.ZeroMemory(block);
    }

    private static HmacHash Hash(PrfAlgorithm algorithm) => algorithm switch
    {
        PrfAlgorithm.HmacSha256 => HmacHash.Sha256,
        PrfAlgorithm.HmacSha384 => HmacHash.Sha384,
        PrfAlgorithm.HmacSha512 => HmacHash.Sha512,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "Not one of our PRFs."),
    };
}
