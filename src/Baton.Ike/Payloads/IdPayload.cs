using Baton.Crypto.Ike;
using Baton.Ike.Messages;

namespace Baton.Ike.Payloads;

/// <summary>Identification payload (RFC 7296 3.5), IDi or IDr.</summary>
public sealed record IdPayload(bool IsInitiator, IdentityType IdentityType, ReadOnlyMemory<byte> Data) : Payload
{
    public override PayloadType Type => IsInitiator ? PayloadType.IdentityInitiator : PayloadType.IdentityResponder;

    /// <summary>ID type, reserved, data: the "RestOfInitIDPayload" that is signed (RFC 7296 2.15).</summary>
    public byte[] Rest()
    {
        var writer = new WireWriter();
        WriteBody(writer);
        return writer.Written.ToArray();
    }

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((int)IdentityType);
        writer.Bytes(Reserved.Span.Length == 3 ? Reserved.Span : [0, 0, 0]);
        writer.Bytes(Data.Span);
    }

    /// <summary>The three reserved bytes as they came: the peer signs what it sent, whatever it put there.</summary>
    private ReadOnlyMemory<byte> Reserved { get; init; }

    internal static IdPayload? Parse(ReadOnlyMemory<byte> body, bool isInitiator)
    {
        var reader = new WireReader(body);
        var type = (IdentityType)reader.Byte();
        ReadOnlyMemory<byte> reserved = reader.Take(3);
        ReadOnlyMemory<byte> data = reader.TakeRest();
        int length = type switch { IdentityType.Ipv4Address => 4, IdentityType.Ipv6Address => 16, _ => data.Length };
        return reader.IsShort || data.Length != length ? null : new IdPayload(isInitiator, type, data) { Reserved = reserved };
    }
}
