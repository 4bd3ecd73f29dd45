using System.Runtime.InteropServices;
using Baton.Linux.Netlink;
using Baton.Wire;

namespace Baton.Linux.EspRuns;

/// <summary>The device by which the kernel would send to a peer and its MTU, remembered until the kernel has news of links, addresses, routes or rules. Next hops and neighbours stay the kernel's. One owner thread.</summary>
internal sealed class EspRoutes : IDisposable
{
    /// <summary>The kernel is asked so often a turn at most: it takes 20 microseconds, and all peers may have to be looked up anew at once.</summary>
    private const int MostAsked = 16;

    private const uint Links = 1, Addresses4 = 0x10, Routes4 = 0x40, Rules4 = 0x80, Addresses6 = 0x100, Routes6 = 0x400, Rules6 = 1 << 18;

    private readonly NetlinkSocket _news = new(Links | Addresses4 | Routes4 | Rules4 | Addresses6 | Routes6 | Rules6);
    private readonly RouteNetlink _netlink = new();
    /// <summary>Peers remembered; one more, and all are asked for anew. More than a gateway has.</summary>
    private const int MostKnown = 1 << 18;

    private readonly Dictionary<(IpAddress To, IpAddress From), Way> _known = [];

    /// <summary>Asked once for all peers: the kernel answers for a device only when nobody else changes one.</summary>
    private readonly Dictionary<int, Way> _devices = [];
    private readonly NetlinkSink _hear;
    private readonly int _loopback = RouteNetlink.IndexOf("lo");
    private (IpAddress To, IpAddress From) _last;
    private Way _lastWay;
    private bool _isStale;
    private int _asked;

    /// <param name="Device">0: none by which runs can leave.</param>
    /// <param name="Mtu">Of the device, as it is now.</param>
    public readonly record struct Way(int Device, int Mtu);

    /// <param name="near">The end of the pair that we send and receive at.</param>
    public EspRoutes(int near) => _hear = (type, body) =>
    {
        const ushort LinkIs = 16, LinkIsGone = 17;
        const uint UpWithCarrier = 1 | 1 << 16;  // IFF_UP, IFF_LOWER_UP
        _isStale = true;
        if (type is LinkIs or LinkIsGone && body.Length >= 12 && MemoryMarshal.Read<int>(body[4..]) == near)  // struct ifinfomsg
            IsPairDown |= type == LinkIsGone || (MemoryMarshal.Read<uint>(body[8..]) & UpWithCarrier) != UpWithCarrier;
    };

    /// <summary>Somebody removed the pair or set an end of it down.</summary>
    public bool IsPairDown { get; private set; }

    /// <summary>Hears the news; once a turn, no more often: it is the turn's measure of how often the kernel is asked.</summary>
    public void Refresh()
    {
        _asked = 0;
        bool isComplete = _news.TakeNews(_hear);
        if (isComplete && !_isStale)
            return;
        Forget();
    }

    /// <summary>Device 0: not by an Ethernet device, or not at all, or not known yet.</summary>
    public Way To(in IpAddress to, in IpAddress from)
    {
        if (_last == (to, from))
            return _lastWay;
        if (!_known.TryGetValue((to, from), out Way way))
        {
            if (_asked >= MostAsked)
                return default;
            _asked++;
            if (_known.Count == MostKnown)
                Forget();
            way = _netlink.Lookup(to.ToIPAddress(), from.ToIPAddress()) is { Device: > 0 } route && route.Device != _loopback ? By(route.Device) : default;
            _known[(to, from)] = way;
        }

        (_last, _lastWay) = ((to, from), way);
        return way;
    }

    private Way By(int device)
    {
        if (!_devices.TryGetValue(device, out Way way))
            _devices[device] = way = _netlink.Link(device) is { Hardware.Length: 6 } link ? new Way(device, link.Mtu) : default;
        return way;
    }

    private void Forget()
    {
        _known.Clear();
        _devices.Clear();
        (_last, _isStale) = (default, false);
    }

    public void Dispose()
    {
        _news.Dispose();
        _netlink.Dispose();
    }
}
