using System.Net;
using System.Net.Sockets;
using Baton.Cluster.Configuration;
using Baton.Ike;
using Baton.Ike.Payloads;
using Baton.Linux.Netlink;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Ike;

/// <summary>Inner addresses that responders gave us (RFC 7296 2.19): on the TUN device while their IKE SA is up, with routes that use them as source. IKE thread only.</summary>
/// <remarks>
/// Level-triggered: what is wanted follows from the IKE SAs that are up, and the kernel gets the difference. So a rekey changes nothing, a re-assignment replaces,
/// and a takeover begins with what the records say. A far side that contains the peer's own outer address would swallow the tunnel itself: then the
/// way that leads there now is written down as a route of its own first. A default route is set as its two halves, beside the one there is.
/// </remarks>
internal sealed class AssignedAddresses : IDisposable
{
    private const int MostPrefixes = 64;

    private readonly RouteNetlink _netlink = new();
    private readonly int _device;
    private readonly IReadOnlyList<IPNetwork> _configured;
    private readonly ILogger _log;
    private readonly Dictionary<IkeSaId, IkeSaFacts> _sas = [];
    private readonly HashSet<IPAddress> _addresses = [];
    private readonly Dictionary<IPNetwork, Route> _routes = [];

    /// <param name="inner">With a TUN device that is there already.</param>
    public AssignedAddresses(InnerOptions inner, ILogger log)
    {
        (_device, _configured, _log) = (RouteNetlink.IndexOf(inner.Tun!), inner.TunRoutes, log);
    }

    /// <summary>Null where nothing can be given to us, or no TUN device can take it.</summary>
    public static AssignedAddresses? For(NodeOptions options, ILogger log) =>
        options.Inner?.Tun is not null && options.Ike.Connections.Any(each => each.AsksForIPv4 || each.AsksForIPv6) ? new AssignedAddresses(options.Inner, log) : null;

    /// <summary>Looks again at the IKE SAs that an output concerns.</summary>
    public void Follow(IkeOutput output, IkeEndpoint endpoint)
    {
        bool changed = false;
        foreach (IkeSaId id in Concerned(output))
        {
            if (endpoint.FactsOf(id) is { Assigned.Count: > 0 } facts)
            {
                _sas[id] = facts;
                changed = true;
            }
            else
            {
                changed |= _sas.Remove(id);
            }
        }

        if (changed)
            Apply();
    }

    /// <summary>Of an IKE SA that goes on here after a takeover.</summary>
    public void Take(IkeSaFacts facts)
    {
        _sas[facts.Id] = facts;
        Apply();
    }

    /// <summary>This member works no more: what it was given is another's now.</summary>
    public void Clear()
    {
        _sas.Clear();
        Apply();
    }

    /// <summary>After news of addresses and routes: with a device, or its last address, the kernel takes our routes away, and another way may lead to a peer now.</summary>
    public void Refresh()
    {
        if (_sas.Count == 0)
            return;
        try
        {
            Route[] there = [.. _netlink.Routes(AddressFamily.InterNetwork), .. _netlink.Routes(AddressFamily.InterNetworkV6)];
            foreach ((IPNetwork prefix, Route ours) in _routes.Where(each => !there.Any(route => IsSame(route, each.Value))).ToArray())
                _routes.Remove(prefix);
        }
        catch (IOException e)
        {
            _log.LogError("what became of the routes for an inner address cannot be seen: {Why}", e.Message);
        }

        Apply();
    }

    public void Dispose()
    {
        Clear();
        _netlink.Dispose();
    }

    private static IReadOnlyList<IkeSaId> Concerned(IkeOutput output) => output switch
    {
        IkeOutput.AddressAssigned assigned => [assigned.Sa],
        IkeOutput.ChildUp up => [up.Child.Sa],
        IkeOutput.ChildDown down => [down.Sa],
        IkeOutput.IkeSaReplaced replaced => [replaced.Old, replaced.Successor.Id],
        IkeOutput.IkeSaDown down => [down.Sa],
        IkeOutput.EndpointChanged changed => [changed.Sa],
        IkeOutput.RestoreWanted wanted => wanted.Sas,
        _ => [],
    };

