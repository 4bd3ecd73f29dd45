using System.Buffers.Binary;
using Baton.Ike.Payloads;

namespace Baton.Ike.Messages;

/// <summary>An IKE SA's Security Parameter Index; 0 is "not chosen yet".</summary>
public readonly record struct IkeSpi(ulong Value)
{
    public bool IsZero => Value == 0;

    public override string ToString() => $"{Value:x16}";
}

/// <summary>Message ID (RFC 7296 2.2). Each end counts its own requests.</summary>
public readonly record struct MessageId(uint Value)
{
    public MessageId Next => new(Value + 1);

    public override string ToString() => $"{Value}";
}

/// <summary>Exchange Type (RFC 7296 3.1 and the registry).</summary>
public enum ExchangeType : byte
{
    /// <summary>IKE_SA_INIT</summary>
    IkeSaInit = 34,

    /// <summary>IKE_AUTH</summary>
    IkeAuth = 35,

    /// <summary>CREATE_CHILD_SA</summary>
    CreateChildSa = 36,

    /// <summary>INFORMATIONAL</summary>
    Informational = 37,

    /// <summary>IKE_SESSION_RESUME (RFC 5723)</summary>
    IkeSessionResume = 38,

    /// <summary>IKE_INTERMEDIATE (RFC 9242)</summary>
    IkeIntermediate = 43,

    /// <summary>IKE_FOLLOWUP_KE (RFC 9370)</summary>
    IkeFollowupKe = 44,
}

/// <summary>Flags of the header (RFC 7296 3.1); the other bits are sent as 0 and not looked at.</summary>
[Flags]
public enum IkeFlags : byte
{
    None = 0,

    /// <summary>I: sent by the original initiator of the IKE SA.</summary>
    Initiator = 0x08,

    /// <summary>V: the sender could speak a higher version.</summary>
    Version = 0x10,

    /// <summary>R: an answer.</summary>
    Response = 0x20,
}

/// <summary>The IKE header (RFC 7296 3.1), without its length, which whoever writes the message knows.</summary>
public readonly record struct IkeHeader(
    IkeSpi InitiatorSpi, IkeSpi ResponderSpi, ExchangeType Exchange, IkeFlags Flags, MessageId MessageId, PayloadType NextPayload = PayloadType.None)
{
    /// <summary>Bytes of the header.</summary>
    public const int Size = 28;

    private const byte Version2 = 0x20;

    public bool IsResponse => (Flags & IkeFlags.Response) != 0;

    /// <summary>Sent by the original initiator of the IKE SA.</summary>
    public bool IsFromInitiator => (Flags & IkeFlags.Initiator) != 0;

    /// <summary>Reads and checks the header; its length must be the datagram's.</summary>
    /// <remarks>The fields are filled for every verdict but <see cref="IkeParseVerdict.Runt"/>: an answer to a wrong version needs them.</remarks>
    public static IkeParseVerdict TryParse(ReadOnlySpan<byte> datagram, out IkeHeader header)
    {
        header = default;
        if (datagram.Length < Size)
            return IkeParseVerdict.Runt;
        header = new IkeHeader(
            new IkeSpi(BinaryPrimitives.ReadUInt64BigEndian(datagram)),
            new IkeSpi(BinaryPrimitives.ReadUInt64BigEndian(datagram[8..])),
            (ExchangeType)datagram[18],
            (IkeFlags)datagram[19] & (IkeFlags.Initiator | IkeFlags.Version | IkeFlags.Response),
            new MessageId(BinaryPrimitives.ReadUInt32BigEndian(datagram[20..])),
            (PayloadType)datagram[16]);
        int major = datagram[17] >> 4;                  // the minor version is ignored (RFC 7296 3.1)
        if (major != 2)
            return major > 2 ? IkeParseVerdict.MajorVersionTooHigh : IkeParseVerdict.MajorVersionTooLow;
        if (BinaryPrimitives.ReadUInt32BigEndian(datagram[24..]) != (uint)datagram.Length)
            return IkeParseVerdict.LengthMismatch;
        return header.InitiatorSpi.IsZero ? IkeParseVerdict.ZeroInitiatorSpi : IkeParseVerdict.Parsed;
    }

    /// <param name="destination">Takes <see cref="Size"/> bytes.</param>
    /// <param name="length">Of the whole message.</param>
    public void Write(Span<byte> destination, int length)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, InitiatorSpi.Value);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], ResponderSpi.Value);
        destination[16] = (byte)NextPayload;
        destination[17] = Version2;
        destination[18] = (byte)Exchange;
        destination[19] = (byte)Flags;
        BinaryPrimitives.WriteUInt32BigEndian(destination[20..], MessageId.Value);
        BinaryPrimitives.WriteUInt32BigEndian(destination[24..], (uint)length);
    }
}
