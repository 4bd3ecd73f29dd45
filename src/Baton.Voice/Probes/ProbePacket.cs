using System.Buffers.Binary;
using Baton.Voice.Inner;
using Baton.Wire;

namespace Baton.Voice.Probes;

internal enum ProbeDirection : byte
{
    /// <summary>From the cluster's side to the peer's.</summary>
    ToPeer = 0,

    /// <summary>From the peer's side to the cluster's.</summary>
    FromPeer = 1,
}

internal enum ProbeKind : byte
{
    /// <summary>One of the steady stream.</summary>
    Stream = 0,

    /// <summary>The sign of life of a further flow.</summary>
    Flow = 1,

    /// <summary>The question whether a further flow passes a packet now.</summary>
    Check = 2,
}

/// <summary>What a probe packet says: its place in its counter, and when it left.</summary>
/// <remarks>
/// <code>
///      0               4      5           8      12        16        24        32
///      | "BPrb"        | kind | direction | flow | check   | counter | sent ns | session | padding to 64
/// </code>
/// Stream packets have a counter a direction; flow and check packets of all flows share another one, so that each is counted once.
/// </remarks>
internal readonly record struct ProbePacket(
    ProbeKind Kind, ProbeDirection Direction, uint Flow, uint Check, ulong Counter, Instant Sent, ulong Session)
{
    public const int PayloadBytes = 64;
    public const int PacketBytes = InnerUdp.HeaderBytes + PayloadBytes;

    private const uint Magic = 0x42507262;

    public uint Source => (Kind, Direction) switch
    {
        (ProbeKind.Stream, ProbeDirection.ToPeer) => DemoAddresses.ProbeCluster,
        (ProbeKind.Stream, _) => DemoAddresses.ProbePeer,
        (_, ProbeDirection.ToPeer) => DemoAddresses.FlowCluster((int)Flow),
        _ => DemoAddresses.FlowPeer((int)Flow),
    };

    public uint Destination => (Kind, Direction) switch
    {
        (ProbeKind.Stream, ProbeDirection.ToPeer) => DemoAddresses.ProbePeer,
        (ProbeKind.Stream, _) => DemoAddresses.ProbeCluster,
        (_, ProbeDirection.ToPeer) => DemoAddresses.FlowPeer((int)Flow),
        _ => DemoAddresses.FlowCluster((int)Flow),
    };

    /// <summary>The whole inner packet.</summary>
    public int Write(Span<byte> packet)
    {
        Span<byte> payload = packet.Slice(InnerUdp.HeaderBytes, PayloadBytes);
        payload.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(payload, Magic);
        payload[4] = (byte)Kind;
        payload[5] = (byte)Direction;
        BinaryPrimitives.WriteUInt32BigEndian(payload[8..], Flow);
        BinaryPrimitives.WriteUInt32BigEndian(payload[12..], Check);
        BinaryPrimitives.WriteUInt64BigEndian(payload[16..], Counter);
        BinaryPrimitives.WriteInt64BigEndian(payload[24..], Sent.Nanoseconds);
        BinaryPrimitives.WriteUInt64BigEndian(payload[32..], Session);
        return InnerUdp.WriteHeaders(
            packet, PayloadBytes, Source, Destination, DemoAddresses.ProbePort, DemoAddresses.ProbePort, (ushort)Counter);
    }

    /// <summary>False for anything that no probe wrote, or that came out between other addresses than it went in.</summary>
    public static bool TryParse(ReadOnlySpan<byte> packet, int flows, out ProbePacket probe)
    {
        probe = default;
        return InnerUdp.TryParse(packet, out InnerUdp udp)
            && TryParsePayload(udp.Payload, out probe)
            && (probe.Kind == ProbeKind.Stream || probe.Flow < flows)
            && udp.Source == probe.Source
            && udp.Destination == probe.Destination;
    }

    /// <summary>What travels between hosts that have addresses of their own.</summary>
    public static bool TryParsePayload(ReadOnlySpan<byte> payload, out ProbePacket probe)
    {
        probe = default;
        if (payload.Length != PayloadBytes)
            return false;
        if (BinaryPrimitives.ReadUInt32BigEndian(payload) != Magic || payload[4] > (byte)ProbeKind.Check || payload[5] > 1)
            return false;
        probe = new ProbePacket(
            (ProbeKind)payload[4],
            (ProbeDirection)payload[5],
            BinaryPrimitives.ReadUInt32BigEndian(payload[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(payload[12..]),
            BinaryPrimitives.ReadUInt64BigEndian(payload[16..]),
            new Instant(BinaryPrimitives.ReadInt64BigEndian(payload[24..])),
            BinaryPrimitives.ReadUInt64BigEndian(payload[32..]));
        return true;
    }
}
