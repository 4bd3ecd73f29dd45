using Baton.Linux.Netlink;
using Baton.Wire;

namespace Baton.Linux.EspRuns;

/// <summary>The device by which the kernel would send to a peer, remembered until the kernel has news of links, addresses, routes or rules. Next hops and neighbours stay the kernel's. One owner thread.</summary>
internal sealed class EspRoutes : IDisposable
{
    /// <summary>The kernel is asked so often a turn at most: it takes 20 microseconds, and all peers may have to be looked up anew at once.</summary>
    private const int MostAsked = 16;

    private const uint Links = 1, Addresses4 = 0x10, Routes4 = 0x40, Rules4 = 0x80, Addresses6 = 0x100, Routes6 = 0x400, Rules6 = 1 << 18;

    private readonly NetlinkSocket _news = new(Links | Addresses4 | Routes4 | Rules4 | Addresses6 | Routes6 | Rules6);
    private readonly RouteNetlink _netlink = new();
    private readonly Dictionary<(IpAddress To, IpAddress From), int> _known = [];
    private readonly NetlinkSink _hear;
    private readonly int _loopback = RouteNetlink.IndexOf("lo");
    private (IpAddress To, IpAddress From) _last;
    private int _lastDevice;
    private bool _isStale;
    private int _asked;

    public EspRoutes() => _hear = (_, _) => _isStale = true;

    /// <summary>Hears the news; now and then, once a turn.</summary>
    public void Refresh()
    {
        _asked = 0;
        bool isComplete = _news.TakeNews(_hear);
        if (isComplete && !_isStale)
            return;
        _known.Clear();
        (_last, _isStale) = (default, false);
    }

    /// <summary>0: not by an Ethernet device, or not at all, or not known yet.</summary>
    public int DeviceTo(in IpAddress to, in IpAddress from)
    {
        if (_last == (to, from))
            return _lastDevice;
        if (!_known.TryGetValue((to, from), out int device))
        {
            if (_asked++ >= MostAsked)
                return 0;
            device = _netlink.Lookup(to.ToIPAddress(), from.ToIPAddress())?.Device ?? 0;
            if (device == _loopback || (device != 0 && _netlink.Link(device) is not { Hardware.Length: 6 }))
                device = 0;
            _known[(to, from)] = device;
        }

        (_last, _lastDevice) = ((to, from), device);
        return device;
    }

    public void Dispose()
    {
        _news.Dispose();
        _netlink.Dispose();
    }
}
