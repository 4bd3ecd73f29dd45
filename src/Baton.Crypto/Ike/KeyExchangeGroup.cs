namespace Baton.Crypto.Ike;

/// <summary>Key exchange groups that we do, with their numbers in the registry ("Transform Type 4"). Weaker ones are refused (RFC 8247 2.4).</summary>
public enum KeyExchangeGroup : ushort
{
    /// <summary>2048-bit MODP Group (RFC 3526 3).</summary>
    Modp2048 = 14,

    /// <summary>3072-bit MODP Group (RFC 3526 4).</summary>
    Modp3072 = 15,

    /// <summary>256-bit random ECP group (RFC 5903 3.1).</summary>
    Ecp256 = 19,

    /// <summary>384-bit random ECP group (RFC 5903 3.2).</summary>
    Ecp384 = 20,

    /// <summary>521-bit random ECP group (RFC 5903 3.3).</summary>
    Ecp521 = 21,

    /// <summary>Curve25519 (RFC 8031).</summary>
    Curve25519 = 31,
}

public static class KeyExchangeGroups
{
    /// <summary>Is this number of the registry one that we do?</summary>
    public static bool IsSupported(ushort number) => PublicValueLength((KeyExchangeGroup)number) > 0;

    /// <summary>Bytes of the Key Exchange Data; 0 for a group that we do not do.</summary>
    public static int PublicValueLength(KeyExchangeGroup group) => group switch
    {
        KeyExchangeGroup.Modp2048 => 256,
        KeyExchangeGroup.Modp3072 => 384,
        KeyExchangeGroup.Ecp256 => 64,
        KeyExchangeGroup.Ecp384 => 96,
        KeyExchangeGroup.Ecp521 => 132,
        KeyExchangeGroup.Curve25519 => 32,
        _ => 0,
    };

    /// <summary>Bytes of the shared secret: g^ir filled to the modulus' length (RFC 7296 2.14), or the x coordinate alone (RFC 5903 7).</summary>
    public static int SharedSecretLength(KeyExchangeGroup group) => group switch
    {
        KeyExchangeGroup.Ecp256 or KeyExchangeGroup.Ecp384 or KeyExchangeGroup.Ecp521 => PublicValueLength(group) / 2,
        _ => PublicValueLength(group),
    };
}
