using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Baton.Cluster.Records;

/// <summary>Seals the part of SA records that the handler must not read.</summary>
/// <remarks>
/// <code>sealed: version 1 | key id u32 | nonce 12 | AES-256-GCM(key, nonce, aad = all before, description) | tag 16</code>
/// Nonces are random: a cluster key seals far fewer than 2^32 records (NIST SP 800-38D 8.3). Thread-safe: no state but keys.
/// </remarks>
public sealed class RecordSealer : IDisposable
{
    private const byte Version = 1;
    private const int Front = 1 + 4;
    private const int Nonce = 12;
    private const int Tag = 16;

    private readonly Dictionary<uint, (byte[] Seal, byte[] Tag)> _keys = [];
    private readonly uint _newest;

    public RecordSealer(ClusterKeys keys)
    {
        _newest = keys.NewestId;
        foreach (uint id in keys.Ids)
        {
            _ = keys.TryGet(id, out ReadOnlySpan<byte> key);
            _keys[id] = (Derive(key, "baton record"), Derive(key, "baton key tag"));
        }
    }

    public byte[] Seal(SaDescription description)
    {
        byte[] plain = description.Encode();
        var whole = new byte[Front + Nonce + plain.Length + Tag];
        whole[0] = Version;
        BinaryPrimitives.WriteUInt32BigEndian(whole.AsSpan(1), _newest);
        Span<byte> nonce = whole.AsSpan(Front, Nonce);
        RandomNumberGenerator.Fill(nonce);
        using var aead = new AesGcm(_keys[_newest].Seal, Tag);
        aead.Encrypt(nonce, plain, whole.AsSpan(Front + Nonce, plain.Length), whole.AsSpan(whole.Length - Tag), whole.AsSpan(0, Front));
        CryptographicOperations.ZeroMemory(plain);
        return whole;
    }

    public RecordVerdict Open(ReadOnlySpan<byte> whole, out SaDescription description)
    {
        description = null!;
        if (whole.Length < Front + Nonce + Tag) return RecordVerdict.Truncated;
        if (whole[0] != Version) return RecordVerdict.UnknownVersion;
        if (!_keys.TryGetValue(BinaryPrimitives.ReadUInt32BigEndian(whole[1..]), out (byte[] Seal, byte[] Tag) key)) return RecordVerdict.UnknownKey;
        var plain = new byte[whole.Length - Front - Nonce - Tag];
        using var aead = new AesGcm(key.Seal, Tag);
        try
        {
            aead.Decrypt(whole.Slice(Front, Nonce), whole[(Front + Nonce)..^Tag], whole[^Tag..], plain, whole[..Front]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return RecordVerdict.BadSeal;
        }

        bool decoded = SaDescription.TryDecode(plain, out description);
        CryptographicOperations.ZeroMemory(plain);
        return decoded ? RecordVerdict.Opened : RecordVerdict.Malformed;
    }

    /// <summary>The one-way tag of an SA's key by which the handler sees that a key comes twice (G2).</summary>
    /// <remarks>Under the oldest key, so that a new cluster key does not let an old SA key in again.</remarks>
    public ulong KeyTag(SaDescription description)
    {
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(_keys[_keys.Keys.Min()].Tag, description.Key, mac);
        ulong tag = BinaryPrimitives.ReadUInt64BigEndian(mac);
        CryptographicOperations.ZeroMemory(mac);
        return tag;
    }

    public void Dispose()
    {
        foreach ((byte[] seal, byte[] tag) in _keys.Values)
        {
            CryptographicOperations.ZeroMemory(seal);
            CryptographicOperations.ZeroMemory(tag);
        }
    }

    private static byte[] Derive(ReadOnlySpan<byte> key, string label)
    {
        var derived = new byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, derived, salt: [], info: Encoding.ASCII.GetBytes(label));
        return derived;
    }
}

/// <summary>What became of a sealed record; each has a counter at the member.</summary>
public enum RecordVerdict
{
    Opened,
    Truncated,
    UnknownVersion,

    /// <summary>Sealed under a cluster key that this member does not have: its key file is old.</summary>
    UnknownKey,

    /// <summary>The same key id with other bytes, or a changed record.</summary>
    BadSeal,
    Malformed,
}
