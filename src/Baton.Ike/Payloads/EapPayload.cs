using System.Buffers.Binary;
using Baton.Ike.Messages;

namespace Baton.Ike.Payloads;

/// <summary>EAP payload (RFC 7296 3.16): one EAP message. No exchange here speaks EAP; the place is kept.</summary>
public sealed record EapPayload(ReadOnlyMemory<byte> Message) : Payload
{
    public override PayloadType Type => PayloadType.Eap;

    internal override void WriteBody(WireWriter writer) => writer.Bytes(Message.Span);

    /// <remarks>Code, identifier, length; Request and Response have a type behind them, Success and Failure nothing.</remarks>
    internal static EapPayload? Parse(ReadOnlyMemory<byte> body) =>
        body.Length < 4 || BinaryPrimitives.ReadUInt16BigEndian(body.Span[2..]) != body.Length ? null : new EapPayload(body);
}
