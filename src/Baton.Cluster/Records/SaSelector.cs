using System.Globalization;
using System.Net;
using Baton.Wire;

namespace Baton.Cluster.Records;

/// <summary>One side of what an SA protects: addresses from a first to a last one, a protocol and its ports (RFC 7296 3.13.1, RFC 4301 4.4.1.1).</summary>
/// <param name="Protocol">IANA number; 0: any.</param>
/// <param name="FirstPort">For ICMP the type in the high byte and the code in the low one (RFC 4301 4.4.1.1).</param>
public readonly record struct SaSelector(byte Protocol, ushort FirstPort, ushort LastPort, IpAddress First, IpAddress Last)
{
    public static SaSelector Of(IPNetwork network)
    {
        IpAddress first = IpAddress.From(network.BaseAddress);
        int free = (first.IsV4 ? 32 : 128) - network.PrefixLength;
        ulong low = free >= 64 ? ulong.MaxValue : (1UL << free) - 1;
        ulong high = free <= 64 ? 0 : free >= 128 ? ulong.MaxValue : (1UL << (free - 64)) - 1;
        return new(0, 0, ushort.MaxValue, first, new IpAddress(first.High | high, first.Low | low));
    }

    public bool IsAnyPort => FirstPort == 0 && LastPort == ushort.MaxValue;

    /// <summary>Does it look at more than addresses?</summary>
    public bool IsNarrow => Protocol != 0 || !IsAnyPort;

    public bool IsHost => First == Last;

    /// <summary>Are its addresses those of a prefix, and not just a range?</summary>
    public bool IsPrefix
    {
        get
        {
            (ulong high, ulong low) = (First.High ^ Last.High, First.Low ^ Last.Low);
            return (low & (low + 1)) == 0 && (high & (high + 1)) == 0 && (high == 0 || low == ulong.MaxValue) && (First.High & high) == 0 && (First.Low & low) == 0;
        }
    }

    public bool Contains(in IpAddress address) => address.IsV4 == First.IsV4
        && (address.High > First.High || (address.High == First.High && address.Low >= First.Low))
        && (address.High < Last.High || (address.High == Last.High && address.Low <= Last.Low));

    /// <summary>Bits that are fixed: of two selectors the one with more is the narrower (a range counts as the widest prefix in it plus one).</summary>
    public int FixedBits
    {
        get
        {
            (ulong high, ulong low) = (Last.High - First.High - (Last.Low < First.Low ? 1UL : 0), Last.Low - First.Low);
            int free = high != 0 ? 128 - System.Numerics.BitOperations.LeadingZeroCount(high) : 64 - System.Numerics.BitOperations.LeadingZeroCount(low);
            return (First.IsV4 ? 32 : 128) - free;
        }
    }

    public override string ToString()
    {
        int bits = FixedBits;
        string addresses = IsPrefix ? $"{First}/{bits}" : $"{First}-{Last}";
        string ports = IsAnyPort ? "" : FirstPort == LastPort ? $"/{FirstPort}" : $"/{FirstPort}-{LastPort}";
        return Protocol == 0 && ports.Length == 0 ? addresses : string.Create(CultureInfo.InvariantCulture, $"{addresses}[{Protocol}{ports}]");
    }
}
