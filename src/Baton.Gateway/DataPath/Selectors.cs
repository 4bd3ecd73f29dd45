using Baton.Cluster.Records;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>Does a packet lie within what an SA protects?</summary>
internal static class Selectors
{
    /// <summary>Some pair of the two sides' selectors admits it (RFC 7296 2.9).</summary>
    public static bool Admit(SaSelector[] source, SaSelector[] destination, in IpPacket packet)
    {
        (IpAddress from, IpAddress to) = (packet.Source, packet.Destination);
        foreach (ref readonly SaSelector one in source.AsSpan())
        {
            if (!one.Contains(from))
                continue;
            foreach (ref readonly SaSelector other in destination.AsSpan())
            {
                if (other.Contains(to) && ((!one.IsNarrow && !other.IsNarrow) || PortsMatch(one, other, UpperLayer.Of(packet))))
                    return true;
            }
        }

        return false;
    }

    /// <summary>Ports that cannot be seen match any-port selectors only (RFC 4301 4.4.1.1, 7).</summary>
    public static bool PortsMatch(in SaSelector source, in SaSelector destination, in UpperLayer upper) =>
        Matches(source, upper, upper.From) && Matches(destination, upper, upper.To);

    private static bool Matches(in SaSelector selector, in UpperLayer upper, ushort port) =>
        (selector.Protocol == 0 || selector.Protocol == upper.Protocol)
        && (selector.IsAnyPort || (upper.HasPorts && port >= selector.FirstPort && port <= selector.LastPort));
}

/// <summary>What selectors look at beyond addresses.</summary>
internal readonly record struct UpperLayer(byte Protocol, bool HasPorts, ushort From, ushort To)
{
    public static UpperLayer Of(in IpPacket packet)
    {
        bool hasPorts = packet.TryUpper(out byte protocol, out ushort from, out ushort to);
        return new UpperLayer(protocol, hasPorts, from, to);
    }
}
