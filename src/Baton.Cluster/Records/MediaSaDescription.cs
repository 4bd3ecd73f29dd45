using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Baton.Cluster.Records;

/// <summary>What a media gateway must know of an SA of a call, and the handler must not: the sealed part of the record.</summary>
/// <param name="Leg">0 or 1: whose key it is.</param>
/// <param name="Role">0: opens what the phone sends; 1: seals for it.</param>
/// <param name="Half">0: RTP, 1: RTCP.</param>
/// <param name="Suite">As the SRTP core numbers them; the numbers are stored.</param>
/// <param name="Key">Master key and salt. Whoever holds the description wipes it (<see cref="Wipe"/>).</param>
public sealed record MediaSaDescription(ulong Call, byte Leg, byte Role, byte Half, uint Ssrc, byte Suite, byte[] Key)
{
    // Sealed as ESP's SAs and as IV counters are: the kind keeps them apart.
    private const byte Kind = 0x81;
    private const int Front = 17;
    private const int LongestKey = 46;

    public void Wipe() => CryptographicOperations.ZeroMemory(Key);

    /// <summary>Names and numbers, never the key.</summary>
    public override string ToString() => $"call {Call:x} leg {Leg} {(Role == 0 ? "opens" : "seals")} {(Half == 0 ? "RTP" : "RTCP")} of {Ssrc:x8}";

    /// <remarks><code>0x81 | call u64 | leg | role | half | ssrc u32 | suite | key</code></remarks>
    internal byte[] Encode()
    {
        var text = new byte[Front + Key.Length];
        (text[0], text[9], text[10], text[11], text[16]) = (Kind, Leg, Role, Half, Suite);
        BinaryPrimitives.WriteUInt64BigEndian(text.AsSpan(1), Call);
        BinaryPrimitives.WriteUInt32BigEndian(text.AsSpan(12), Ssrc);
        Key.CopyTo(text, Front);
        return text;
    }

    internal static bool TryDecode(ReadOnlySpan<byte> text, out MediaSaDescription description)
    {
        description = null!;
        if (text.Length is <= Front or > Front + LongestKey || text[0] != Kind || text[9] > 1 || text[10] > 1 || text[11] > 1) return false;
        description = new(BinaryPrimitives.ReadUInt64BigEndian(text[1..]), text[9], text[10], text[11],
            BinaryPrimitives.ReadUInt32BigEndian(text[12..]), text[16], text[Front..].ToArray());
        return true;
    }

    internal byte[] Tagged()
    {
        var text = new byte[Key.Length + 5];
        Key.CopyTo(text, 0);
        BinaryPrimitives.WriteUInt32BigEndian(text.AsSpan(Key.Length), Ssrc);
        text[^1] = Half;
        return text;
    }
}
