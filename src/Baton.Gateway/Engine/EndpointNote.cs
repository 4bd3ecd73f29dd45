using System.Buffers.Binary;
using Baton.Linux;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.Engine;

/// <summary>Of which SA the peer's endpoint is told, in which term, and which of our addresses it speaks to. Beside it the handover has the endpoint.</summary>
/// <remarks>
/// <code>
///   0     8      16              32           34
///   | SA  | term | our address   | our port   |
/// </code>
/// </remarks>
internal readonly record struct EndpointNote(SaId Sa, ulong Term, UdpEndpoint Local)
{
    public const int Length = 34;

    public void Write(Span<byte> text)
    {
        BinaryPrimitives.WriteUInt64BigEndian(text, Sa.Value);
        BinaryPrimitives.WriteUInt64BigEndian(text[8..], Term);
        Write(Local.Address, text[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(text[32..], Local.Port);
    }

    public static bool TryRead(ReadOnlySpan<byte> text, out EndpointNote note)
    {
        note = default;
        if (text.Length != Length)
            return false;
        note = new EndpointNote(
            new SaId(BinaryPrimitives.ReadUInt64BigEndian(text)),
            BinaryPrimitives.ReadUInt64BigEndian(text[8..]),
            new UdpEndpoint(IpAddress.V6(text[16..]), BinaryPrimitives.ReadUInt16BigEndian(text[32..])));
        return true;
    }

    public static void Write(in IpAddress address, Span<byte> sixteen)
    {
        BinaryPrimitives.WriteUInt64BigEndian(sixteen, address.High);
        BinaryPrimitives.WriteUInt64BigEndian(sixteen[8..], address.Low);
    }
}
