namespace Baton.Srtp;

/// <summary>The SRTP crypto suites that we speak. Names in SDP: <see cref="SrtpSuites.SdesName"/>.</summary>
public enum SrtpSuite : byte
{
    /// <summary>AES_CM_128_HMAC_SHA1_80 (RFC 4568 6.2.1), which everybody has.</summary>
    AesCm128Tag80 = 1,

    /// <summary>AES_CM_128_HMAC_SHA1_32 (RFC 4568 6.2.2): 32 bits of tag on RTP, 80 on RTCP.</summary>
    AesCm128Tag32 = 2,

    /// <summary>AES_256_CM_HMAC_SHA1_80 (RFC 6188).</summary>
    AesCm256Tag80 = 3,

    /// <summary>AES_256_CM_HMAC_SHA1_32 (RFC 6188).</summary>
    AesCm256Tag32 = 4,

    /// <summary>AEAD_AES_128_GCM (RFC 7714).</summary>
    AesGcm128 = 5,

    /// <summary>AEAD_AES_256_GCM (RFC 7714).</summary>
    AesGcm256 = 6,
}

/// <summary>The sizes a suite gives keys and packets.</summary>
public static class SrtpSuites
{
    /// <summary>The longest tag, and the word of an SRTCP packet: room for these behind a packet is always enough.</summary>
    public const int MostOverhead = 20;

    /// <summary>HMAC-SHA1's key (RFC 3711 5.2: 160 bits).</summary>
    internal const int MacKeyLength = 20;

    public static bool IsAead(this SrtpSuite suite) => suite >= SrtpSuite.AesGcm128;

    /// <summary>Bytes of master key, and of session key.</summary>
    public static int KeyLength(this SrtpSuite suite) =>
        suite is SrtpSuite.AesCm128Tag80 or SrtpSuite.AesCm128Tag32 or SrtpSuite.AesGcm128 ? 16 : 32;

    /// <summary>Bytes of master salt, and of session salt: 112 bits, or 96 with GCM (RFC 7714 12).</summary>
    public static int SaltLength(this SrtpSuite suite) => suite.IsAead() ? 12 : 14;

    /// <summary>Bytes of tag behind an RTP packet.</summary>
    public static int RtpTagLength(this SrtpSuite suite) => suite switch
    {
        SrtpSuite.AesGcm128 or SrtpSuite.AesGcm256 => 16,
        SrtpSuite.AesCm128Tag32 or SrtpSuite.AesCm256Tag32 => 4,
        _ => 10,
    };

    /// <summary>Bytes of tag of an RTCP packet: never the short one (RFC 4568 6.2.2).</summary>
    public static int RtcpTagLength(this SrtpSuite suite) => suite.IsAead() ? 16 : 10;

    /// <summary>The registry's spelling.</summary>
    public static string SdesName(this SrtpSuite suite) => suite switch
    {
        SrtpSuite.AesCm128Tag80 => "AES_CM_128_HMAC_SHA1_80",
        SrtpSuite.AesCm128Tag32 => "AES_CM_128_HMAC_SHA1_32",
        SrtpSuite.AesCm256Tag80 => "AES_256_CM_HMAC_SHA1_80",
        SrtpSuite.AesCm256Tag32 => "AES_256_CM_HMAC_SHA1_32",
        SrtpSuite.AesGcm128 => "AEAD_AES_128_GCM",
        _ => "AEAD_AES_256_GCM",
    };
}
