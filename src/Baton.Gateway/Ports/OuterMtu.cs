using System.Net;
using System.Net.Sockets;
using Baton.Cluster.Configuration;
using Baton.Esp.Mtu;
using Baton.Gateway.Router;
using Baton.Linux.Netlink;
using Baton.Linux.Sockets;

namespace Baton.Gateway.Ports;

/// <summary>What the way to the peers takes before anything is learned of a path: what is configured, else the MTU of the device that has the outer address. Never more than a packet buffer has.</summary>
internal static class OuterMtu
{
    private const int Ethernet = 1_500;

    public static int Find(NodeOptions options)
    {
        if (options.Outer is null)
            return Ethernet;
        int least = options.Outer.Mtu ?? int.MaxValue;
        if (options.Outer.Mtu is null)
        {
            using var netlink = new RouteNetlink();
            foreach (IPEndPoint listen in options.Outer.AllListens)
            {
                if (DeviceOf(options, netlink, listen.Address) is > 0 and var index && netlink.Link(index) is { } link)
                    least = Math.Min(least, link.Mtu - ShimLength(options));
            }
        }

        return Math.Min(least == int.MaxValue ? Ethernet : least, OuterSocket.UsualPacketBytes - ShimLength(options));
    }

    /// <summary>The Ethernet devices that have our outer addresses, or will have them, and the least MTU of them.</summary>
    public static (IReadOnlyCollection<int> Devices, int Mtu) Links(NodeOptions options)
    {
        if (options.Outer is not { RawEsp: true })
            return ([], 0);
        using var netlink = new RouteNetlink();
        LinkState[] links = [.. options.Outer.AllListens.Select(listen => DeviceOf(options, netlink, listen.Address)).Distinct()
            .Select(netlink.Link).OfType<LinkState>().Where(link => link.Hardware.Length == 6 && link.Index != RouteNetlink.IndexOf("lo"))];
        return ([.. links.Select(link => link.Index)], links.Length == 0 ? 0 : links.Min(link => link.Mtu));
    }

    /// <summary>The MTU of the TUN device where none is configured: what fits whatever suite is negotiated, so that the kernel itself answers for most of what does not.
    /// Never less than IPv6 needs (RFC 8200 5): below it the kernel takes IPv6 off the device.</summary>
    public static int OfTunnel(NodeOptions options, int usual) => Math.Max(TunnelSize.LeastV6, TunnelSize.LargestPayloadOfAnySuite(
        usual, options.Outer!.AllListens.All(l => l.AddressFamily == AddressFamily.InterNetwork), inUdp: true));

    /// <summary>Of each packet that goes to a peer by a Baton router.</summary>
    public static int ShimLength(NodeOptions options) => options.Outer!.ViaRouter ? Shim.Length : 0;

    /// <summary>The device that has an outer address, or will have it; 0: nobody knows.</summary>
    public static int DeviceOf(NodeOptions options, RouteNetlink netlink, IPAddress address)
    {
        foreach (VirtualAddress moving in options.Virtual.Addresses)
        {
            if (moving.Address.Address.Equals(address))
                return RouteNetlink.IndexOf(moving.Device);
        }

        if (IPAddress.IsLoopback(address))
            return RouteNetlink.IndexOf("lo");
        foreach (InterfaceAddress each in netlink.Addresses())
        {
            if (each.Address.Equals(address))
                return each.Index;
        }

        return 0;
    }
}
