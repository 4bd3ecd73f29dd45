using Baton.Esp;
using Baton.Esp.Modes;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>What of an inner packet goes into ESP, and how it becomes a packet again: tunnel or transport mode.</summary>
internal sealed partial class PacketPath
{
    private const byte FreshHopLimit = 64;

    private readonly byte[] _rebuilt = new byte[2_048 + 40];

    /// <summary>Tunnel mode takes the whole packet; transport mode behind UDP (RFC 3948 3.2) only what follows its header.</summary>
    /// <returns>False for what transport mode cannot carry: a fragment (RFC 4303 3.3.4), or options, which stay in a header that the socket makes.</returns>
    private static bool TryTake(OutboundEntry entry, in IpPacket ip, out ReadOnlySpan<byte> payload, out byte nextHeader)
    {
        payload = ip.Bytes;
        nextHeader = TunnelMode.NextHeader(ip);
        if (!entry.IsTransport)
            return true;
        if (!TransportMode.TrySplit(ip, out int headerLength, out int protocolAt) || headerLength != (ip.Version == 4 ? 20 : 40))
            return false;
        payload = ip.Bytes[headerLength..];
        nextHeader = ip.Bytes[protocolAt];
        return true;
    }

    /// <summary>In transport mode the header is made anew from the SA's two hosts, for which the sender's checksum was computed too: what a NAT did to the
    /// outer addresses does not matter (RFC 3948 3.1.2, procedure 1, with equal addresses).</summary>
    private EspVerdict TryGive(InboundEntry entry, ReadOnlySpan<byte> payload, byte nextHeader, out IpPacket ip)
    {
        if (!entry.IsTransport)
            return TunnelMode.TryOpen(payload, nextHeader, out ip);
        ip = default;
        if (entry.Hosts is not { } hosts)
            return EspVerdict.BadInner;
        int headerLength = hosts.Source.IsV4 ? 20 : 40;
        if (headerLength + payload.Length > _rebuilt.Length)
            return EspVerdict.BadInner;
        TransportMode.WriteHeader(_rebuilt, payload.Length, nextHeader, hosts.Source, hosts.Destination, FreshHopLimit);
        payload.CopyTo(_rebuilt.AsSpan(headerLength));
        return IpPacket.TryParse(_rebuilt.AsSpan(0, headerLength + payload.Length), out ip) ? EspVerdict.Delivered : EspVerdict.BadInner;
    }
}
