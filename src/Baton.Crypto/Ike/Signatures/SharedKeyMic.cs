using System.Security.Cryptography;

namespace Baton.Crypto.Ike.Signatures;

/// <summary>Shared Key Message Integrity Code (RFC 7296 2.15): AUTH = prf(prf(secret, "Key Pad for IKEv2"), octets). Thread-safe.</summary>
public static class SharedKeyMic
{
    private static ReadOnlySpan<byte> KeyPad => "Key Pad for IKEv2"u8;

    /// <param name="octets">InitiatorSignedOctets or ResponderSignedOctets.</param>
    /// <returns>As many bytes as the PRF puts out.</returns>
    public static byte[] Compute(PrfAlgorithm algorithm, ReadOnlySpan<byte> sharedSecret, ReadOnlySpan<byte> octets)
    {
        var mac = new byte[Prf.Length(algorithm)];
        Span<byte> key = stackalloc byte[mac.Length];
        Prf.Compute(algorithm, sharedSecret, KeyPad, key);
        Prf.Compute(algorithm, key, octets, mac);
        CryptographicOperations.ZeroMemory(key);
        return mac;
    }

    /// <summary>Compares in fixed time.</summary>
    public static bool Verify(PrfAlgorithm algorithm, ReadOnlySpan<byte> sharedSecret, ReadOnlySpan<byte> octets, ReadOnlySpan<byte> mac) =>
        CryptographicOperations.FixedTimeEquals(Compute(algorithm, sharedSecret, octets), mac);
}
