using System.Security.Cryptography;

namespace Baton.Crypto;

/// <summary>Tells whether two members hold the same key without telling the key: the first 8 bytes of HMAC-SHA-256(key, label).</summary>
public static class KeyCheckValue
{
    private static ReadOnlySpan<byte> Label => "baton key check value"u8;

    public static ulong Of(ReadOnlySpan<byte> key)
    {
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(key, Label, mac);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(mac);
    }
}
