using System.Net;

namespace Baton.Lab.Captures;

public enum WireKind
{
    /// <summary>ESP, in UDP or by itself.</summary>
    Esp,

    Ike,

    /// <summary>One octet 0xff (RFC 3948 2.3).</summary>
    Keepalive,

    Other,
}

/// <summary>What a capture saw of the outer network.</summary>
/// <param name="At">Since the epoch, by the capturing machine's clock.</param>
/// <param name="Spi">Of ESP, and the sequence number's low half; of IKE the exchange type and the message ID.</param>
/// <param name="Protocol">Of IP: 50 (ESP by itself) or 17.</param>
/// <param name="Bytes">Of the IP packet as it was on the wire, however much of it was captured.</param>
public readonly record struct CapturedPacket(TimeSpan At, WireKind Kind, byte Protocol, IPAddress Source, IPAddress Destination, int Bytes, uint Spi, uint Sequence, byte ExchangeType, uint MessageId, bool IsResponse)
{
    public const byte EspProtocol = 50;

    public const byte IkeSaInit = 34;

    private const byte Informational = 37;
    private const byte EncryptedFragment = 53;

    public ushort SourcePort { get; init; }

    public ushort DestinationPort { get; init; }

    /// <summary>The first of several fragments of an IP datagram; the later ones have no ports, and are not captured.</summary>
    public bool IsIpFragment { get; init; }

    /// <summary>Of a frame that held so many datagrams: one that left as a run. 1: a frame of its own.</summary>
    public int OfRun { get; init; } = 1;

    /// <summary>Of IKE: the type of the first payload.</summary>
    public byte FirstPayload { get; init; }

    /// <summary>A part of an IKE message, a datagram of its own (RFC 7383 section 2.5).</summary>
    public bool IsIkeFragment => Kind == WireKind.Ike && FirstPayload == EncryptedFragment;

    /// <summary>Of message IDs or counters, not counted among requests (RFC 6311 section 5.1).</summary>
    public bool IsSynchronization => Kind == WireKind.Ike && ExchangeType == Informational && MessageId == 0;
}
