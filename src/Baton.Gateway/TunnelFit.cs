using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Baton.Cluster.Configuration;
using Baton.Crypto.Ike;
using Baton.Esp;
using Baton.Esp.Mtu;
using Baton.Gateway.Ike;
using Baton.Gateway.Ports;
using Baton.Ike;
using Baton.Ike.Negotiation;
using Baton.Linux.Netlink;
using Baton.Linux.Sockets;

namespace Baton.Gateway;

/// <summary>Does what the TUN device lets in fit through the way to each peer, and what does it cost where it does not? Looked at from this machine: nobody sees the MTU of other members here.</summary>
/// <remarks>
/// <code>
///   tunnel MTU &lt;= what fits of the way's MTU (TunnelSize, of the worst suite that may be negotiated, in UDP)    good
///   fits only without UDP                                                                                     good while no NAT is between
///   else, at least 1280 fit                                                                                   the number to set
///   else                                                                                                      no number helps IPv6 (RFC 8200 5): the way must take more
/// </code>
/// </remarks>
public static class TunnelFit
{
    public readonly record struct Finding(bool Good, string Text);

    /// <summary>A way out: its device, and the least of that device's MTU and what the kernel knows of the route.</summary>
    internal readonly record struct Way(string Device, int Mtu);

    /// <summary>Empty: inner packets are datagrams, there is no tunnel device to judge.</summary>
    /// <exception cref="IOException">The kernel does not answer questions about its network.</exception>
    public static IReadOnlyList<Finding> Judge(NodeOptions options)
    {
        using var netlink = new RouteNetlink();
        return Judge(options, OuterMtu.Find(options), Lookup, local => Of(OuterMtu.DeviceOf(options, netlink, local), 0));

        Way? Lookup(IPAddress peer) => netlink.Lookup(peer) is { } route ? Of(route.Device, route.Mtu) : null;

        Way? Of(int index, int known) => index > 0 && netlink.Link(index) is { } link ? new Way(link.Name, known > 0 ? Math.Min(known, link.Mtu) : link.Mtu) : null;
    }

    /// <param name="usual">What the gateway itself reckons with.</param>
    /// <param name="towards">The way to an address; null: no route.</param>
    /// <param name="from">The way by the device that has one of our own addresses; null: nobody knows.</param>
    internal static IReadOnlyList<Finding> Judge(NodeOptions options, int usual, Func<IPAddress, Way?> towards, Func<IPAddress, Way?> from)
    {
        if (options.Inner?.Tun is not { } tun || options.Outer is not { } outer)
            return [];
        int tunnel = options.Inner.Mtu ?? OuterMtu.OfTunnel(options, usual);
        var verdicts = new List<(string Name, Finding Finding)>();
        var tight = new List<(string Name, Flow Flow, Way Way, int Fits)>();
        foreach (Flow flow in Flows(options))
        {
            IPAddress? next = outer.ViaRouter ? outer.Remote?.Address : flow.Peer;
            bool known = next is not null && !next.Equals(IPAddress.Any) && !next.Equals(IPAddress.IPv6Any);
            if ((known ? towards(next!) : from(flow.Local)) is not { } way)
            {
                if (known)
                    verdicts.Add((flow.Name, new Finding(false, $"no route leads to {next}: nothing goes there until one does")));
                continue;
            }

            if (way.Device == tun)
            {
                verdicts.Add((flow.Name, new Finding(false, $"the way to {next} leads into {tun} itself: what is encrypted would be encrypted again, without end; set a route to {next} by the outer device")));
                continue;
            }

            way = way with { Mtu = Math.Min(way.Mtu, outer.Mtu ?? int.MaxValue) };
            int room = Math.Min(way.Mtu, OuterSocket.UsualPacketBytes) - OuterMtu.ShimLength(options);
            int fits = flow.Fits(room, inUdp: true), raw = flow.MayBeRaw ? flow.Fits(room, inUdp: false) : 0;
            if (tunnel <= fits)
                verdicts.Add((flow.Name, new Finding(true, Text($"{way.Device} takes {way.Mtu} bytes, {fits} of the tunnel in them: MTU {tunnel} of {tun} fits"))));
            else if (tunnel <= raw)
                verdicts.Add((flow.Name, new Finding(true, Text($"{way.Device} takes {way.Mtu} bytes, {raw} of the tunnel in them as protocol 50: MTU {tunnel} of {tun} fits, but behind a NAT only {fits} would"))));
            else
                tight.Add((flow.Name, flow, way, fits));
        }

        int least = tight.Count == 0 ? tunnel : tight.Min(each => each.Fits);
        foreach ((string name, Flow flow, Way way, int fits) in tight)
            verdicts.Add((name, new Finding(false, Tight(options, flow, way, fits, tunnel, least))));
        return [.. verdicts.GroupBy(each => each.Finding, each => each.Name).Select(group => group.Key with { Text = $"{Names([.. group.Distinct()])}: {group.Key.Text}" })];
    }

