using Baton.Wire;
using Baton.Wire.Headers;

namespace Baton.Esp.Modes;

/// <summary>What tunnel mode does to headers (RFC 4301 5.1.2, RFC 4303 3.1.2, RFC 6040). Pure: which sockets the outer header comes from and goes to
/// is the shell's affair.</summary>
public static class TunnelMode
{
    public const byte Ipv4 = 4;
    public const byte Ipv6 = 41;

    /// <summary>The next header that says what lies inside.</summary>
    public static byte NextHeader(in IpPacket inner) => inner.Version == 4 ? Ipv4 : Ipv6;

    /// <summary>The inner packet of an opened payload. Bytes behind its own length are TFC padding and are cut off (RFC 4303 2.7).</summary>
    /// <returns><see cref="EspVerdict.BadInner"/> when it is not whole, or not of the version that the next header says.</returns>
    public static EspVerdict TryOpen(ReadOnlySpan<byte> payload, byte nextHeader, out IpPacket inner) =>
        IpPacket.TryParse(payload, out inner) && nextHeader == NextHeader(inner) ? EspVerdict.Delivered : EspVerdict.BadInner;

    /// <summary>DSCP and ECN of the outer header at the encapsulator: the inner ones (RFC 4301 5.1.2.1; RFC 6040 4.1, normal mode).</summary>
    /// <param name="dscp">Null copies the inner DSCP. A value (0 to 63) stands for all packets of the SA: a domain with other code points (note 5), or a
    /// path on which the DSCP must not tell what is inside.</param>
    /// <param name="ecn">False where the far end does not take ECN over from the outer header (RFC 6040 4.1, compatibility mode).</param>
    public static byte OuterTrafficClass(in IpPacket inner, byte? dscp = null, bool ecn = true)
    {
        byte own = TrafficClass.Read(inner.Bytes);
        byte outer = dscp is { } value ? (byte)(value << 2) : own;
        return TrafficClass.WithEcn(outer, ecn ? TrafficClass.EcnOf(own) : Ecn.NotEct);
    }

    /// <summary>The ECN of the inner packet at the decapsulator (RFC 6040 4.2, figure 4, which replaces note 6 of RFC 4301 5.1.2.1).</summary>
    /// <remarks>
    /// <code>
    ///               outer  Not-ECT   ECT(0)    ECT(1)    CE
    ///   inner Not-ECT      Not-ECT   Not-ECT   Not-ECT   drop
    ///         ECT(0)       ECT(0)    ECT(0)    ECT(1)    CE
    ///         ECT(1)       ECT(1)    ECT(1)    ECT(1)    CE
    ///         CE           CE        CE        CE        CE
    /// </code>
    /// The DSCP of the inner packet stays as it is (RFC 4301 5.1.2.2, note 9).
    /// </remarks>
    /// <param name="inner">The inner packet, parsed.</param>
    /// <param name="outerTrafficClass">Of the outer header as it arrived.</param>
    /// <returns><see cref="EspVerdict.Congested"/> when the packet must be dropped: its transport would not understand the mark, and the mark must
    /// not be lost.</returns>
    public static EspVerdict TakeCongestion(Span<byte> inner, byte outerTrafficClass)
    {
        Ecn outer = TrafficClass.EcnOf(outerTrafficClass);
        byte trafficClass = TrafficClass.Read(inner);
        Ecn own = TrafficClass.EcnOf(trafficClass);
        if (own == Ecn.NotEct)
            return outer == Ecn.Ce ? EspVerdict.Congested : EspVerdict.Delivered;
        Ecn next = outer is Ecn.Ce || (outer is Ecn.Ect1 && own is Ecn.Ect0) ? outer : own;
        if (next != own)
            TrafficClass.Write(inner, TrafficClass.WithEcn(trafficClass, next));
        return EspVerdict.Delivered;
    }
}
