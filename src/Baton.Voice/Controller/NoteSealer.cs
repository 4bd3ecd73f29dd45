using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Baton.Voice.Controller;

/// <summary>Seals a <see cref="CallNote"/> for its stream: media gateways keep what only a controller of the cluster reads. One owner thread.</summary>
/// <remarks>
/// <code>version 1 | nonce 12 | AES-256-GCM(key, nonce, aad = version, stream id; note) | tag 16</code>
/// The key comes from the control key (HKDF, label "baton call note"), so that the controller after this one has it too. Nonces are random: one key seals far fewer than 2^32 notes
/// (NIST SP 800-38D 8.3).
/// </remarks>
internal sealed class NoteSealer : IDisposable
{
    /// <summary>What a sealed note is longer than the note.</summary>
    internal const int Overhead = Front + Tag;

    private const byte Version = 1;
    private const int Nonce = 12;
    private const int Front = 1 + Nonce;
    private const int Tag = 16;

    private readonly FillRandom _random;
    private readonly AesGcm _aead;

    /// <param name="controlKey">Stays the caller's.</param>
    internal NoteSealer(ReadOnlySpan<byte> controlKey, FillRandom random)
    {
        _random = random;
        Span<byte> key = stackalloc byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, controlKey, key, salt: [], info: "baton call note"u8);
        _aead = new AesGcm(key, Tag);
        CryptographicOperations.ZeroMemory(key);
    }

    /// <param name="note">Is wiped. Empty: so is what comes back.</param>
    internal byte[] Seal(ulong stream, byte[] note)
    {
        if (note.Length == 0)
            return [];
        var whole = new byte[Overhead + note.Length];
        whole[0] = Version;
        _random(whole.AsSpan(1, Nonce));
        _aead.Encrypt(whole.AsSpan(1, Nonce), note, whole.AsSpan(Front, note.Length), whole.AsSpan(whole.Length - Tag), Bound(stream));
        CryptographicOperations.ZeroMemory(note);
        return whole;
    }

    /// <summary>False: not sealed by a controller of this cluster, or for another stream.</summary>
    /// <param name="note">Whoever gets it wipes it.</param>
    internal bool TryOpen(ulong stream, ReadOnlySpan<byte> whole, out byte[] note)
    {
        note = [];
        if (whole.Length <= Overhead || whole[0] != Version)
            return false;
        var opened = new byte[whole.Length - Overhead];
        try
        {
            _aead.Decrypt(whole.Slice(1, Nonce), whole[Front..^Tag], whole[^Tag..], opened, Bound(stream));
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        note = opened;
        return true;
    }

    public void Dispose() => _aead.Dispose();

    private static byte[] Bound(ulong stream)
    {
        var bound = new byte[9];
        bound[0] = Version;
        BinaryPrimitives.WriteUInt64BigEndian(bound.AsSpan(1), stream);
        return bound;
    }
}