    private static string Tight(NodeOptions options, Flow flow, Way way, int fits, int tunnel, int least)
    {
        string price = options.Outer!.Fragment == FragmentPolicy.Clear
            ? "of longer packets the outer one goes in two fragments, and is lost with either"
            : "longer ones of IPv4 are cut in two before they are encrypted, all others dropped and their senders told (ICMP) to send less";
        string told = Text($"{way.Device} takes {way.Mtu} bytes, only {fits} of the tunnel in them, but {options.Inner!.Tun} has MTU {tunnel}: {price}");
        if (fits >= TunnelSize.LeastV6)
            return Text($"{told}; [inner] mtu = {Math.Max(least, TunnelSize.LeastV6)}");
        int need = flow.LeastPath(TunnelSize.LeastV6) + OuterMtu.ShimLength(options);
        string v6 = flow.HasIPv6 ? "; IPv6 needs 1280 (RFC 8200 5), so its outer packets go in fragments" : "";
        string v4 = fits < TunnelSize.LeastV4 ? "; not even the 576 bytes fit that every IPv4 host takes (RFC 791 3.2)" : "";
        return Text($"{told}{v6}{v4}; no tunnel device may have less than 1280: the way must take {need}{(tunnel > TunnelSize.LeastV6 ? ", and [inner] mtu = 1280 until then" : "")}");
    }

    /// <summary>A connection, or a pair with static keys, of which one way is judged.</summary>
    /// <param name="Peer">Null: anybody.</param>
    private sealed record Flow(string Name, IPAddress Local, IPAddress? Peer, IReadOnlyList<EspSuite> Suites, bool MayBeRaw, bool HasIPv6)
    {
        private bool IsV4 => (Peer ?? Local).AddressFamily == AddressFamily.InterNetwork;

        public int Fits(int room, bool inUdp) => Suites.Min(suite => suite.LargestPayload(room, IsV4, inUdp));

        public int LeastPath(int payload) => Suites.Max(suite => suite.LeastPath(payload, IsV4, inUdp: true));
    }

    private static IEnumerable<Flow> Flows(NodeOptions options)
    {
        OuterOptions outer = options.Outer!;
        bool insideHasV6 = options.Inner!.Addresses.Any(a => IsV6(a.Address)) || options.Inner.TunRoutes.Any(r => IsV6(r.BaseAddress));
        foreach (StaticSa sa in options.StaticSas)
        {
            IPAddress? peer = options.Role == NodeRole.Peer ? outer.Remote?.Address : sa.Peer?.Address;
            yield return new Flow(sa.Name, outer.Listen.Address, peer, [(EspSuite)sa.Suite], MayBeRaw: false, insideHasV6 || IsV6(sa.Local.BaseAddress));
        }

        foreach (Connection connection in options.Ike.Connections)
        {
            bool hasV6 = insideHasV6 || connection.AsksForIPv6 || connection.Children.Any(child => child.Local.Concat(child.Remote).Any(s => IsV6(s.Start)))
                || connection.GivesAddressesFrom.Any(name => options.Ike.Pools.TryGetValue(name, out AddressPool? pool) && pool.Family == AddressFamily.InterNetworkV6);
            EspSuite[] suites = [.. connection.Children.SelectMany(SuitesOf).Distinct()];
            if (suites.Length == 0)
                continue;
            bool mayBeRaw = outer.RawEsp && !connection.ForceUdpEncapsulation;
            IEnumerable<IPAddress> locals = connection.Local is { } local ? [local.Address] : outer.AllListens.Select(l => l.Address).Distinct();
            foreach (IPAddress each in connection.Remote is null ? locals : locals.Take(1))
                yield return new Flow(connection.Name, each, connection.Remote?.Address, suites, mayBeRaw, hasV6);
        }
    }

    private static IEnumerable<EspSuite> SuitesOf(ChildPolicy child)
    {
        foreach (ChildProposalPolicy proposal in child.Proposals)
        {
            foreach (Cipher cipher in proposal.Ciphers)
            {
                foreach (IntegrityAlgorithm integrity in cipher.IsAead ? [IntegrityAlgorithm.None] : proposal.Integrity)
                {
                    if (ChildRecords.SuiteOf(new ChildSuite(cipher.Algorithm, cipher.KeyBits, integrity, Esn: false)) is { } suite)
                        yield return (EspSuite)suite;
                }
            }
        }
    }

    private static bool IsV6(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6;

    private static string Names(string[] names) => names.Length < 4 ? string.Join(", ", names) : Text($"{names[0]}, {names[1]} and {names.Length - 2} more");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
