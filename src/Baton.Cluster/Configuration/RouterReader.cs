using System.Net;

namespace Baton.Cluster.Configuration;

/// <summary>Reads <c>[router]</c>, and a <c>[[group]]</c> for each further cluster behind it.</summary>
internal static class RouterReader
{
    public static RouterOptions? Read(ConfigSection root, ClusterOptions? own, OuterOptions? outer, InnerOptions? inner)
    {
        ConfigSection table = root.Section("router");
        IPEndPoint? control = table.Endpoint("control", "Where the gateways' steering frames arrive.");
        table.Finish();

        // An address is one cluster's: by it a packet's cluster is known, whatever its SPI.
        var taken = new Dictionary<IPEndPoint, string>();
        foreach ((IPEndPoint? at, string key) in new[] { (control, "router.control"), (outer?.Listen, "outer.listen"), (inner?.Listen, "inner.listen") })
        {
            if (at is not null) taken.TryAdd(at, key);
        }

        foreach (MemberAddress member in own?.Members ?? [])
        {
            if (member.Outer is { } one) taken.TryAdd(one, $"the outer address of {member.Name}");
            if (member.Inner is { } other) taken.TryAdd(other, $"the inner address of {member.Name}");
        }

        var names = new HashSet<string>();
        if (own is not null) names.Add(own.Id);
        var groups = new List<RouterGroupOptions>();
        foreach (ConfigSection each in root.Sections("group"))
        {
            if (Group(each, taken, names) is { } group) groups.Add(group);
        }

        return control is null ? null : new(control, groups);
    }

    private static RouterGroupOptions? Group(ConfigSection each, Dictionary<IPEndPoint, string> taken, HashSet<string> names)
    {
        string? name = each.Name("name", "A name for this cluster: its own, the one given to 'baton pki init'.");
        if (name is not null && !names.Add(name)) each.Error("name", "is there twice", "Give every cluster behind this router a name of its own.");
        string? key = each.Path("key-file", "The control key (control.key) of that cluster, from 'baton pki init'.", mustExist: true);
        IPEndPoint? outer = Address(each, "outer", "What the peers of this cluster see: an address, or a port, that no other cluster has.");
        IPEndPoint? inner = Address(each, "inner", "Where inner hosts send to, for this cluster.");
        IPEndPoint? control = Address(each, "control", "Where this cluster's steering frames arrive.");
        var members = new List<GroupGateway>();
        foreach (ConfigSection member in each.Sections("member"))
        {
            string? called = member.Name("name", "The gateway's name, the one in its certificate.");
            IPEndPoint? memberOuter = Address(member, "outer", "Where this gateway takes ESP in UDP from the router.");
            IPEndPoint? memberInner = Address(member, "inner", "Where this gateway takes inner packets from the router.");
            member.Finish();
            if (called is not null && members.Exists(one => one.Name == called)) member.Error("name", "is there twice", "Give every gateway of a cluster a name of its own.");
            if (called is not null && memberOuter is not null && memberInner is not null) members.Add(new(called, memberOuter, memberInner));
        }

        if (members.Count == 0 && !each.Has("member")) each.Error("member", "is missing", "Add a [[group.member]] for each gateway of this cluster.");
        var routes = new List<InnerRoute>();
        foreach (ConfigSection route in each.Sections("route"))
        {
            IPNetwork? prefix = route.Network("prefix", "The inner addresses that this route is for.");
            IPEndPoint? to = route.Endpoint("to", "Where their packets go.");
            route.Finish();
            if (prefix is { } p && to is not null) routes.Add(new(p, to));
        }

        each.Finish();
        return name is null || key is null || outer is null || inner is null || control is null ? null : new(name, key, members, outer, inner, control, routes);

        IPEndPoint? Address(ConfigSection section, string called, string remedy)
        {
            IPEndPoint? at = section.Endpoint(called, remedy);
            if (at is null || taken.TryAdd(at, $"{section.Prefix}.{called}")) return at;
            section.Error(called, $"is also {taken[at]}", "Two clusters behind one address could not be told apart where they use the same SPI: give each its own address or port.");
            return at;
        }
    }
}
