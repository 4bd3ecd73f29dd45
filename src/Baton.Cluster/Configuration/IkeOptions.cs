using Baton.Ike;
using Baton.Ike.Negotiation;

namespace Baton.Cluster.Configuration;

/// <summary>What a node negotiates: checked, with its secrets loaded. Never printed.</summary>
/// <param name="Connections">Empty: this node does not speak IKE.</param>
/// <param name="Starts">By name of the connection: when it comes up.</param>
/// <param name="Pools">Inner addresses to give away.</param>
/// <param name="Policy">Sizes and timers of the endpoint; its connections and pools are these.</param>
public sealed record IkeOptions(
    IReadOnlyList<Connection> Connections, IReadOnlyDictionary<string, ConnectionStart> Starts, IReadOnlyDictionary<string, AddressPool> Pools, IkeEndpointPolicy Policy)
{
    public static IkeOptions None { get; } =
        new([], new Dictionary<string, ConnectionStart>(), new Dictionary<string, AddressPool>(), new IkeEndpointPolicy());

    public bool IsNone => Connections.Count == 0;

    /// <summary>Names only.</summary>
    public override string ToString() => string.Join(", ", Connections.Select(c => c.Name));
}

public enum ConnectionStart
{
    /// <summary>The peer begins.</summary>
    Respond,

    /// <summary>At the start, and again whenever it is gone.</summary>
    Initiate,

    /// <summary>When a packet of ours wants it, and each child for itself.</summary>
    Trap,
}
