using Baton.Gateway.DataPath;
using Baton.Ike;

namespace Baton.Gateway.Ike;

/// <summary>What a pair carried: liveness, limits of its life, and numbers that are left (RFC 7296 2.4, 2.8).</summary>
internal static class ChildTraffic
{
    /// <summary>Since this member works. Null when one of its halves is not there.</summary>
    public static IkeInput.Traffic? Of(ChildEntry pair) => pair is { Outbound: { } outbound, Inbound: { } inbound }
        ? new IkeInput.Traffic(
            new ChildSaId(pair.Child), Since(outbound.Bytes + inbound.Bytes, pair.EarlierBytes), Since(outbound.Packets + inbound.Packets, pair.EarlierPackets),
            inbound.LastAt, outbound.Headroom)
        : null;

    /// <summary>Null when nothing is new since it was last told.</summary>
    /// <param name="tenure">Another number whenever this member begins to work: what it had told before is in the records.</param>
    public static IkeInput.Traffic? News(ChildEntry pair, ulong tenure)
    {
        if (pair.Outbound is not { } outbound || pair.Inbound is not { } inbound)
            return null;
        if (pair.Tenure != tenure)
            (pair.Tenure, pair.EarlierBytes, pair.EarlierPackets) = (tenure, pair.ToldBytes, pair.ToldPackets);
        long packets = outbound.Packets + inbound.Packets;
        bool rekey = outbound.Headroom == 0;
        if (packets == pair.ToldPackets && rekey == pair.ToldRekey)
            return null;
        (pair.ToldPackets, pair.ToldBytes, pair.ToldRekey) = (packets, outbound.Bytes + inbound.Bytes, rekey);
        return Of(pair);
    }

    private static ulong Since(long counted, long earlier) => (ulong)Math.Max(0, counted - earlier);
}
