using Baton.Ike.Messages;

namespace Baton.Ike.Payloads;

/// <summary>Notify payload (RFC 7296 3.10).</summary>
/// <param name="Protocol">Of the SA that the SPI names; <see cref="ProtocolId.None"/> where there is no SPI.</param>
/// <param name="Spi">Empty, 4 or 8 bytes.</param>
public sealed record NotifyPayload(ProtocolId Protocol, ReadOnlyMemory<byte> Spi, NotifyType NotifyType, ReadOnlyMemory<byte> Data) : Payload
{
    public NotifyPayload(NotifyType type, ReadOnlyMemory<byte> data = default)
        : this(ProtocolId.None, default, type, data)
    {
    }

    public override PayloadType Type => PayloadType.Notify;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((int)Protocol);
        writer.Byte(Spi.Length);
        writer.UInt16((int)NotifyType);
        writer.Bytes(Spi.Span);
        writer.Bytes(Data.Span);
    }

    /// <remarks>The protocol of a notification without an SPI is not looked at: peers put different things there, and the RFC says to ignore it.</remarks>
    internal static NotifyPayload? Parse(ReadOnlyMemory<byte> body)
    {
        var reader = new WireReader(body);
        var protocol = (ProtocolId)reader.Byte();
        int spiLength = reader.Byte();
        var type = (NotifyType)reader.UInt16();
        ReadOnlyMemory<byte> spi = reader.Take(spiLength);
        ReadOnlyMemory<byte> data = reader.TakeRest();
        return reader.IsShort ? null : new NotifyPayload(protocol, spi, type, data);
    }
}
