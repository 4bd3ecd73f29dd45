using Baton.Crypto.Ike;
using Baton.Ike.Messages;

namespace Baton.Ike.Payloads;

/// <summary>Authentication payload (RFC 7296 3.8; with <see cref="AuthenticationMethod.DigitalSignature"/> the data of RFC 7427 3).</summary>
public sealed record AuthPayload(AuthenticationMethod Method, ReadOnlyMemory<byte> Data) : Payload
{
    public override PayloadType Type => PayloadType.Authentication;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((int)Method);
        writer.Byte(0);
        writer.UInt16(0);
        writer.Bytes(Data.Span);
    }

    internal static AuthPayload? Parse(ReadOnlyMemory<byte> body)
    {
        var reader = new WireReader(body);
        var method = (AuthenticationMethod)reader.Byte();
        _ = reader.Take(3);
        ReadOnlyMemory<byte> data = reader.TakeRest();
        return reader.IsShort ? null : new AuthPayload(method, data);
    }
}
