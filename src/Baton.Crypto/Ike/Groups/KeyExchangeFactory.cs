using System.Security.Cryptography;

namespace Baton.Crypto.Ike.Groups;

/// <summary>Key exchanges by OpenSSL. Thread-safe where its source of randomness is.</summary>
/// <remarks>Private values are drawn from the given source and nowhere else, so that a seed repeats a whole run with the real groups.</remarks>
public sealed class KeyExchangeFactory(IRandomSource random) : IKeyExchangeFactory
{
    public static KeyExchangeFactory System { get; } = new(SystemRandomSource.Instance);

    public KeyExchange Create(KeyExchangeGroup group)
    {
        Span<byte> value = stackalloc byte[PrivateLength(group)];
        do
        {
            random.Fill(value);
            Shape(group, value);
        }
        while (!IsPrivateValue(group, value));
        try
        {
            return Make(group, value);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(value);
        }
    }

    public KeyExchange Import(KeyExchangeGroup group, ReadOnlySpan<byte> privateValue)
    {
        if (privateValue.Length != PrivateLength(group) || !IsPrivateValue(group, privateValue))
            throw new ArgumentException($"Not a private value of {group}.", nameof(privateValue));
        return Make(group, privateValue);
    }

    /// <summary>Exponents of MODP are 256 and 320 bits: twice the strength of the group and more (RFC 3526 8), and four times faster than full ones.</summary>
    private static int PrivateLength(KeyExchangeGroup group) => group switch
    {
        KeyExchangeGroup.Modp2048 => 32,
        KeyExchangeGroup.Modp3072 => 40,
        KeyExchangeGroup.Ecp256 => 32,
        KeyExchangeGroup.Ecp384 => 48,
        KeyExchangeGroup.Ecp521 => 66,
        KeyExchangeGroup.Curve25519 => 32,
        _ => throw new ArgumentOutOfRangeException(nameof(group), group, "Not one of our groups."),
    };

    private static void Shape(KeyExchangeGroup group, Span<byte> value)
    {
        if (group == KeyExchangeGroup.Ecp521)
            value[0] &= 1;                                          // 521 bits in 66 bytes
        if (group is KeyExchangeGroup.Modp2048 or KeyExchangeGroup.Modp3072)
            value[0] |= 0x80;                                       // one length for all, and never 0 or 1
    }

    /// <summary>Curves want 1 to n-1 (FIPS 186-4 B.4.2: draw again). Curve25519 takes any 32 bytes (RFC 7748 5 sets the bits it needs).</summary>
    private static bool IsPrivateValue(KeyExchangeGroup group, ReadOnlySpan<byte> value) => group switch
    {
        KeyExchangeGroup.Modp2048 or KeyExchangeGroup.Modp3072 => value[0] >= 0x80,
        KeyExchangeGroup.Curve25519 => true,
        _ => value.ContainsAnyExcept((byte)0) && value.SequenceCompareTo(EcpKeyExchange.Order(group)) < 0,
    };

    private static KeyExchange Make(KeyExchangeGroup group, ReadOnlySpan<byte> privateValue) => group switch
    {
        KeyExchangeGroup.Modp2048 or KeyExchangeGroup.Modp3072 => new ModpKeyExchange(group, privateValue),
        KeyExchangeGroup.Curve25519 => new Curve25519KeyExchange(privateValue),
        _ => new EcpKeyExchange(group, privateValue),
    };
}
