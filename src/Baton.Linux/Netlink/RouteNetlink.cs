using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Baton.Linux.Netlink;

/// <summary>Links, addresses, routes and rules of this network namespace (man 7 rtnetlink). One owner thread. Changing needs CAP_NET_ADMIN.</summary>
/// <remarks>What is there already, or gone already, is an answer (false), not an error. Other refusals are an <see cref="IOException"/> with advice.</remarks>
public sealed class RouteNetlink : IDisposable
{
    private const ushort NewLink = 16, DeleteLink = 17, GetLink = 18, NewAddress = 20, DeleteAddress = 21, GetAddress = 22;
    private const ushort NewRoute = 24, DeleteRoute = 25, GetRoute = 26, NewNeighbour = 28, GetNeighbour = 30, NewRule = 32, DeleteRule = 33;
    private const byte Boot = 3;  // RTPROT_BOOT, as ip(8) writes by hand

    private readonly NetlinkSocket _socket = new();

    public void Dispose() => _socket.Dispose();

    /// <summary>0: there is no such device.</summary>
    public static int IndexOf(string device) => (int)Libc.InterfaceIndex(device);

    /// <summary>Brings a device up or down, and sets its MTU.</summary>
    public void SetLink(int index, bool up, int? mtu = null)
    {
        const uint Up = 1;
        var body = new Libc.LinkMessage { Index = index, Flags = up ? Up : 0, Change = Up };
        NetlinkRequest request = Begin(NewLink, NetlinkRequest.Acknowledge, body);
        if (mtu is { } bytes)
            request.With(4, (uint)bytes);  // IFLA_MTU
        Demand(_socket.Ask(), $"Cannot set device {index} up");
    }

    /// <summary>Makes two Ethernet devices, each the other's cable (man 4 veth). Both are down.</summary>
    public void AddPair(string name, string peer)
    {
        const ushort Name = 3, Info = 18, Kind = 1, Data = 2, Peer = 1;
        byte[] far = [.. new byte[Marshal.SizeOf<Libc.LinkMessage>()], .. Attribute(Name, Encoding.UTF8.GetBytes(peer + '\0'))];
        NetlinkRequest request = Begin(NewLink, NetlinkRequest.Create | NetlinkRequest.Exclusive | NetlinkRequest.Acknowledge, default(Libc.LinkMessage));
        request.With(Name, Encoding.UTF8.GetBytes(name + '\0')).With(Info, [.. Attribute(Kind, "veth"u8), .. Attribute(Data, Attribute(Peer, far))]);
        Demand(_socket.Ask(), $"Cannot make the pair of devices {name} and {peer}");
    }

    /// <summary>Removes a device; of a pair both.</summary>
    /// <returns>False: it was not there.</returns>
    public bool RemoveLink(int index)
    {
        Begin(DeleteLink, NetlinkRequest.Acknowledge, new Libc.LinkMessage { Index = index });
        return Unless(_socket.Ask(), Libc.ENODEV, $"Cannot remove device {index}");
    }

