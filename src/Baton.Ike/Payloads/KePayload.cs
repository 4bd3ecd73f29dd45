using Baton.Ike.Messages;

namespace Baton.Ike.Payloads;

/// <summary>Key Exchange payload (RFC 7296 3.4).</summary>
/// <param name="Group">The group's number in the registry; one that we do is a <see cref="Crypto.Ike.KeyExchangeGroup"/>.</param>
public sealed record KePayload(ushort Group, ReadOnlyMemory<byte> Data) : Payload
{
    public override PayloadType Type => PayloadType.KeyExchange;

    internal override void WriteBody(WireWriter writer)
    {
        writer.UInt16(Group);
        writer.UInt16(0);
        writer.Bytes(Data.Span);
    }

    internal static KePayload? Parse(ReadOnlyMemory<byte> body)
    {
        var reader = new WireReader(body);
        ushort group = reader.UInt16();
        _ = reader.UInt16();
        ReadOnlyMemory<byte> data = reader.TakeRest();
        return reader.IsShort || data.IsEmpty ? null : new KePayload(group, data);
    }
}

/// <summary>Nonce payload (RFC 7296 3.9): 16 to 256 bytes.</summary>
public sealed record NoncePayload(ReadOnlyMemory<byte> Data) : Payload
{
    public const int MinimumLength = 16, MaximumLength = 256;

    public override PayloadType Type => PayloadType.Nonce;

    internal override void WriteBody(WireWriter writer) => writer.Bytes(Data.Span);

    internal static NoncePayload? Parse(ReadOnlyMemory<byte> body) =>
        body.Length is >= MinimumLength and <= MaximumLength ? new NoncePayload(body) : null;
}
