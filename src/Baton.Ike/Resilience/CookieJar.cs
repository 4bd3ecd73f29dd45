using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using Baton.Crypto.Ike;
using Baton.Wire;

namespace Baton.Ike.Resilience;

/// <summary>Stateless cookies (RFC 7296 section 2.6): Cookie = version | HMAC(secret, Ni | IPi | SPIi). A stranger must be where it says it is.</summary>
/// <remarks>A successor has secrets of its own: a cookie of before the takeover is answered with a new one.</remarks>
internal sealed class CookieJar(IRandomSource random, TimeSpan secretLife)
{
    private const int Length = 1 + 16;

    private byte[] _secret = [];
    private byte[] _previous = [];
    private byte _version;
    private Instant _renewAt = new(long.MinValue);

    public byte[] Make(ReadOnlySpan<byte> nonce, IPAddress from, ulong spi, Instant now)
    {
        Renew(now);
        return Compute(_version, _secret, nonce, from, spi);
    }

    public bool IsGood(ReadOnlySpan<byte> cookie, ReadOnlySpan<byte> nonce, IPAddress from, ulong spi, Instant now)
    {
        Renew(now);
        if (cookie.Length != Length) return false;
        if (cookie[0] == _version) return CryptographicOperations.FixedTimeEquals(cookie, Compute(_version, _secret, nonce, from, spi));
        return _previous.Length > 0 && cookie[0] == (byte)(_version - 1)
            && CryptographicOperations.FixedTimeEquals(cookie, Compute((byte)(_version - 1), _previous, nonce, from, spi));
    }

    private void Renew(Instant now)
    {
        if (now < _renewAt) return;
        _previous = _renewAt.Nanoseconds == long.MinValue || now > _renewAt + secretLife ? [] : _secret;
        _secret = new byte[32];
        random.Fill(_secret);
        _version++;
        _renewAt = now + secretLife;
    }

    private static byte[] Compute(byte version, byte[] secret, ReadOnlySpan<byte> nonce, IPAddress from, ulong spi)
    {
        byte[] address = from.MapToIPv6().GetAddressBytes();       // one length: else the nonce of a stranger could pass for a part of another's address
        byte[] input = new byte[nonce.Length + address.Length + 8];
        nonce.CopyTo(input);
        address.CopyTo(input.AsSpan(nonce.Length));
        BinaryPrimitives.WriteUInt64BigEndian(input.AsSpan(nonce.Length + address.Length), spi);
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(secret, input, mac);
        byte[] cookie = new byte[Length];
        cookie[0] = version;
        mac[..(Length - 1)].CopyTo(cookie.AsSpan(1));
        return cookie;
    }
}
