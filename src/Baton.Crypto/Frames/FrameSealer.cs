using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Baton.Crypto.Frames;

/// <summary>Seals the datagrams between our own processes (heartbeats, ceilings, steering). Allocation-free; one owner.</summary>
/// <remarks>
/// <code>
///  0      1      2              10             18
///  +------+------+--------------+--------------+------------+-----------+
///  | 0xB7 | key  | sender nonce | counter      | ciphertext | tag (16)  |
///  +------+------+--------------+--------------+------------+-----------+
///  \____________________ authenticated header _/
/// </code>
/// The AES-256-GCM key is HKDF-SHA-256(cluster key, label, sender nonce): the sender's nonce is drawn at process start, so the key is
/// of one process life and a counter from 1 never repeats an IV under it.
/// </remarks>
public sealed class FrameSealer : IDisposable
{
    internal const byte Magic = 0xB7;
    internal const int HeaderLength = 18;

    /// <summary>Bytes a frame adds to its text.</summary>
    public const int Overhead = HeaderLength + Aead.TagLength;

    private readonly Aead _aead;
    private readonly byte _keyId;
    private readonly ulong _sender;
    private ulong _counter;

    /// <param name="label">What the frames are for: two labels never share a key.</param>
    /// <param name="sender">64 random bits of this process's life. Two sealers of one life need two labels.</param>
    public FrameSealer(ReadOnlySpan<byte> clusterKey, byte keyId, string label, ulong sender)
    {
        (_keyId, _sender) = (keyId, sender);
        _aead = FrameKey.Derive(clusterKey, label, sender, OpenSsl.CipherUse.Seal);
    }

    /// <summary>Writes the frame; <paramref name="frame"/> takes <c>text.Length + Overhead</c> bytes.</summary>
    /// <returns>The frame's length.</returns>
    public int Seal(ReadOnlySpan<byte> text, Span<byte> frame)
    {
        int length = text.Length + Overhead;
        frame[0] = Magic;
        frame[1] = _keyId;
        BinaryPrimitives.WriteUInt64BigEndian(frame[2..], _sender);
        BinaryPrimitives.WriteUInt64BigEndian(frame[10..], ++_counter);
        Span<byte> body = frame.Slice(HeaderLength, text.Length);
        text.CopyTo(body);
        Span<byte> nonce = stackalloc byte[Aead.NonceLength];
        nonce[..4].Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], _counter);
        _aead.Seal(nonce, frame[..HeaderLength], body, frame.Slice(HeaderLength + text.Length, Aead.TagLength));
        return length;
    }

    public void Dispose() => _aead.Dispose();
}

internal static class FrameKey
{
    internal static Aead Derive(ReadOnlySpan<byte> clusterKey, string label, ulong sender, OpenSsl.CipherUse use)
    {
        Span<byte> info = stackalloc byte[Encoding.ASCII.GetByteCount(label) + 14];
        "frame "u8.CopyTo(info);
        Encoding.ASCII.GetBytes(label, info[6..]);
        BinaryPrimitives.WriteUInt64BigEndian(info[^8..], sender);
        Span<byte> key = stackalloc byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, clusterKey, key, salt: [], info: info);
        var aead = new OpenSsl.EvpAead(AeadAlgorithm.Aes256Gcm, key, use);
        CryptographicOperations.ZeroMemory(key);
        return aead;
    }
}
