using System.Net;
using System.Net.Sockets;
using Baton.Wire;

namespace Baton.Cluster.Configuration;

/// <summary>Reads the two sides of a data path, the addresses that move with the role, and what is run when it changes.</summary>
internal static class PathReader
{
    private static readonly Dictionary<string, FragmentPolicy> FragmentPolicies =
        new() { ["copy"] = FragmentPolicy.Copy, ["set"] = FragmentPolicy.Set, ["clear"] = FragmentPolicy.Clear };

    public static OuterOptions? Outer(ConfigSection outer, NodeRole role)
    {
        IPEndPoint? listen = outer.Endpoint("listen", "The address and UDP port for ESP; 4500 is the registered one (RFC 3948).");
        bool viaRouter = role == NodeRole.Gateway && outer.Flag("via-router", false);
        IPEndPoint? remote = role == NodeRole.Peer ? outer.Endpoint("remote", "The outer address of the cluster.")
            : viaRouter ? outer.Endpoint("remote", "The router's outer address: what goes to peers goes there, in its shim.")
            : null;
        if (role == NodeRole.Router)
        {
            outer.Finish();
            return listen is null ? null : new(listen, viaRouter, remote);
        }

        var also = new List<IPEndPoint>();
        foreach (string text in outer.Texts("also", "Further addresses and ports, as in [\"192.0.2.1:500\", \"[2001:db8::1]:4500\"]."))
        {
            if (!EndpointText.TryParse(text, out IPEndPoint endpoint))
                outer.Error("also", $"has \"{text}\", which is not an address with a port", "Write each as \"192.0.2.1:500\" or \"[2001:db8::1]:4500\".");
            else if (endpoint.Equals(listen) || also.Contains(endpoint))
                outer.Error("also", $"has {endpoint} twice", "Name each address and port once; [outer] listen is one already.");
            else
                also.Add(endpoint);
        }

        bool raw = outer.Flag("esp", false);
        if (viaRouter && (raw || also.Count > 0))
            outer.Error(raw ? "esp" : "also", "does not go with via-router", "Behind a Baton router everything comes through [outer] listen.");
        if ((listen is BackplaneEndPoint && (raw || also.Count > 0)) || also.Exists(each => each is BackplaneEndPoint))
            outer.Error(raw ? "esp" : "also", "does not go with a backplane", "A blade has one outer place, [outer] listen = \"unix:/path\".");
        int? mtu = (int?)outer.Number("mtu", 576, 65_535, "what the path to the peers takes, in bytes of an IP packet.");
        long? keepalive = outer.Number("nat-keepalive-s", 0, 3_600, "seconds; 0 for none.");
        FragmentPolicy fragment = outer.Choice("df", FragmentPolicies, FragmentPolicy.Copy) ?? FragmentPolicy.Copy;
        bool offload = outer.Flag("offload", true);
        outer.Finish();
        return listen is null ? null : new(listen, viaRouter, remote)
        {
            Also = also,
            RawEsp = raw,
            Mtu = mtu,
            Fragment = fragment,
            Offload = offload,
            NatKeepalive = keepalive == 0 ? null : TimeSpan.FromSeconds(keepalive ?? 20),
            StaticBehindNat = keepalive is not null || role == NodeRole.Peer,
        };
    }

    public static InnerOptions? Inner(ConfigSection inner, NodeRole role)
    {
        if (role == NodeRole.Router || !inner.Has("tun"))
            return Datagrams(inner, role);
        string? tun = inner.Text("tun", "The name of the TUN device, as in \"baton0\".");
        if (tun is not null && (tun.Length > 15 || tun.Any(c => c is '/' or ' ' || char.IsControl(c))))
            inner.Error("tun", "is no name for a network device", "At most 15 characters, no blank and no '/'.");
        bool persistent = inner.Flag("persistent", false);
        bool offload = inner.Flag("offload", true);
        IReadOnlyList<string> joinAt = inner.Texts("join-at", "Devices behind which inner hosts are, as in [\"eth1\"]: the kernel joins their UDP datagrams.");
        if (joinAt.Count > 0 && !offload)
            inner.Error("join-at", "does not go with offload = false", "What the kernel joins, the TUN device hands over as super-packets: leave one out.");
        int? mtu = (int?)inner.Number("mtu", 576, 65_535, "the MTU of the TUN device.");
        if (mtu < 1_280)
            inner.Error("mtu", "is too small for IPv6", "1280 at least (RFC 8200 5).");
        var addresses = new List<HostAddress>();
        foreach (string text in inner.Texts("addresses", "Addresses of the TUN device, as in [\"10.1.0.1/24\"]."))
        {
            if (HostAddressText.TryParse(text, out HostAddress address))
                addresses.Add(address);
            else
                inner.Error("addresses", $"has \"{text}\", which is not an address with its prefix", "Write each as \"10.1.0.1/24\" or \"fd00::1/64\".");
        }

        var routes = new List<IPNetwork>();
        foreach (string text in inner.Texts("routes", "Prefixes behind the peers, as in [\"10.2.0.0/16\"]."))
        {
            if (PrefixText.TryParse(text, out IPNetwork network))
                routes.Add(network);
            else
                inner.Error("routes", $"has \"{text}\", which is not a prefix", "Write each as \"10.2.0.0/16\", with no bits set after the prefix.");
        }

        if (inner.Endpoint("listen", "Leave it out: inner packets come through the TUN device.", required: false) is not null)
            inner.Error("listen", "does not go with tun", "Inner packets come through the TUN device or as datagrams: leave one out.");
        inner.Finish();
        return tun is null ? null : new(null, []) { Tun = tun, Persistent = persistent, Offload = offload, JoinAt = joinAt, Mtu = mtu, Addresses = addresses, TunRoutes = routes };
    }

