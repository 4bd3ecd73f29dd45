using System.Net;
using System.Net.Sockets;

namespace Baton.Voice.Controller;

/// <summary>A network in which a group's media gateways have addresses, the same at whichever of them works.</summary>
/// <param name="V4">Null: none of this family.</param>
/// <param name="Advertised">What phones are told instead, behind a NAT that maps one to one; null: the address itself.</param>
public sealed record MediaNetwork(string Name, IPAddress? V4, IPAddress? V6, IPAddress? Advertised = null)
{
    internal IPAddress? Address(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? V6 : V4;

    internal IPAddress Said(IPAddress address) => Advertised is { } said && said.AddressFamily == address.AddressFamily ? said : address;
}

/// <summary>An active media gateway and its standbys, as configured. The first network is the one of who names none.</summary>
public sealed record MediaGroupDescription(string Name, IReadOnlyList<MediaNetwork> Networks, int FirstPort, int LastPort);

/// <summary>A group and what is placed on it.</summary>
internal sealed class MediaGroup(MediaGroupDescription description)
{
    internal string Name => description.Name;

    internal PortRange Ports { get; } = new(description.FirstPort, description.LastPort);

    /// <summary>A member carries media.</summary>
    internal bool Works { get; set; }

    /// <summary>Its calls of an earlier controller are known.</summary>
    internal bool IsSeen { get; set; }

    internal int Streams { get; set; }

    /// <summary>How full it is: 1 has no port left.</summary>
    internal double Load => Ports.Size == 0 ? 1 : (double)Ports.Taken / Ports.Size;

    /// <summary>Null: there is none of that name.</summary>
    internal MediaNetwork? Network(string? name)
    {
        if (name is null)
            return description.Networks[0];
        foreach (MediaNetwork network in description.Networks)
        {
            if (network.Name == name)
                return network;
        }

        return null;
    }
}
