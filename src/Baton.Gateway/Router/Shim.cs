using System.Buffers.Binary;
using Baton.Linux;
using Baton.Wire;

namespace Baton.Gateway.Router;

/// <summary>What stands before an outer packet between router and gateway: which peer it is from, or for.</summary>
/// <remarks>
/// <code>
///  0    1    2      4                    20
///  | BA | 01 | port | address, IPv6 form | the datagram as the peer sent it, or shall get it
/// </code>
/// Not sealed: a gateway takes it from its routers' addresses only, and an ESP packet proves itself whoever brought it.
/// </remarks>
public static class Shim
{
    public const int Length = 20;

    public static void Write(Span<byte> packet, in UdpEndpoint peer)
    {
        packet[0] = 0xBA;
        packet[1] = 1;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], peer.Port);
        BinaryPrimitives.WriteUInt64BigEndian(packet[4..], peer.Address.High);
        BinaryPrimitives.WriteUInt64BigEndian(packet[12..], peer.Address.Low);
    }

    public static bool TryRead(ReadOnlySpan<byte> packet, out UdpEndpoint peer)
    {
        peer = default;
        if (packet.Length <= Length || packet[0] != 0xBA || packet[1] != 1)
            return false;
        peer = new UdpEndpoint(
            new IpAddress(BinaryPrimitives.ReadUInt64BigEndian(packet[4..]), BinaryPrimitives.ReadUInt64BigEndian(packet[12..])),
            BinaryPrimitives.ReadUInt16BigEndian(packet[2..]));
        return peer.Port != 0;
    }
}
