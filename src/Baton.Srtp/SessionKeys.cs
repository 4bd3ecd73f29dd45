using System.Buffers.Binary;
using System.Security.Cryptography;
using Baton.Crypto;
using Baton.Crypto.OpenSsl;

namespace Baton.Srtp;

/// <summary>The ciphers of one half of one direction, and how an index becomes an IV. Not thread-safe: the SA's owner's.</summary>
/// <remarks>
/// Key derivation (RFC 3711 4.3, RFC 6188 3, RFC 7714 11) with a rate of zero: once, at the start. Each key is key stream of AES-CM under the master key:
/// <code>
///   master salt        s s s s s s s s s s s s s s         (14 bytes; 12 and two zeros with GCM)
///   label || 0^48                    L 0 0 0 0 0 0
///   first counter      s s s s s s s ^ s s s s s s 0 0
/// </code>
/// IVs (RFC 3711 4.1.1, RFC 7714 8.1 and 9.1); the two differ by where they begin:
/// <code>
///            0   2   4       8           14  16
///   AES-CM   0 0 0 0 [ SSRC ][   index   ] 0 0      xor the session salt; the last two bytes count blocks
///   GCM          0 0 [ SSRC ][   index   ]          xor the session salt
/// </code>
/// So one number of an SA is one IV (P2), and SAs that share a key differ in their SSRC.
/// </remarks>
internal sealed class SessionKeys : IDisposable
{
    private readonly UInt128 _salt;
    private readonly int _shift;
    private readonly Aead? _aead;
    private readonly EvpCtr? _cipher;
    private readonly Hmac? _mac;

    internal SessionKeys(SrtpSuite suite, ReadOnlySpan<byte> key, ReadOnlySpan<byte> macKey, ReadOnlySpan<byte> salt, CipherUse use)
    {
        Span<byte> padded = stackalloc byte[16];
        padded.Clear();
        salt.CopyTo(padded);
        (Suite, _salt, _shift) = (suite, BinaryPrimitives.ReadUInt128BigEndian(padded), suite.IsAead() ? 16 : 0);
        if (suite.IsAead())
        {
            _aead = CipherProvider.Make(suite == SrtpSuite.AesGcm128 ? AeadAlgorithm.Aes128Gcm : AeadAlgorithm.Aes256Gcm, key, use);
        }
        else
        {
            _cipher = new EvpCtr(key);
            _mac = new Hmac(HmacHash.Sha1, macKey);
        }
    }

    internal SrtpSuite Suite { get; }

    /// <summary>Null for AES-CM with HMAC.</summary>
    internal Aead? Aead => _aead;

    internal static SessionKeys Derive(SrtpMasterKey master, SrtpHalf half, CipherUse use)
    {
        int first = half == SrtpHalf.Rtp ? 0 : 3;     // labels 0 to 2, 3 to 5 (RFC 3711 4.3.2)
        Span<byte> key = stackalloc byte[master.Suite.KeyLength()];
        Span<byte> macKey = stackalloc byte[SrtpSuites.MacKeyLength];
        Span<byte> salt = stackalloc byte[master.Suite.SaltLength()];
        using (var prf = new EvpCtr(master.Key))
        {
            Derive(prf, master.Salt, first, key);
            Derive(prf, master.Salt, first + 1, macKey);
            Derive(prf, master.Salt, first + 2, salt);
        }

        var keys = new SessionKeys(master.Suite, key, macKey, salt, use);
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(macKey);
        return keys;
    }

    /// <summary>Fills <paramref name="key"/> with what the label gives.</summary>
    internal static void Derive(EvpCtr prf, ReadOnlySpan<byte> masterSalt, int label, Span<byte> key)
    {
        Span<byte> counter = stackalloc byte[EvpCtr.BlockLength];
        counter.Clear();
        masterSalt.CopyTo(counter);
        counter[7] ^= (byte)label;
        key.Clear();
        prf.Apply(counter, key);
    }

    /// <param name="iv">16 bytes; an AEAD takes the first 12.</param>
    internal void WriteIv(uint ssrc, ulong index, Span<byte> iv) =>
        BinaryPrimitives.WriteUInt128BigEndian(iv, _salt ^ ((((UInt128)ssrc << 64) | (index << 16)) << _shift));

    /// <summary>The key stream of AES-CM over <paramref name="text"/>.</summary>
    internal void ApplyKeyStream(ReadOnlySpan<byte> iv, Span<byte> text) => _cipher!.Apply(iv, text);

    /// <summary>HMAC-SHA1, fed with the part that is signed as it travels.</summary>
    internal Hmac Signing(ReadOnlySpan<byte> part) => _mac!.Append(part);

    public void Dispose()
    {
        _aead?.Dispose();
        _cipher?.Dispose();
        _mac?.Dispose();
    }
}
