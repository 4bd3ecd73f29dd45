using System.Buffers.Binary;
using System.Text;
using Baton.Redundancy.Records;

namespace Baton.Cluster.Heartbeats;

public enum HeartbeatKind : byte
{
    /// <summary>The gateway lives and its data path makes progress.</summary>
    Alive = 1,

    /// <summary>The gateway's process is dead: certain, its sentinel saw it.</summary>
    Dead = 2,

    /// <summary>The process lives, but its data path makes no progress.</summary>
    Hung = 3,

    /// <summary>The process stopped on purpose and owns no term any more.</summary>
    Stopped = 4,
}

/// <summary>What a sentinel says, of BFD's spirit (RFC 5880 4.1) but naming an incarnation. The text of a sealed frame with label "heartbeat".</summary>
/// <remarks>
/// <code>
///  0         1      2        3           3+n      11+n   19+n       27+n
///  | version | kind | length | name (n)  | nonce  | term | sequence | interval in microseconds (4) |
/// </code>
/// </remarks>
public readonly record struct HeartbeatFrame(HeartbeatKind Kind, Incarnation From, ulong Term, ulong Sequence, TimeSpan Interval)
{
    public const string Label = "heartbeat";
    public const int MaximumLength = 3 + MaximumName + 28;

    private const byte Version = 1;
    private const int MaximumName = 64;

    /// <returns>The length written.</returns>
    public int Write(Span<byte> text)
    {
        int name = Encoding.ASCII.GetBytes(From.Member, text[3..]);
        text[0] = Version;
        text[1] = (byte)Kind;
        text[2] = (byte)name;
        Span<byte> rest = text[(3 + name)..];
        BinaryPrimitives.WriteUInt64BigEndian(rest, From.Nonce);
        BinaryPrimitives.WriteUInt64BigEndian(rest[8..], Term);
        BinaryPrimitives.WriteUInt64BigEndian(rest[16..], Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(rest[24..], (uint)(Interval.Ticks / 10));
        return 3 + name + 28;
    }

    /// <param name="members">The configured names: a frame of another is refused, and none is allocated.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, IReadOnlyList<string> members, out HeartbeatFrame frame)
    {
        frame = default;
        if (text.Length < 3 || text[0] != Version || text[1] is < 1 or > 4 || text[2] > MaximumName || text.Length != 3 + text[2] + 28)
            return false;
        string? name = null;
        for (int i = 0; i < members.Count && name is null; i++)
        {
            if (Ascii.Equals(text.Slice(3, text[2]), members[i]))
                name = members[i];
        }

        if (name is null)
            return false;
        ReadOnlySpan<byte> rest = text[(3 + text[2])..];
        frame = new HeartbeatFrame(
            (HeartbeatKind)text[1],
            new Incarnation(name, BinaryPrimitives.ReadUInt64BigEndian(rest)),
            BinaryPrimitives.ReadUInt64BigEndian(rest[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(rest[16..]),
            TimeSpan.FromTicks(BinaryPrimitives.ReadUInt32BigEndian(rest[24..]) * 10L));
        return true;
    }
}
