using System.Buffers.Binary;
using System.Text;

namespace Baton.Gateway.Router;

/// <summary>"I am the active of this term": a gateway to its routers, sealed with label "steer". Routers obey the highest term they have seen.</summary>
/// <remarks><code>
///  0         1      9        10
///  | version | term | length | name of the member
/// </code></remarks>
public static class SteerFrame
{
    public const string Label = "steer";
    public const int MaximumLength = 10 + 64;

    private const byte Version = 1;

    public static int Write(Span<byte> text, string member, ulong term)
    {
        int name = Encoding.ASCII.GetBytes(member, text[10..]);
        text[0] = Version;
        BinaryPrimitives.WriteUInt64BigEndian(text[1..], term);
        text[9] = (byte)name;
        return 10 + name;
    }

    /// <param name="member">Index into <paramref name="members"/>.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, IReadOnlyList<string> members, out int member, out ulong term)
    {
        member = -1;
        term = 0;
        if (text.Length < 10 || text[0] != Version || text.Length != 10 + text[9])
            return false;
        term = BinaryPrimitives.ReadUInt64BigEndian(text[1..]);
        for (int i = 0; i < members.Count; i++)
        {
            if (Ascii.Equals(text[10..], members[i]))
                member = i;
        }

        return member >= 0;
    }
}
