using Baton.Gateway.DataPath;
using Baton.Ike;

namespace Baton.Gateway.Ike;

/// <summary>What a pair carried: liveness, limits of its life, and numbers that are left (RFC 7296 2.4, 2.8).</summary>
internal static class ChildTraffic
{
    /// <summary>Null when one of its halves is not there.</summary>
    public static IkeInput.Traffic? Of(ChildEntry pair) => pair is { Outbound: { } outbound, Inbound: { } inbound }
        ? new IkeInput.Traffic(
            new ChildSaId(pair.Child), (ulong)(outbound.Bytes + inbound.Bytes), (ulong)(outbound.Packets + inbound.Packets), inbound.LastAt, outbound.Headroom)
        : null;

    /// <summary>Null when nothing is new since it was last told.</summary>
    public static IkeInput.Traffic? News(ChildEntry pair)
    {
        if (pair.Outbound is not { } outbound || pair.Inbound is not { } inbound)
            return null;
        long packets = outbound.Packets + inbound.Packets;
        bool rekey = outbound.Headroom == 0;
        if (packets == pair.ToldPackets && rekey == pair.ToldRekey)
            return null;
        (pair.ToldPackets, pair.ToldRekey) = (packets, rekey);
        return Of(pair);
    }
}
