using Baton.Ike.Messages;

namespace Baton.Ike.Payloads;

/// <summary>One payload of a message, owning its bytes. Immutable.</summary>
public abstract record Payload
{
    public abstract PayloadType Type { get; }

    /// <summary>Everything behind the generic header.</summary>
    internal abstract void WriteBody(WireWriter writer);
}

/// <summary>A payload that we do not know (RFC 7296 2.5): skipped, unless it is critical.</summary>
public sealed record UnknownPayload(PayloadType UnknownType, bool IsCritical, ReadOnlyMemory<byte> Body) : Payload
{
    public override PayloadType Type => UnknownType;

    internal override void WriteBody(WireWriter writer) => writer.Bytes(Body.Span);
}
