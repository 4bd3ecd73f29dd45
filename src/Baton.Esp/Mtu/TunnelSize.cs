namespace Baton.Esp.Mtu;

/// <summary>What fits into a tunnel: the path's MTU less outer header, UDP, and what the suite adds.</summary>
public static class TunnelSize
{
    private const int UdpHeader = 8;

    /// <summary>The least that each IP version must carry whole (RFC 791 3.2, RFC 8200 5).</summary>
    public const int LeastV4 = 576;

    public const int LeastV6 = 1_280;

    /// <summary>The longest payload of ESP (tunnel mode: inner packet) whose outer packet has at most <paramref name="pathMtu"/> bytes.</summary>
    /// <param name="inUdp">Encapsulated (RFC 3948); false: protocol 50.</param>
    /// <returns>0 where nothing fits.</returns>
    public static int LargestPayload(this EspSuite suite, int pathMtu, bool outerIsV4, bool inUdp)
    {
        int room = pathMtu - OuterHeaders(outerIsV4, inUdp);
        int text = room - EspSuites.HeaderLength - suite.IvLength() - EspSuites.IcvLength;
        return Math.Max(0, (text & -suite.Alignment()) - 2);  // pad length and next header
    }

    /// <summary>The other way round: the least MTU of a path on which an outer packet with this payload goes whole.</summary>
    public static int LeastPath(this EspSuite suite, int payload, bool outerIsV4, bool inUdp) => OuterHeaders(outerIsV4, inUdp) + suite.SealedLength(payload);

    /// <summary>What fits whatever the suite: the MTU of a tunnel device before suites are negotiated.</summary>
    public static int LargestPayloadOfAnySuite(int pathMtu, bool outerIsV4, bool inUdp)
    {
        int least = int.MaxValue;
        foreach (EspSuite suite in Enum.GetValues<EspSuite>())
            least = Math.Min(least, suite.LargestPayload(pathMtu, outerIsV4, inUdp));
        return least;
    }

    private static int OuterHeaders(bool outerIsV4, bool inUdp) => (outerIsV4 ? 20 : 40) + (inUdp ? UdpHeader : 0);
}
