using System.Buffers.Binary;
using Baton.Ike.Messages;

namespace Baton.Ike.Payloads;

/// <summary>Delete payload (RFC 7296 3.11): the IKE SA itself (no SPI), or child SAs by the SPIs that the sender expects inbound.</summary>
public sealed record DeletePayload(ProtocolId Protocol, IReadOnlyList<uint> Spis) : Payload
{
    private const int ChildSpiLength = 4;

    /// <summary>Deletes the IKE SA that carries it.</summary>
    public static DeletePayload IkeSa { get; } = new(ProtocolId.Ike, []);

    public override PayloadType Type => PayloadType.Delete;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((int)Protocol);
        writer.Byte(Protocol == ProtocolId.Ike ? 0 : ChildSpiLength);
        writer.UInt16(Spis.Count);
        foreach (uint spi in Spis)
            writer.UInt32(spi);
    }

    internal static DeletePayload? Parse(ReadOnlyMemory<byte> body)
    {
        var reader = new WireReader(body);
        var protocol = (ProtocolId)reader.Byte();
        int size = reader.Byte();
        int count = reader.UInt16();
        ReadOnlyMemory<byte> spis = reader.TakeRest();
        if (reader.IsShort || spis.Length != size * count)
            return null;
        if (protocol == ProtocolId.Ike)
            return size == 0 ? IkeSa : null;
        if (size != ChildSpiLength || protocol is not (ProtocolId.Ah or ProtocolId.Esp))
            return null;
        var list = new uint[count];
        for (int i = 0; i < count; i++)
            list[i] = BinaryPrimitives.ReadUInt32BigEndian(spis.Span[(i * ChildSpiLength)..]);
        return new DeletePayload(protocol, list);
    }
}

/// <summary>Vendor ID payload (RFC 7296 3.12): says who one is, changes nothing.</summary>
public sealed record VendorIdPayload(ReadOnlyMemory<byte> Data) : Payload
{
    public override PayloadType Type => PayloadType.VendorId;

    internal override void WriteBody(WireWriter writer) => writer.Bytes(Data.Span);
}
