using System.Buffers.Binary;
using System.Security.Cryptography;
using Baton.Crypto;

namespace Baton.Srtp;

/// <summary>Which of the two halves of a session: each has keys and an index of its own (RFC 3711 3.2).</summary>
public enum SrtpHalf : byte
{
    Rtp,
    Rtcp,
}

/// <summary>Master key and master salt of one direction, as SDES carries them (RFC 3711 3.2.1). Wiped on release, never printed.</summary>
public sealed class SrtpMasterKey : IDisposable
{
    private readonly SecretBytes _keyAndSalt;

    /// <param name="keyAndSalt"><see cref="LengthOf"/> bytes: the key, then the salt.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another length.</exception>
    public SrtpMasterKey(SrtpSuite suite, ReadOnlySpan<byte> keyAndSalt)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(keyAndSalt.Length, LengthOf(suite));
        (Suite, _keyAndSalt) = (suite, new SecretBytes(keyAndSalt));
    }

    public SrtpSuite Suite { get; }

    /// <summary>Key and salt in a row, for SDES and for the sealed part of a record. Valid until <see cref="Dispose"/>; do not keep it.</summary>
    public ReadOnlySpan<byte> KeyAndSalt => _keyAndSalt.Span;

    internal ReadOnlySpan<byte> Key => _keyAndSalt.Span[..Suite.KeyLength()];

    internal ReadOnlySpan<byte> Salt => _keyAndSalt.Span[Suite.KeyLength()..];

    public static int LengthOf(SrtpSuite suite) => suite.KeyLength() + suite.SaltLength();

    /// <summary>The key tag of one SA under this key (G2). Every source under a master key, and each half, has an index of its own: so each is an SA.</summary>
    public ulong TagOf(uint ssrc, SrtpHalf half)
    {
        Span<byte> named = stackalloc byte[KeyAndSalt.Length + 5];
        KeyAndSalt.CopyTo(named);
        BinaryPrimitives.WriteUInt32BigEndian(named[^5..], ssrc);
        named[^1] = (byte)half;
        ulong tag = KeyCheckValue.Of(named);
        CryptographicOperations.ZeroMemory(named);
        return tag;
    }

    /// <summary>The same suite, key and salt, compared in fixed time.</summary>
    public bool SameAs(SrtpMasterKey other) => Suite == other.Suite && _keyAndSalt.FixedTimeEquals(other.KeyAndSalt);

    public override string ToString() => $"{Suite} (secret)";

    public void Dispose() => _keyAndSalt.Dispose();
}
