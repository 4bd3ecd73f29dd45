using System.Net;
using Baton.Ike.Payloads;

namespace Baton.Ike.Negotiation;

/// <summary>The responder's answer is the part of the offer that its policy allows (RFC 7296 section 2.9).</summary>
/// <remarks>
/// The intersection of two lists is every non-empty intersection of two of their members, so what the initiator named first (the packet that
/// made it ask) is in the answer whenever it is allowed. What another result contains is left out; more than <see cref="MostSelectors"/> are cut off.
/// </remarks>
public static class TrafficSelectorNarrowing
{
    /// <summary>An answer with more says nothing useful; the rest of the offer is lost, as narrowing may.</summary>
    public const int MostSelectors = 32;

    public static IReadOnlyList<TrafficSelector> All { get; } =
    [
        new TrafficSelector(0, 0, 65535, IPAddress.Any, IPAddress.Broadcast),
        new TrafficSelector(0, 0, 65535, IPAddress.IPv6Any, LastV6),
    ];

    private static IPAddress LastV6 => IPAddress.Parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");

    /// <summary>Empty: TS_UNACCEPTABLE.</summary>
    public static List<TrafficSelector> Narrow(IReadOnlyList<TrafficSelector> offer, IReadOnlyList<TrafficSelector> policy)
    {
        var result = new List<TrafficSelector>();
        foreach (TrafficSelector theirs in offer)
        {
            foreach (TrafficSelector mine in policy)
            {
                if (result.Count == MostSelectors) return result;
                if (Intersect(theirs, mine) is not { } both || result.Exists(each => Contains(each, both))) continue;
                result.RemoveAll(each => Contains(both, each));
                result.Add(both);
            }
        }

        return result;
    }

    /// <summary>As initiator: is every selector of the answer inside one that we offered? (section 2.9: a subset, or the answer is void)</summary>
    public static bool IsSubset(IReadOnlyList<TrafficSelector> answer, IReadOnlyList<TrafficSelector> offer) =>
        answer.Count > 0 && answer.All(each => offer.Any(wider => Contains(wider, each)));

    public static TrafficSelector? Intersect(TrafficSelector a, TrafficSelector b)
    {
        if (a.Start.AddressFamily != b.Start.AddressFamily) return null;
        if (a.Protocol != 0 && b.Protocol != 0 && a.Protocol != b.Protocol) return null;
        if (!TryPorts(a, b, out ushort startPort, out ushort endPort)) return null;
        IPAddress start = Compare(a.Start, b.Start) >= 0 ? a.Start : b.Start;
        IPAddress end = Compare(a.End, b.End) <= 0 ? a.End : b.End;
        return Compare(start, end) > 0 ? null : new TrafficSelector(a.Protocol != 0 ? a.Protocol : b.Protocol, startPort, endPort, start, end);
    }

    public static bool Contains(TrafficSelector wide, TrafficSelector narrow) =>
        wide.Start.AddressFamily == narrow.Start.AddressFamily
        && (wide.Protocol == 0 || wide.Protocol == narrow.Protocol)
        && (IsAllPorts(wide) || (!IsOpaque(narrow) && wide.StartPort <= narrow.StartPort && wide.EndPort >= narrow.EndPort) || (IsOpaque(wide) && IsOpaque(narrow)))
        && Compare(wide.Start, narrow.Start) <= 0 && Compare(wide.End, narrow.End) >= 0;

    /// <summary>One address, every protocol and port.</summary>
    public static TrafficSelector Host(IPAddress address) => new(0, 0, 65535, address, address);

    private static bool TryPorts(TrafficSelector a, TrafficSelector b, out ushort start, out ushort end)
    {
        if (IsOpaque(a) || IsOpaque(b))
        {
            // OPAQUE (section 3.13.1) is start 65535, end 0: inside "all ports", and inside itself.
            (start, end) = (65535, 0);
            return (IsOpaque(a) || IsAllPorts(a)) && (IsOpaque(b) || IsAllPorts(b));
        }

        (start, end) = (Math.Max(a.StartPort, b.StartPort), Math.Min(a.EndPort, b.EndPort));
        return start <= end;
    }

    private static bool IsOpaque(TrafficSelector selector) => selector is { StartPort: 65535, EndPort: 0 };

    private static bool IsAllPorts(TrafficSelector selector) => selector is { StartPort: 0, EndPort: 65535 };

    private static int Compare(IPAddress a, IPAddress b)
    {
        Span<byte> left = stackalloc byte[16], right = stackalloc byte[16];
        a.TryWriteBytes(left, out int length);
        b.TryWriteBytes(right, out _);
        return left[..length].SequenceCompareTo(right[..length]);
    }
}
