using System.Net;

namespace Baton.Cluster.Configuration;

/// <summary>Reads <c>[cluster]</c>: the same block of text in the file of every node.</summary>
internal static class ClusterReader
{
    public static ClusterOptions? Read(ConfigSection cluster, NodeRole role, string? name)
    {
        string? id = cluster.Name("id", "The cluster's name, the one given to 'baton pki init'.");
        if (id is not null && !Certificates.NodeName.IsCluster(id))
            cluster.Error("id", "is no cluster name", "Use small letters, digits and '-', at most 63.");
        string? keyFile = cluster.Path("key-file", NodeOptions.IsMemberRole(role) ? "The cluster key, from 'baton pki init'." : "The control key (control.key), from 'baton pki init'.", mustExist: role != NodeRole.Peer, required: role != NodeRole.Peer);

        List<MemberAddress> members = Members(cluster, role);
        List<HandlerAddress> handlers = Handlers(cluster);
        List<RouterAddress> routers = Routers(cluster);
        cluster.Finish();

        if (NodeOptions.IsMemberRole(role))
        {
            if (members.Count > 0 && name is not null && members.TrueForAll(m => m.Name != name))
            {
                cluster.Error("member", $"does not list this node ({name})",
                    Spelling.Nearest(name, members.Select(m => m.Name)) is { } near ? $"Did you mean [node] name = \"{near}\"?" : "Add a [[cluster.member]] for it.");
            }

            if (handlers.Count == 0 && !cluster.Has("handler"))
                cluster.Error("handler", "is missing", "A gateway needs at least one [[cluster.handler]] with session and heartbeat.");
        }

        if (role != NodeRole.Peer && members.Count == 0 && !cluster.Has("member"))
            cluster.Error("member", "is missing", "Add a [[cluster.member]] for each gateway.");
        return id is null ? null : new(id, keyFile, members, handlers, routers);
    }

    private static List<MemberAddress> Members(ConfigSection cluster, NodeRole role)
    {
        var members = new List<MemberAddress>();
        var taken = new Dictionary<IPEndPoint, string>();
        foreach (ConfigSection each in cluster.Sections("member"))
        {
            string? name = each.Name("name", "The gateway's name, the one in its certificate.");
            IPEndPoint? sync = Address("sync", "Where this gateway takes ceilings and confirms.");
            IPEndPoint? heartbeat = Address("heartbeat", "Where this gateway hears the others' sentinels.");
            IPEndPoint? outer = Address("outer", "Where this gateway takes ESP in UDP from the router.", required: role == NodeRole.Router);
            IPEndPoint? inner = Address("inner", "Where this gateway takes inner packets from the router.", required: role == NodeRole.Router);
            each.Finish();
            if (name is not null && members.Exists(m => m.Name == name))
                each.Error("name", "is there twice", "Give every gateway a name of its own.");
            if (name is not null && sync is not null && heartbeat is not null && (role != NodeRole.Router || (outer is not null && inner is not null)))
                members.Add(new(name, sync, heartbeat, outer, inner));

            IPEndPoint? Address(string key, string remedy, bool required = true)
            {
                IPEndPoint? endpoint = each.Endpoint(key, remedy, required);
                if (endpoint is null || taken.TryAdd(endpoint, $"{each.Prefix}.{key}")) return endpoint;
                each.Error(key, $"is also {taken[endpoint]}", "Give each its own address or port.");
                return endpoint;
            }
        }

        return members;
    }

    private static List<HandlerAddress> Handlers(ConfigSection cluster)
    {
        var handlers = new List<HandlerAddress>();
        foreach (ConfigSection each in cluster.Sections("handler"))
        {
            string? session = each.HostAndPort("session", "Where the handler's gRPC service answers.");
            IPEndPoint? heartbeat = each.Endpoint("heartbeat", "Where the handler hears the sentinels.");
            each.Finish();
            if (session is not null && heartbeat is not null) handlers.Add(new(session, heartbeat));
        }

        return handlers;
    }

    private static List<RouterAddress> Routers(ConfigSection cluster)
    {
        var routers = new List<RouterAddress>();
        foreach (ConfigSection each in cluster.Sections("router"))
        {
            string? name = each.Name("name", "The router's name, the one in its certificate.");
            IPEndPoint? control = each.Endpoint("control", "Where the router takes steering frames.");
            IPEndPoint? outer = each.Endpoint("outer", "The router's outer address, where there is more than one router.", required: false);
            each.Finish();
            if (name is not null && control is not null) routers.Add(new(name, control, outer));
        }

        return routers;
    }
}