    private static byte[] Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        byte[] bytes = new byte[(4 + value.Length + 3) & ~3];
        MemoryMarshal.Write(bytes, (ushort)(4 + value.Length));
        MemoryMarshal.Write(bytes.AsSpan(2), type);
        value.CopyTo(bytes.AsSpan(4));
        return bytes;
    }

    /// <summary>Null: there is no such device.</summary>
    public LinkState? Link(int index)
    {
        LinkState? found = null;
        Begin(GetLink, 0, new Libc.LinkMessage { Index = index });
        int errno = AskOne((type, body) => found = ParseLink(body));
        if (errno is not (0 or Libc.ENODEV))
            Demand(errno, $"Cannot ask for device {index}");
        return found;
    }

    /// <summary>Adds an address that is usable when this returns: it sends, and what comes for it is taken.</summary>
    /// <remarks>
    /// IPv6 needs two things for that. No duplicate address detection (IFA_F_NODAD): it moves and is no duplicate. And a route of ours to it: the kernel enters its own from a
    /// work queue, later, milliseconds on a busy machine. Between the two it would send from the address and pass on what comes for it: the first neighbour advertisement was
    /// lost so, and with it a second (RFC 4861 10, RETRANS_TIMER). Ours ranks behind the kernel's and goes by itself, should nobody be left to remove it.
    /// </remarks>
    /// <returns>False: it was there.</returns>
    public bool AddAddress(int index, IPAddress address, int prefixLength)
    {
        const byte NoDad = 2, Local = 2;
        const ushort Expires = 23;
        const uint Seconds = 2;
        AskAddress(NewAddress, NetlinkRequest.Create | NetlinkRequest.Exclusive, index, address, prefixLength, NoDad);
        bool added = Unless(_socket.Ask(), Libc.EEXIST, $"Cannot add the address {address}/{prefixLength}");
        if (added && address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            AskRoute(NewRoute, NetlinkRequest.Create | NetlinkRequest.Replace, RouteToOwn(index, address), Local).With(Expires, Seconds);
            Unless(_socket.Ask(), Libc.ENETDOWN, $"Cannot set the route to the address {address}");  // nothing comes in by a device that is down
        }

        return added;
    }

    /// <returns>False: it was not there.</returns>
    public bool RemoveAddress(int index, IPAddress address, int prefixLength)
    {
        AskAddress(DeleteAddress, 0, index, address, prefixLength, 0);
        bool removed = Unless(_socket.Ask(), Libc.EADDRNOTAVAIL, $"Cannot remove the address {address}/{prefixLength}");
        if (removed && address.AddressFamily == AddressFamily.InterNetworkV6)
            RemoveRoute(RouteToOwn(index, address));
        return removed;
    }

    private static Route RouteToOwn(int index, IPAddress address)
    {
        const uint LocalTable = 255, BehindTheKernels = 1_024;
        return new Route(new IPNetwork(address, 128), index, Table: LocalTable, Metric: BehindTheKernels);
    }

    /// <summary>Every address of every device.</summary>
    public IReadOnlyList<InterfaceAddress> Addresses()
    {
        var found = new List<InterfaceAddress>();
        Begin(GetAddress, NetlinkRequest.Dump, default(Libc.AddressMessage));
        Demand(_socket.Ask((type, body) =>
        {
            if (ParseAddress(body) is { } address)
                found.Add(address);
        }), "Cannot list addresses");
        return found;
    }

    /// <summary>Makes the route so, whether there was one for this prefix, table and metric or not.</summary>
    public void ReplaceRoute(Route route)
    {
        AskRoute(NewRoute, NetlinkRequest.Create | NetlinkRequest.Replace, route);
        Demand(_socket.Ask(), $"Cannot set the route to {route.Prefix}");
    }

    /// <returns>False: there was none.</returns>
    public bool RemoveRoute(Route route)
    {
        AskRoute(DeleteRoute, 0, route);
        return Unless(_socket.Ask(), Libc.ESRCH, $"Cannot remove the route to {route.Prefix}");
    }

    /// <summary>What the kernel would do with a packet to this address: through which device, from which address, over which next hop.</summary>
    /// <param name="source">From this address of ours; null: from which it likes.</param>
    /// <returns>Null: no route leads there, or the source is not ours.</returns>
    public Route? Lookup(IPAddress destination, IPAddress? source = null)
    {
        Route? found = null;
        bool v4 = destination.AddressFamily == AddressFamily.InterNetwork;
        Begin(GetRoute, 0, new Libc.RouteMessage { Family = Family(destination), DestinationLength = (byte)(v4 ? 32 : 128), SourceLength = (byte)(source is null ? 0 : v4 ? 32 : 128) }).With(1, destination);
        if (source is not null)
            _socket.Request.With(2, source);
        return AskOne((type, body) => found = ParseRoute(body)) == 0 ? found : null;
    }

    /// <summary>The routes of the main table that lead out by a device that works, of one family. One of several next hops names no device (0).</summary>
    public IReadOnlyList<Route> Routes(AddressFamily family)
    {
        const byte Main = 254, Unicast = 1;
        const uint DeadOrLinkDown = 1 | 16;
        var found = new List<Route>();
        Begin(GetRoute, NetlinkRequest.Dump, new Libc.RouteMessage { Family = (byte)(family == AddressFamily.InterNetwork ? Libc.AF_INET : Libc.AF_INET6), Table = Main });
        Demand(_socket.Ask((type, body) =>
        {
            if (ParseRoute(body) is not { Table: Main } route)
                return;
            Libc.RouteMessage message = MemoryMarshal.Read<Libc.RouteMessage>(body);
            if (message.Type == Unicast && (message.Flags & DeadOrLinkDown) == 0)
                found.Add(route);
        }), "Cannot list routes");
        return found;
    }

    /// <summary>The cache of neighbours, IPv4 and IPv6.</summary>
    public IReadOnlyList<Neighbour> Neighbours()
    {
        var found = new List<Neighbour>();
        Begin(GetNeighbour, NetlinkRequest.Dump, default(Libc.NeighbourMessage));
        Demand(_socket.Ask((type, body) =>
        {
            if (ParseNeighbour(body) is { } neighbour)
                found.Add(neighbour);
        }), "Cannot list neighbours");
        return found;
    }

    /// <summary>Makes the kernel find out where a neighbour is, as if a packet waited for it. False: it will when one does (the right is missing, or there is no such device).</summary>
    public bool TryResolve(int index, IPAddress neighbour)
    {
        const byte Use = 1;
        Begin(NewNeighbour, NetlinkRequest.Create | NetlinkRequest.Acknowledge, new Libc.NeighbourMessage { Family = Family(neighbour), Index = index, Flags = Use }).With(1, neighbour);
        return _socket.Ask() == 0;
    }

    /// <summary>Packets with this mark look into this table first (ip rule add fwmark MARK table TABLE pref PRIORITY).</summary>
    /// <returns>False: it was there.</returns>
    public bool AddRule(AddressFamily family, uint mark, uint table, uint priority)
    {
        AskRule(NewRule, NetlinkRequest.Create | NetlinkRequest.Exclusive, family, mark, table, priority);
        return Unless(_socket.Ask(), Libc.EEXIST, $"Cannot add a rule for table {table}");
    }

    /// <returns>False: there was none.</returns>
    public bool RemoveRule(AddressFamily family, uint mark, uint table, uint priority)
    {
        AskRule(DeleteRule, 0, family, mark, table, priority);
        return Unless(_socket.Ask(), Libc.ENOENT, $"Cannot remove a rule for table {table}");
    }

    internal static LinkState? ParseLink(ReadOnlySpan<byte> body)
    {
        const uint Up = 1, LowerUp = 0x10000;
        if (body.Length < 16)
            return null;
        Libc.LinkMessage message = MemoryMarshal.Read<Libc.LinkMessage>(body);
        (string name, int mtu, byte[] hardware) = ("", 0, []);
        var attributes = new NetlinkAttributes(body[16..]);
        while (attributes.Next())
        {
            switch (attributes.Type)
            {
                case 1:
                    hardware = attributes.Value.ToArray();
                    break;
                case 3:
                    name = Encoding.UTF8.GetString(attributes.Value).TrimEnd('\0');
                    break;
                case 4:
                    mtu = (int)attributes.Number;
                    break;
            }
        }

        return new LinkState(message.Index, name, (message.Flags & Up) != 0, (message.Flags & LowerUp) != 0, mtu, hardware);
    }

    internal static InterfaceAddress? ParseAddress(ReadOnlySpan<byte> body)
    {
        if (body.Length < 8)
            return null;
        Libc.AddressMessage message = MemoryMarshal.Read<Libc.AddressMessage>(body);
        IPAddress? found = null;
        var attributes = new NetlinkAttributes(body[8..]);
        while (attributes.Next())
        {
            // IFA_LOCAL is ours; IFA_ADDRESS is the far end of a point-to-point device, and the only one for IPv6.
            if (attributes.Type == 2 || (attributes.Type == 1 && found is null))
                found = attributes.Address;
        }

        return found is null ? null : new InterfaceAddress((int)message.Index, found, message.PrefixLength);
    }

    internal static Neighbour? ParseNeighbour(ReadOnlySpan<byte> body)
    {
        if (body.Length < 12)
            return null;
        Libc.NeighbourMessage message = MemoryMarshal.Read<Libc.NeighbourMessage>(body);
        (IPAddress? address, byte[] hardware) = (null, []);
        var attributes = new NetlinkAttributes(body[12..]);
        while (attributes.Next())
        {
            if (attributes.Type == 1)
                address = attributes.Address;
            else if (attributes.Type == 2)
                hardware = attributes.Value.ToArray();
        }

        return address is null ? null : new Neighbour(message.Index, address, (NeighbourState)message.State, hardware);
    }

    private static Route? ParseRoute(ReadOnlySpan<byte> body)
    {
        if (body.Length < 12)
            return null;
        Libc.RouteMessage message = MemoryMarshal.Read<Libc.RouteMessage>(body);
        bool v4 = message.Family == Libc.AF_INET;
        IPAddress prefix = v4 ? IPAddress.Any : IPAddress.IPv6Any;
        (int device, IPAddress? gateway, IPAddress? source, uint table, uint metric, int mtu) = (0, null, null, message.Table, 0u, 0);
        var attributes = new NetlinkAttributes(body[12..]);
        while (attributes.Next())
        {
            switch (attributes.Type)
            {
                case 1:
                    prefix = attributes.Address ?? prefix;
                    break;
                case 4:
                    device = (int)attributes.Number;
                    break;
                case 5:
                    gateway = attributes.Address;
                    break;
                case 6:
                    metric = attributes.Number;
                    break;
                case 7:
                    source = attributes.Address;
                    break;
                case 8:
                    mtu = MetricMtu(attributes.Value);
                    break;
                case 15:
                    table = attributes.Number;
                    break;
            }
        }

        return new Route(new IPNetwork(prefix, message.DestinationLength), device, gateway, source, table, metric, mtu);
    }

    private static int MetricMtu(ReadOnlySpan<byte> metrics)
    {
        var inner = new NetlinkAttributes(metrics);
        while (inner.Next())
        {
            if (inner.Type == 2)
                return (int)inner.Number;  // RTAX_MTU: a learned path MTU shows here
        }

        return 0;
    }

    private static byte Family(IPAddress address) => (byte)(address.AddressFamily == AddressFamily.InterNetwork ? Libc.AF_INET : Libc.AF_INET6);

    private static void Demand(int errno, string what)
    {
        if (errno != 0)
            throw Libc.Failure(what, errno);
    }

    private static bool Unless(int errno, int expected, string what)
    {
        if (errno == expected)
            return false;
        Demand(errno, what);
        return true;
    }

    private NetlinkRequest Begin<T>(ushort type, int flags, in T body)
        where T : unmanaged => _socket.Request.Begin(type, (ushort)(flags | NetlinkRequest.Request), _socket.NextSequence, body);

    /// <summary>A question that one message answers: the acknowledgement behind it marks the end.</summary>
    private int AskOne(NetlinkSink sink)
    {
        _socket.Request.DemandAcknowledgement();
        return _socket.Ask(sink);
    }

    private void AskAddress(ushort type, int flags, int index, IPAddress address, int prefixLength, byte flagsOfAddress)
    {
        var body = new Libc.AddressMessage { Family = Family(address), PrefixLength = (byte)prefixLength, Index = (uint)index, Flags = flagsOfAddress };
        NetlinkRequest request = Begin(type, flags | NetlinkRequest.Acknowledge, body).With(2, address);
        request.With(1, address);
    }

    /// <param name="kind">RTN_UNICAST, or another of its kind.</param>
    private NetlinkRequest AskRoute(ushort type, int flags, Route route, byte kind = 1)
    {
        const byte Universe = 0, OnLink = 253;
        bool isDelete = type == DeleteRoute;
        var body = new Libc.RouteMessage
        {
            Family = Family(route.Prefix.BaseAddress),
            DestinationLength = (byte)route.Prefix.PrefixLength,
            Protocol = isDelete ? (byte)0 : Boot,
            Scope = isDelete ? (byte)255 : route.Gateway is null && route.Prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? OnLink : Universe,
            Type = isDelete ? (byte)0 : kind,
        };
        NetlinkRequest request = Begin(type, flags | NetlinkRequest.Acknowledge, body).With(15, route.Table);
        if (route.Prefix.PrefixLength > 0)
            request.With(1, route.Prefix.BaseAddress);
        if (route.Device != 0)
            request.With(4, (uint)route.Device);
        if (route.Gateway is { } gateway)
            request.With(5, gateway);
        if (route.Source is { } source)
            request.With(7, source);
        if (route.Metric != 0)
            request.With(6, route.Metric);
        if (route.Mtu != 0)
            request.With(8, [8, 0, 2, 0, .. BitConverter.GetBytes((uint)route.Mtu)]);
        return request;
    }

    private void AskRule(ushort type, int flags, AddressFamily family, uint mark, uint table, uint priority)
    {
        const byte ToTable = 1;
        var body = new Libc.RouteMessage { Family = (byte)(family == AddressFamily.InterNetwork ? Libc.AF_INET : Libc.AF_INET6), Type = ToTable };
        Begin(type, flags | NetlinkRequest.Acknowledge, body).With(15, table).With(10, mark).With(6, priority);
    }
}
