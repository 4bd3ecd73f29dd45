using System.Net;

namespace Baton.Cluster.Configuration;

/// <summary>The media gateway controller: who asks it, and where it places calls. What is null is the product's default.</summary>
/// <param name="Listen">Addresses of the ng protocol.</param>
/// <param name="Clients">Who may ask: the protocol knows no secret.</param>
public sealed record ControllerOptions(IReadOnlyList<IPEndPoint> Listen, IReadOnlyList<IPNetwork> Clients, IReadOnlyList<GroupOptions> Groups)
{
    public int? MostCalls { get; init; }

    public TimeSpan? Unanswered { get; init; }

    public TimeSpan? HoldTimeout { get; init; }

    public TimeSpan? DeleteDelay { get; init; }

    public int? RequestsPerSecond { get; init; }
}

/// <summary>A group of media gateways: an active and its standbys.</summary>
/// <param name="FirstPort">With <paramref name="LastPort"/>: the UDP ports of calls, within the members' own.</param>
public sealed record GroupOptions(string Name, IReadOnlyList<GroupMember> Members, IReadOnlyList<GroupNetwork> Networks, int FirstPort, int LastPort);

/// <param name="Media">host:port of its status address, where it takes orders.</param>
public sealed record GroupMember(string Name, string Media);

/// <summary>Addresses that phones of one network send to; of whichever member carries the media.</summary>
/// <param name="Advertised">What phones are told instead; null: the address.</param>
public sealed record GroupNetwork(string Name, IPAddress? V4, IPAddress? V6, IPAddress? Advertised);
