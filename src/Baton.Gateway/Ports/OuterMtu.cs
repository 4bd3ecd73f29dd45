using System.Net;
using Baton.Cluster.Configuration;
using Baton.Linux.Netlink;

namespace Baton.Gateway.Ports;

/// <summary>What the way to the peers takes before anything is learned of a path: what is configured, else the MTU of the device that has the outer address.</summary>
internal static class OuterMtu
{
    private const int Ethernet = 1_500;

    public static int Find(NodeOptions options)
    {
        if (options.Outer!.Mtu is { } configured)
            return configured;
        using var netlink = new RouteNetlink();
        int least = int.MaxValue;
        foreach (IPEndPoint listen in options.Outer.AllListens)
        {
            int index = 0;
            foreach (VirtualAddress moving in options.Virtual.Addresses)
            {
                if (moving.Address.Address.Equals(listen.Address))
                    index = RouteNetlink.IndexOf(moving.Device);
            }

            if (index == 0)
                index = IPAddress.IsLoopback(listen.Address) ? RouteNetlink.IndexOf("lo") : DeviceOf(netlink, listen.Address);
            if (index != 0 && netlink.Link(index) is { } link)
                least = Math.Min(least, link.Mtu);
        }

        return least == int.MaxValue ? Ethernet : least;
    }

    private static int DeviceOf(RouteNetlink netlink, IPAddress address)
    {
        foreach (InterfaceAddress each in netlink.Addresses())
        {
            if (each.Address.Equals(address))
                return each.Index;
        }

        return 0;
    }
}
