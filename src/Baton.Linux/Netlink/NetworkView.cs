using System.Net;

namespace Baton.Linux.Netlink;

/// <summary>A network device as the kernel tells of it (RTM_NEWLINK).</summary>
/// <param name="IsUp">Administratively.</param>
/// <param name="HasCarrier">IFF_LOWER_UP: the cable, the other end of a veth.</param>
/// <param name="Hardware">The link layer address; empty where there is none.</param>
public sealed record LinkState(int Index, string Name, bool IsUp, bool HasCarrier, int Mtu, byte[] Hardware)
{
    public bool Works => IsUp && HasCarrier;
}

/// <summary>An address of a device.</summary>
public readonly record struct InterfaceAddress(int Index, IPAddress Address, int PrefixLength);

/// <summary>NUD states (man 7 arp, include/uapi/linux/neighbour.h).</summary>
[Flags]
public enum NeighbourState : ushort
{
    None = 0,
    Incomplete = 0x01,
    Reachable = 0x02,
    Stale = 0x04,
    Delay = 0x08,
    Probe = 0x10,
    Failed = 0x20,
    NoArp = 0x40,
    Permanent = 0x80,
}

/// <summary>A neighbour of a device: an entry of the ARP or ND cache.</summary>
public sealed record Neighbour(int Index, IPAddress Address, NeighbourState State, byte[] Hardware);

/// <summary>A route.</summary>
/// <param name="Gateway">Null: on link.</param>
/// <param name="Device">0: whatever leads to the gateway.</param>
public sealed record Route(IPNetwork Prefix, int Device, IPAddress? Gateway = null, IPAddress? Source = null, uint Table = 254, uint Metric = 0, int Mtu = 0);
