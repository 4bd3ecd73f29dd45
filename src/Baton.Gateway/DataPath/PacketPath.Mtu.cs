using Baton.Cluster.Configuration;
using Baton.Esp;
using Baton.Esp.Modes;
using Baton.Esp.Mtu;
using Baton.Gateway.Ports;
using Baton.Gateway.Router;
using Baton.Linux.Sockets;
using Baton.Wire;
using Baton.Wire.Headers;

namespace Baton.Gateway.DataPath;

/// <summary>Packets that do not fit through the path to their peer, and what is learned of paths (RFC 4301 8).</summary>
/// <remarks>
/// <code>
///   fits                                  -> seal
///   policy "clear"                        -> seal; the outer packet may be fragmented
///   IPv4 without DF                       -> fragment, then seal each (never the other way: a fragment of ESP cannot be judged)
///   IPv6 of at most 1280 bytes            -> seal; the outer packet may be fragmented (RFC 2473 7.1)
///   else                                  -> drop, and tell its sender what fits
/// </code>
/// The TTL is not touched here: with a TUN device the kernel forwards on either side of the tunnel and takes one off each time.
/// </remarks>
internal sealed partial class PacketPath
{
    private readonly PathMtuTable _paths;
    private readonly Allowance _icmpAllowance = new(perSecond: 100, atOnce: 50);
    private readonly byte[] _icmp = new byte[TooBig.MaximumLength];
    private readonly byte[] _fragment = new byte[2_048];
    private readonly FragmentPolicy _fragmentPolicy;
    private readonly PathMtuNews _news;
    private Instant _now;

    /// <summary>Inner packets cut before they were sealed.</summary>
    public long FragmentedPackets { get; private set; }

    /// <summary>"Fragmentation needed" and "packet too big", sent to inner hosts.</summary>
    public long TooBigAnswers { get; private set; }

    public long TooBigSuppressed => _icmpAllowance.Refused;

    /// <summary>News of a path that were believed.</summary>
    public long PathNews { get; private set; }

    /// <summary>News that quoted no packet of ours.</summary>
    public long PathNewsRefused { get; private set; }

    public int PathsLearned => _paths.Count;

    private bool MayFragmentOuter(in IpPacket ip) => _fragmentPolicy switch
    {
        FragmentPolicy.Set => false,
        FragmentPolicy.Clear => true,
        _ => ip.Version == 4 && (ip.Bytes[6] & 0x40) == 0,
    };

    /// <summary>The longest payload of this SA for the path to its peer.</summary>
    private int Fits(OutboundEntry entry)
    {
        if (entry.FitsGeneration == _paths.Generation)
            return entry.Fits;
        entry.FitsGeneration = _paths.Generation;
        return entry.Fits = entry.Sa.Suite.LargestPayload(_paths.Of(entry.Peer.Address), entry.Peer.Address.IsV4, inUdp: !entry.Peer.IsRaw);
    }

    private EspVerdict SendOversize(OutboundEntry entry, in IpPacket ip, ReadOnlySpan<byte> payload, byte nextHeader, int fits)
    {
        if (_fragmentPolicy == FragmentPolicy.Clear || (ip.Version == 6 && !entry.IsTransport && payload.Length <= TunnelSize.LeastV6))
            return SealOne(entry, ip, payload, nextHeader, mayFragment: true);
        if (!entry.IsTransport && Ipv4Fragments.MayCut(ip, fits))
            return SendFragments(entry, ip, fits);
        if (_icmpAllowance.TryTake(_now))
        {
            int mtu = fits + (ip.Bytes.Length - payload.Length);
            int length = TooBig.Write(_icmp, ip, ip.Version == 6 ? Math.Max(mtu, TunnelSize.LeastV6) : mtu);
            if (length > 0 && Inner.Give(_icmp.AsSpan(0, length), ip.Source))
            {
                TooBigAnswers++;
                Inner.Flush();  // the buffer is used for the next one
            }
        }

        return EspVerdict.TooBig;
    }

    private EspVerdict SendFragments(OutboundEntry entry, in IpPacket ip, int fits)
    {
        var fragments = new Ipv4Fragments(ip, Math.Min(fits, _fragment.Length));
        FragmentedPackets++;
        while (fragments.TryNext(_fragment, out int length))
        {
            ReadOnlySpan<byte> fragment = _fragment.AsSpan(0, length);
            if (!IpPacket.TryParse(fragment, out IpPacket piece))
                return EspVerdict.BadInner;
            EspVerdict verdict = SealOne(entry, piece, fragment, TunnelMode.Ipv4, MayFragmentOuter(ip));
            if (verdict != EspVerdict.Delivered)
                return verdict;  // the others would be of no use
        }

        return EspVerdict.Delivered;
    }

    private EspVerdict SealOne(OutboundEntry entry, in IpPacket ip, ReadOnlySpan<byte> payload, byte nextHeader, bool mayFragment)
    {
        int front = _viaRouter ? Shim.Length : 0;
        if (entry.Sa.Suite.SealedLength(payload.Length) + front > Outer.PacketBytes)
            return EspVerdict.TooLong;  // before a number is spent on it
        if (!entry.TryTake(out ulong number))
            return EspVerdict.NoLease;
        var departure = new Departure(_viaRouter ? RouterOf(entry) : entry.Peer, _viaRouter ? default : entry.Local, TunnelMode.OuterTrafficClass(ip), !mayFragment);
        Span<byte> buffer = Outer.Reserve(departure);
        int length = entry.Sa.Seal(payload, nextHeader, number, buffer[front..]);
        if (_viaRouter)
            Shim.Write(buffer, entry.Peer);
        Outer.Queue(front + length, departure);
        entry.Count(payload.Length);
        SealedPackets++;
        return EspVerdict.Delivered;
    }

    /// <summary>ICMP is anybody's word: where it quotes enough, it must quote a packet of ours to that peer (RFC 4301 8.2.1).</summary>
    private void HearPath(in IpAddress destination, int mtu, ReadOnlySpan<byte> quoted, bool isLocal)
    {
        if (!isLocal && quoted.Length >= 4)
        {
            uint spi = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(quoted);
            if (spi != 0 && !(_outboundBySpi.TryGetValue(spi, out OutboundEntry? entry) && entry.Peer.Address == destination))
            {
                PathNewsRefused++;
                return;
            }
        }

        if (_paths.Learn(destination, mtu, _now))
            PathNews++;
    }
}
