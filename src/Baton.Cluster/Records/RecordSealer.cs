using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Baton.Redundancy.Records;

namespace Baton.Cluster.Records;

/// <summary>Seals the part of SA records that the handler must not read.</summary>
/// <remarks>
/// <code>sealed: version 1 | key id u32 | nonce 12 | AES-256-GCM(key, nonce, aad = all before, description) | tag 16</code>
/// Nonces are random: one key seals far fewer than 2^32 records (NIST SP 800-38D 8.3). Thread-safe: no state but keys.
/// </remarks>
public sealed class RecordSealer : IDisposable
{
    private const byte Version = 1;
    private const int Front = 1 + 4;
    private const int Nonce = 12;
    private const int Tag = 16;
    private const byte IvKind = 0x80;

    /// <summary>The longest state of an IKE SA that fits into a record.</summary>
    public const int MaximumSnapshotBytes = IkeRecord.MaximumSealedBytes - Front - Nonce - Tag;

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
        byte[] whole = Seal(_keys[_newest].Seal, plain, []);
        CryptographicOperations.ZeroMemory(plain);
        return whole;
    }

    public RecordVerdict Open(ReadOnlySpan<byte> whole, out SaDescription description)
    {
        description = null!;
        RecordVerdict verdict = Open(whole, null, [], out byte[] plain);
        if (verdict != RecordVerdict.Opened) return verdict;
        bool decoded = SaDescription.TryDecode(plain, out description);
        CryptographicOperations.ZeroMemory(plain);
        return decoded ? RecordVerdict.Opened : RecordVerdict.Malformed;
    }

    /// <summary>Seals the state of an IKE SA, bound to its id and version, under a key of its own: an IKE SA changes too often for one key of all.</summary>
    /// <param name="snapshot">At most <see cref="MaximumSnapshotBytes"/>; the caller wipes it.</param>
    public byte[] SealIke(IkeId id, ulong version, ReadOnlySpan<byte> snapshot)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(snapshot.Length, MaximumSnapshotBytes);
        byte[] key = IkeKey(_newest, id);
        byte[] whole = Seal(key, snapshot, Bound(id, version));
        CryptographicOperations.ZeroMemory(key);
        return whole;
    }

    /// <param name="snapshot">Whoever gets it wipes it.</param>
    public RecordVerdict OpenIke(IkeRecord record, out byte[] snapshot) => Open(record.Sealed.Span, record.Id, Bound(record.Id, record.Version), out snapshot);

    /// <summary>Binds the counter of an IKE SA's IVs to that IKE SA: counters that change places would repeat nonces.</summary>
    public byte[] SealIv(IkeId id)
    {
        Span<byte> plain = stackalloc byte[9];
        plain[0] = IvKind;
        BinaryPrimitives.WriteUInt64BigEndian(plain[1..], id.Value);
        return Seal(_keys[_newest].Seal, plain, []);
    }

    public RecordVerdict OpenIv(SaRecord record, out IkeId id)
    {
        id = default;
        RecordVerdict verdict = Open(record.Sealed.Span, null, [], out byte[] plain);
        if (verdict != RecordVerdict.Opened) return verdict;
        if (plain.Length != 9 || plain[0] != IvKind) return RecordVerdict.Malformed;
        id = new IkeId(BinaryPrimitives.ReadUInt64BigEndian(plain.AsSpan(1)));
        return RecordVerdict.Opened;
    }

    public byte[] SealMedia(MediaSaDescription description)
    {
        byte[] plain = description.Encode();
        byte[] whole = Seal(_keys[_newest].Seal, plain, []);
        CryptographicOperations.ZeroMemory(plain);
        return whole;
    }

    public RecordVerdict OpenMedia(ReadOnlySpan<byte> whole, out MediaSaDescription description)
    {
        description = null!;
        RecordVerdict verdict = Open(whole, null, [], out byte[] plain);
        if (verdict != RecordVerdict.Opened) return verdict;
        bool decoded = MediaSaDescription.TryDecode(plain, out description);
        CryptographicOperations.ZeroMemory(plain);
        return decoded ? RecordVerdict.Opened : RecordVerdict.Malformed;
    }

    private byte[] Seal(byte[] key, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> bound)
    {
        var whole = new byte[Front + Nonce + plain.Length + Tag];
        whole[0] = Version;
        BinaryPrimitives.WriteUInt32BigEndian(whole.AsSpan(1), _newest);
        Span<byte> nonce = whole.AsSpan(Front, Nonce);
        RandomNumberGenerator.Fill(nonce);
        using var aead = new AesGcm(key, Tag);
        aead.Encrypt(nonce, plain, whole.AsSpan(Front + Nonce, plain.Length), whole.AsSpan(whole.Length - Tag), [.. whole.AsSpan(0, Front), .. bound]);
        return whole;
    }

    private RecordVerdict Open(ReadOnlySpan<byte> whole, IkeId? ike, ReadOnlySpan<byte> bound, out byte[] plain)
    {
        plain = [];
        if (whole.Length < Front + Nonce + Tag) return RecordVerdict.Truncated;
        if (whole[0] != Version) return RecordVerdict.UnknownVersion;
        uint keyId = BinaryPrimitives.ReadUInt32BigEndian(whole[1..]);
        if (!_keys.TryGetValue(keyId, out (byte[] Seal, byte[] Tag) keys)) return RecordVerdict.UnknownKey;
        byte[] key = ike is { } id ? IkeKey(keyId, id) : keys.Seal;
        var opened = new byte[whole.Length - Front - Nonce - Tag];
        using var aead = new AesGcm(key, Tag);
        try
        {
            aead.Decrypt(whole.Slice(Front, Nonce), whole[(Front + Nonce)..^Tag], whole[^Tag..], opened, [.. whole[..Front], .. bound]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return RecordVerdict.BadSeal;
        }

        plain = opened;
        return RecordVerdict.Opened;
    }

    private byte[] IkeKey(uint keyId, IkeId id)
    {
        Span<byte> info = stackalloc byte[16];
        "baton ik"u8.CopyTo(info);
        BinaryPrimitives.WriteUInt64BigEndian(info[8..], id.Value);
        var key = new byte[32];
        HKDF.Expand(HashAlgorithmName.SHA256, _keys[keyId].Seal, key, info);
        return key;
    }

    private static byte[] Bound(IkeId id, ulong version)
    {
        var bound = new byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bound, id.Value);
        BinaryPrimitives.WriteUInt64BigEndian(bound.AsSpan(8), version);
        return bound;
    }

    /// <summary>The tag of an IKE SA's record, and of its IV counter: by its id, which stands for keys that are its own.</summary>
    public ulong KeyTag(IkeId id, bool iv)
    {
        Span<byte> text = stackalloc byte[9];
        text[0] = iv ? (byte)'v' : (byte)'i';
        BinaryPrimitives.WriteUInt64BigEndian(text[1..], id.Value);
        return KeyTag(text);
    }

    /// <summary>The one-way tag of an SA's key by which the handler sees that a key comes twice (G2).</summary>
    /// <remarks>Under the oldest key, so that a new cluster key does not let an old SA key in again.</remarks>
    public ulong KeyTag(SaDescription description) => KeyTag(description.Key);

    /// <summary>Of one source under a master key, RTP and RTCP apart: each has an index of its own.</summary>
    public ulong KeyTag(MediaSaDescription description)
    {
        byte[] text = description.Tagged();
        ulong tag = KeyTag(text);
        CryptographicOperations.ZeroMemory(text);
        return tag;
    }

    private ulong KeyTag(ReadOnlySpan<byte> key)
    {
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(_keys[_keys.Keys.Min()].Tag, key, mac);
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
