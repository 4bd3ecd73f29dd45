namespace Baton.Esp;

/// <summary>The ESP transforms that we speak, all with an ICV of 16 bytes.</summary>
public enum EspSuite : byte
{
    /// <summary>RFC 4106, 128-bit key, 4 bytes of salt.</summary>
    AesGcm128 = 1,

    /// <summary>RFC 4106, 256-bit key, 4 bytes of salt.</summary>
    AesGcm256 = 2,

    /// <summary>RFC 7634, 256-bit key, 4 bytes of salt.</summary>
    ChaCha20Poly1305 = 3,

    /// <summary>RFC 3602 with a 128-bit key, HMAC-SHA2-256-128 (RFC 4868).</summary>
    AesCbc128Sha256 = 4,

    /// <summary>RFC 3602 with a 256-bit key, HMAC-SHA2-256-128 (RFC 4868).</summary>
    AesCbc256Sha256 = 5,
}

/// <summary>The sizes a suite gives its packets.</summary>
public static class EspSuites
{
    /// <summary>SPI and the low half of the sequence number (RFC 4303 2).</summary>
    public const int HeaderLength = 8;

    public const int IcvLength = 16;

    /// <summary>Header and IV of an AEAD.</summary>
    internal const int AeadPayloadOffset = HeaderLength + 8;

    public static bool IsAead(this EspSuite suite) => suite <= EspSuite.ChaCha20Poly1305;

    public static int IvLength(this EspSuite suite) => suite.IsAead() ? 8 : 16;

    /// <summary>Where the payload stands in a packet: behind header and IV.</summary>
    public static int PayloadOffset(this EspSuite suite) => HeaderLength + suite.IvLength();

    /// <summary>The encrypted part is a multiple of this: 4 as RFC 4303 2.4 asks, or the cipher's block.</summary>
    public static int Alignment(this EspSuite suite) => suite.IsAead() ? 4 : 16;

    public static int CipherKeyLength(this EspSuite suite) =>
        suite is EspSuite.AesGcm128 or EspSuite.AesCbc128Sha256 ? 16 : 32;

    /// <summary>Salt of an AEAD, or the integrity key.</summary>
    public static int TailLength(this EspSuite suite) => suite.IsAead() ? 4 : 32;

    /// <summary>Bytes an ESP packet has for a payload of this length, without outer headers.</summary>
    public static int SealedLength(this EspSuite suite, int payloadLength)
    {
        int align = suite.Alignment();
        int text = (payloadLength + 2 + align - 1) & -align;
        return HeaderLength + suite.IvLength() + text + IcvLength;
    }
}
