using Baton.Cluster.Configuration;
using Baton.Linux;
using Baton.Wire;

namespace Baton.Gateway;

/// <summary>Where inner packets go while there is no TUN: the endpoint of the inner host, by configured route or learned from what it sent.</summary>
/// <remarks>Longest prefix of the routes first, as operators expect; learned ones only for addresses without a route, at most 65,536.</remarks>
public sealed class InnerHosts
{
    private const int MaximumLearned = 65_536;

    private readonly (IpAddress Prefix, int Bits, bool IsV4, UdpEndpoint To)[] _routes;
    private readonly Dictionary<IpAddress, UdpEndpoint> _learned = [];

    public InnerHosts(IEnumerable<InnerRoute> routes)
    {
        _routes =
        [
            .. routes
                .Select(r => (IpAddress.From(r.Prefix.BaseAddress), r.Prefix.PrefixLength, r.Prefix.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork, UdpEndpoint.From(r.To)))
                .OrderByDescending(r => r.PrefixLength),
        ];
    }

    /// <summary>Learns that <paramref name="host"/> is behind <paramref name="from"/>.</summary>
    public void Learn(in IpAddress host, in UdpEndpoint from)
    {
        if (_learned.TryGetValue(host, out UdpEndpoint known) ? known != from : _learned.Count < MaximumLearned)
            _learned[host] = from;
    }

    public bool TryFind(in IpAddress host, out UdpEndpoint to)
    {
        bool v4 = host.IsV4;
        foreach ((IpAddress prefix, int bits, bool isV4, UdpEndpoint endpoint) in _routes)
        {
            if (isV4 == v4 && host.Masked(bits) == prefix)
            {
                to = endpoint;
                return true;
            }
        }

        return _learned.TryGetValue(host, out to);
    }
}
