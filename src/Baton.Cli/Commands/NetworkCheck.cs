using System.Globalization;
using System.Net;
using Baton.Cluster.Configuration;
using Baton.Gateway;
using Baton.Linux;
using Baton.Linux.Netlink;

namespace Baton.Cli.Commands;

/// <summary>What this machine's network allows, and what a node's file needs of it: rights, TUN, forwarding, reverse path filters, devices, MTU.</summary>
internal static class NetworkCheck
{
    private const string Devices = "/proc/sys/net/ipv4/conf";

    /// <summary>True: of what was looked at nothing stops a node.</summary>
    public static void Machine(Action<bool, string> line)
    {
        foreach (Capability capability in Enum.GetValues<Capability>())
        {
            bool has = Capabilities.Has(capability);
            string name = Capabilities.NameOf(capability);
            line(has, has ? $"{name}" : $"no {name}: {Price(capability)}; 'AmbientCapabilities={name}' in the unit gives it");
        }

        bool tun = File.Exists("/dev/net/tun");
        line(tun, tun ? "/dev/net/tun is there" : "no /dev/net/tun: no TUN device; modprobe tun, and in a container give the device");
        Switch(line, "/proc/sys/net/ipv4/ip_forward", "1", "IPv4 is forwarded", "IPv4 is not forwarded: inner hosts reach nobody through this gateway; sysctl -w net.ipv4.ip_forward=1");
        Switch(line, "/proc/sys/net/ipv6/conf/all/forwarding", "1", "IPv6 is forwarded", "IPv6 is not forwarded: inner hosts reach nobody through this gateway; sysctl -w net.ipv6.conf.all.forwarding=1");
        foreach (string path in Directory.Exists(Devices) ? Directory.GetDirectories(Devices) : [])
        {
            string device = Path.GetFileName(path);
            if (device is not ("all" or "default" or "lo"))
                ReversePath(line, device, Read(Path.Combine(Devices, "all", "rp_filter")), Read(Path.Combine(path, "rp_filter")));
        }
    }

    /// <summary>The kernel goes by the larger of both values (ip-sysctl: rp_filter); 1 is strict, 2 is loose.</summary>
    internal static void ReversePath(Action<bool, string> line, string device, string ofAll, string ofDevice)
    {
        if (Math.Max(Number(ofAll), Number(ofDevice)) == 1)
            line(false, $"rp_filter of {device} is strict: packets of a peer that come another way than the answers go are dropped in silence; sysctl -w net.ipv4.conf.{device}.rp_filter=2");

        static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
    }

    /// <summary>What the file of a gateway, a media gateway or a peer needs here. False: it would not start.</summary>
    public static bool Node(NodeOptions options, Action<bool, string> line)
    {
        bool starts = true;
        foreach (Rights.Lack lack in Rights.Missing(options))
        {
            line(false, lack.ToString());
            starts &= !lack.Stops;
        }

        IEnumerable<string> devices = options.Virtual.Addresses.Select(a => a.Device).Concat(options.Track.Links.Select(l => l.Device)).Concat(options.Track.NextHops.Select(h => h.Device));
        using var netlink = new RouteNetlink();
        foreach (string device in devices.Distinct())
        {
            LinkState? link = RouteNetlink.IndexOf(device) is > 0 and var index ? netlink.Link(index) : null;
            string text = link is null ? $"there is no network device {device}: the node does not start"
                : !link.Works ? $"{device} has no link: its paths count as dead"
                : string.Create(CultureInfo.InvariantCulture, $"{device} has a link, MTU {link.Mtu}");
            line(link is { Works: true }, text);
            starts &= link is not null;
        }

        foreach (IPAddress address in (options.Outer?.AllListens ?? []).Select(l => l.Address).Distinct())
        {
            bool isHere = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || netlink.Addresses().Any(a => a.Address.Equals(address));
            bool moves = options.Virtual.Addresses.Any(a => a.Address.Address.Equals(address));
            if (!isHere && !moves)
                line(false, $"the outer address {address} is not on this machine and no [[virtual.address]]: nothing arrives until it is");
        }

        foreach (TunnelFit.Finding finding in TunnelFit.Judge(options))
            line(finding.Good, finding.Text);
        return starts;
    }

    private static string Price(Capability capability) => capability switch
    {
        Capability.NetBindService => "port 500 cannot be bound",
        Capability.NetAdmin => "no TUN device, no address that moves",
        Capability.NetRaw => "no ESP as protocol 50, no gratuitous ARP, no probes of next hops",
        Capability.IpcLock => "beyond the limit 'memlock' no memory is locked",
        _ => "beyond the limit 'rtprio' no real-time priority",
    };

    private static void Switch(Action<bool, string> line, string path, string wanted, string good, string bad)
    {
        bool holds = Read(path) == wanted;
        line(holds, holds ? good : bad);
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