    public static VirtualOptions Virtual(ConfigSection table)
    {
        var usual = new VirtualOptions();
        var addresses = new List<VirtualAddress>();
        foreach (ConfigSection each in table.Sections("address"))
        {
            string? text = each.Text("address", "The address with its prefix, as in \"192.0.2.1/32\".");
            string? device = each.Text("device", "The network device that gets it, as in \"eth0\".");
            each.Finish();
            if (text is null)
                continue;
            if (!HostAddressText.TryParse(text, out HostAddress address))
                each.Error("address", "is not an address with its prefix", "Write it as \"192.0.2.1/24\" or \"2001:db8::1/64\".");
            else if (addresses.Exists(a => a.Address.Address.Equals(address.Address)))
                each.Error("address", "is there twice", "Name each virtual address once.");
            else if (device is not null)
                addresses.Add(new VirtualAddress(address, device));
        }

        IReadOnlyList<TimeSpan> announce = usual.AnnounceAt;
        if (table.Has("announce-ms"))
        {
            IReadOnlyList<long> times = table.Numbers("announce-ms", 0, 60_000, "when the neighbours are told, after the address moved.");
            if (times.Count > 0 && times.SequenceEqual(times.Order()))
                announce = [.. times.Select(t => TimeSpan.FromMilliseconds(t))];
            else
                table.Error("announce-ms", "is not a list of rising times", "Write it as [0, 50, 200, 1000].");
        }

        table.Finish();
        return new VirtualOptions(addresses, announce);
    }

    public static TrackOptions Track(ConfigSection table)
    {
        var usual = new TrackOptions();
        var links = new List<TrackedLink>();
        foreach (string side in (ReadOnlySpan<string>)["outer", "inner"])
        {
            if (table.Text(side, "The network device whose carrier is watched, as in \"eth0\".", required: false) is { } device)
                links.Add(new TrackedLink(side, device));
        }

        var hops = new List<NextHop>();
        foreach (ConfigSection each in table.Sections("next-hop"))
        {
            string? text = each.Text("address", "The neighbour's address, as in \"192.0.2.254\".");
            string? device = each.Text("device", "The network device that leads to it.");
            each.Finish();
            if (text is not null && !IPAddress.TryParse(text, out _))
                each.Error("address", "is not an address", "Write it as \"192.0.2.254\" or \"2001:db8::fe\".");
            else if (text is not null && device is not null)
                hops.Add(new NextHop(IPAddress.Parse(text), device));
        }

        var read = new TrackOptions(links, hops,
            table.Milliseconds("interval-ms", 10, 10_000, "the time between two probes of a next hop.") ?? usual.Interval,
            (int)(table.Number("misses", 1, 100, "so many probes without an answer are death.") ?? usual.Misses),
            table.Milliseconds("settle-ms", 100, 60_000, "how long a path that came back must work before it counts.") ?? usual.Settle);
        table.Finish();
        return read;
    }

    public static HookOptions Hooks(ConfigSection table)
    {
        var usual = new HookOptions();
        var read = new HookOptions(Hook("on-active"), Hook("on-standby"),
            table.Milliseconds("timeout-ms", 10, 600_000, "after which a hook is ended.") ?? usual.Timeout);
        table.Finish();
        return read;

        IReadOnlyList<string> Hook(string key)
        {
            IReadOnlyList<string> command = table.Texts(key, "Program and arguments, as in [\"/usr/local/bin/announce\", \"up\"]; no shell reads it.");
            if (command.Count > 0 && !Path.IsPathRooted(command[0]))
                table.Error(key, "does not begin with an absolute path", "Name the program by its whole path: no shell and no PATH look for it.");
            else if (command.Count > 0 && !File.Exists(command[0]))
                table.Error(key, $"names a program that does not exist ({command[0]})", "Name one that is there and may be executed.");
            return command;
        }
    }

    private static InnerOptions? Datagrams(ConfigSection inner, NodeRole role)
    {
        string remedy = role == NodeRole.Router ? "Where inner packets arrive, each in one UDP datagram."
            : "Name the TUN device (tun = \"baton0\"), or where inner packets arrive as UDP datagrams, for trying out without root.";
        IPEndPoint? listen = inner.Endpoint("listen", remedy);
        var routes = new List<InnerRoute>();
        foreach (ConfigSection route in inner.Sections("route"))
        {
            IPNetwork? prefix = route.Network("prefix", "The inner addresses that this route is for.");
            IPEndPoint? to = route.Endpoint("to", "Where their packets go.");
            route.Finish();
            if (prefix is { } p && to is not null) routes.Add(new(p, to));
        }

        inner.Finish();
        return listen is null ? null : new(listen, routes);
    }
}

/// <summary>An address of a host with its prefix length: "10.1.0.1/24".</summary>
internal static class HostAddressText
{
    public static bool TryParse(string text, out HostAddress address)
    {
        address = default;
        string[] parts = text.Split('/');
        if (parts.Length != 2 || !IPAddress.TryParse(parts[0], out IPAddress? parsed) || !byte.TryParse(parts[1], out byte bits))
            return false;
        bool isV4 = parsed.AddressFamily == AddressFamily.InterNetwork;
        if (bits > (isV4 ? 32 : 128) || (isV4 && parts[0].Count(c => c == '.') != 3))
            return false;
        address = new HostAddress(parsed, bits);
        return true;
    }
}
