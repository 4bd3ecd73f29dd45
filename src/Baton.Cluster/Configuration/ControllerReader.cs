using System.Net;
using System.Net.Sockets;

namespace Baton.Cluster.Configuration;

/// <summary>Reads <c>[controller]</c> with its groups of media gateways.</summary>
internal static class ControllerReader
{
    public static ControllerOptions Read(ConfigSection table)
    {
        var listen = new List<IPEndPoint>();
        foreach (string text in table.Texts("listen", "Where the SIP proxy asks, as in [\"127.0.0.1:2223\"]."))
        {
            if (EndpointText.TryParse(text, out IPEndPoint endpoint)) listen.Add(endpoint);
            else table.Error("listen", $"has \"{text}\", which is not an address with a port", "Write each as \"127.0.0.1:2223\" or \"[::1]:2223\".");
        }

        if (listen.Count == 0 && !table.Has("listen")) table.Error("listen", "is missing", "Write where the SIP proxy asks, as in [\"127.0.0.1:2223\"].");
        var clients = new List<IPNetwork>();
        foreach (string text in table.Texts("clients", "Who may ask, as in [\"192.0.2.10/32\"]; this machine always may."))
        {
            if (PrefixText.TryParse(text, out IPNetwork network)) clients.Add(network);
            else table.Error("clients", $"has \"{text}\", which is not a prefix", "Write each as \"192.0.2.10/32\" or \"2001:db8::/64\", with no bits set after the prefix.");
        }

        clients.AddRange([IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")]);
        List<GroupOptions> groups = Groups(table);
        var read = new ControllerOptions(listen, clients, groups)
        {
            MostCalls = (int?)table.Number("most-calls", 1, 1_000_000, "calls at once."),
            Unanswered = table.Milliseconds("unanswered-timeout-ms", 1_000, 86_400_000, "an offer that nobody answers is given up after so long."),
            HoldTimeout = table.Milliseconds("hold-timeout-ms", 1_000, 604_800_000, "a call on hold may be silent for so long."),
            DeleteDelay = table.Milliseconds("delete-delay-ms", 0, 300_000, "how long a call stays after its delete."),
            RequestsPerSecond = (int?)table.Number("requests-per-second", 10, 1_000_000, "what is above is dropped."),
        };
        table.Finish();
        return read;
    }

    private static List<GroupOptions> Groups(ConfigSection table)
    {
        var groups = new List<GroupOptions>();
        foreach (ConfigSection each in table.Sections("group"))
        {
            string? name = each.Name("name", "A name for this group of media gateways.");
            if (name is not null && groups.Exists(group => group.Name == name)) each.Error("name", "is there twice", "Give every group a name of its own.");
            List<GroupMember> members = Members(each);
            List<GroupNetwork> networks = Networks(each);
            long first = each.Number("first-port", 1_024, 65_532, "the first UDP port of calls.") ?? 20_000;
            long last = each.Number("last-port", 1_025, 65_535, "the last UDP port of calls.") ?? 39_999;
            if (last < first + 3) each.Error("last-port", "leaves no room", "A call takes four ports.");
            each.Finish();
            if (name is not null && networks.Count > 0) groups.Add(new(name, members, networks, (int)first, (int)last));
        }

        if (groups.Count == 0 && !table.Has("group")) table.Error("group", "is missing", "Add a [[controller.group]] with its members and networks.");
        return groups;
    }

    private static List<GroupMember> Members(ConfigSection group)
    {
        var members = new List<GroupMember>();
        foreach (ConfigSection each in group.Sections("member"))
        {
            string? name = each.Name("name", "The media gateway's name, the one in its certificate.");
            string? media = each.HostAndPort("media", "The media gateway's status address, where it takes orders.");
            each.Finish();
            if (name is not null && members.Exists(member => member.Name == name)) each.Error("name", "is there twice", "Give every media gateway a name of its own.");
            if (name is not null && media is not null) members.Add(new(name, media));
        }

        if (members.Count == 0 && !group.Has("member")) group.Error("member", "is missing", "Add a [[controller.group.member]] for each media gateway of the group.");
        return members;
    }

    private static List<GroupNetwork> Networks(ConfigSection group)
    {
        var networks = new List<GroupNetwork>();
        foreach (ConfigSection each in group.Sections("network"))
        {
            string? name = each.Name("name", "What 'direction' calls it.");
            IPAddress? v4 = Address(each, "address", AddressFamily.InterNetwork, "An IPv4 address of the media gateways, as in \"192.0.2.9\".");
            IPAddress? v6 = Address(each, "address6", AddressFamily.InterNetworkV6, "An IPv6 address of the media gateways, as in \"2001:db8::9\".");
            IPAddress? said = Address(each, "advertised", null, "What phones are told instead of the address of its family.");
            if (v4 is null && v6 is null && !each.Has("address") && !each.Has("address6"))
                each.Error("address", "is missing", "Write address, address6, or both: where phones of this network send to.");
            each.Finish();
            if (name is not null && networks.Exists(network => network.Name == name)) each.Error("name", "is there twice", "Give every network of a group a name of its own.");
            if (name is not null && (v4 ?? v6) is not null) networks.Add(new(name, v4, v6, said));
        }

        if (networks.Count == 0 && !group.Has("network")) group.Error("network", "is missing", "Add a [[controller.group.network]] with the address that phones send to.");
        return networks;
    }

    private static IPAddress? Address(ConfigSection table, string key, AddressFamily? family, string remedy)
    {
        string? text = table.Text(key, remedy, required: false);
        if (text is null) return null;
        if (IPAddress.TryParse(text, out IPAddress? address) && (family is null || address.AddressFamily == family)) return address;
        table.Error(key, "is no such address", remedy);
        return null;
    }
}