    private void Apply()
    {
        try
        {
            HashSet<IPAddress> addresses = [.. _sas.Values.SelectMany(each => each.Assigned)];
            Dictionary<IPNetwork, Route> routes = WantedRoutes();
            foreach ((IPNetwork prefix, Route gone) in _routes.Where(each => !routes.ContainsKey(each.Key)).ToArray())
            {
                _routes.Remove(prefix);
                _netlink.RemoveRoute(gone);
            }

            foreach (IPAddress address in addresses.Where(_addresses.Add))
                _netlink.AddAddress(_device, address, HostLength(address));

            // Routes to peers go first: the others may cover them.
            foreach ((IPNetwork prefix, Route route) in routes.OrderBy(each => each.Value.Device == _device))
            {
                if (_routes.GetValueOrDefault(prefix) == route)
                    continue;
                _netlink.ReplaceRoute(route);
                _routes[prefix] = route;
            }

            foreach (IPAddress gone in _addresses.Where(each => !addresses.Contains(each)).ToArray())
            {
                _addresses.Remove(gone);
                _netlink.RemoveAddress(_device, gone, HostLength(gone));
            }

            // With a device's last address the kernel takes all its routes away.
            foreach (IPNetwork prefix in _configured.Where(each => !routes.ContainsKey(each)))
                _netlink.ReplaceRoute(new Route(prefix, _device));
        }
        catch (IOException e)
        {
            _log.LogError("an inner address that was given to us cannot be set: {Why}", e.Message);
        }
    }

    private Dictionary<IPNetwork, Route> WantedRoutes()
    {
        var routes = new Dictionary<IPNetwork, Route>();
        foreach (IkeSaFacts sa in _sas.Values)
        {
            IPAddress peer = sa.Remote.Address;
            foreach (IPNetwork prefix in sa.Beyond.SelectMany(Prefixes).Take(MostPrefixes))
            {
                if (sa.Assigned.FirstOrDefault(each => each.AddressFamily == prefix.BaseAddress.AddressFamily) is not { } source)
                    continue;
                routes[prefix] = new Route(prefix, _device, Source: source);
                if (prefix.Contains(peer) && WayTo(peer) is { } way)
                    routes[way.Prefix] = way;
            }
        }

        return routes;
    }

    /// <summary>How packets reach the peer without our routes. Where nothing of ours leads there the kernel says; else the best of the other routes does.</summary>
    private Route? WayTo(IPAddress peer)
    {
        var prefix = new IPNetwork(peer, HostLength(peer));
        Route? known = _routes.GetValueOrDefault(prefix);
        if (known is null && _netlink.Lookup(peer) is { } now && now.Device != _device)
            return new Route(prefix, now.Device, now.Gateway);
        Route? best = _netlink.Routes(peer.AddressFamily)
            .Where(each => each.Device != _device && each.Prefix.Contains(peer) && (known is null || !IsSame(each, known)))
            .OrderByDescending(each => each.Prefix.PrefixLength).ThenBy(each => each.Metric)
            .FirstOrDefault();
        return best switch
        {
            null => null,
            { Device: 0 } => known,  // over several next hops: which one we took is as good as any
            _ => new Route(prefix, best.Device, best.Gateway),
        };
    }

    /// <summary>The kernel adds to a route what we leave open (its source, a metric for IPv6).</summary>
    private static bool IsSame(Route there, Route ours) => there.Prefix.Equals(ours.Prefix) && there.Device == ours.Device && Equals(there.Gateway, ours.Gateway);

    private static int HostLength(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;

    /// <summary>The fewest prefixes that make up a range (a selector may be any range); all of a family as its two halves.</summary>
    internal static IEnumerable<IPNetwork> Prefixes(TrafficSelector selector)
    {
        int bits = HostLength(selector.Start);
        (UInt128 at, UInt128 end) = (Value(selector.Start), Value(selector.End));
        while (at <= end)
        {
            int free = at == 0 ? bits - 1 : Math.Min(bits - 1, (int)UInt128.TrailingZeroCount(at));
            while (free > 0 && (UInt128.One << free) - 1 > end - at)
                free--;
            yield return new IPNetwork(Address(at, bits), bits - free);
            UInt128 next = at + (UInt128.One << free);
            if (next <= at || (bits == 32 && next > uint.MaxValue))
                yield break;
            at = next;
        }
    }

    private static UInt128 Value(IPAddress address)
    {
        UInt128 value = 0;
        foreach (byte each in address.GetAddressBytes())
            value = (value << 8) | each;
        return value;
    }

    private static IPAddress Address(UInt128 value, int bits)
    {
        var bytes = new byte[bits / 8];
        for (int i = bytes.Length - 1; i >= 0; i--, value >>= 8)
            bytes[i] = (byte)value;
        return new IPAddress(bytes);
    }
}
