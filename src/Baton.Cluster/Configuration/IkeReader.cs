using System.Net;
using System.Net.Sockets;
using Baton.Ike;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;

namespace Baton.Cluster.Configuration;

/// <summary>Reads <c>[ike]</c>, <c>[[pool]]</c> and <c>[[connection]]</c>.</summary>
internal static class IkeReader
{
    private static readonly Dictionary<string, ConnectionStart> Starts = new()
    {
        ["respond"] = ConnectionStart.Respond,
        ["initiate"] = ConnectionStart.Initiate,
        ["trap"] = ConnectionStart.Trap,
    };

    private static readonly Dictionary<string, ChildMode> Modes = new() { ["tunnel"] = ChildMode.Tunnel, ["transport"] = ChildMode.Transport };
    private static readonly Dictionary<string, bool> Encapsulations = new() { ["auto"] = false, ["always"] = true };

    public static IkeOptions Read(ConfigSection root, NodeRole role, OuterOptions? outer)
    {
        IkeEndpointPolicy policy = ReadPolicy(root.Section("ike")) with { Replicated = role == NodeRole.Gateway };
        Dictionary<string, AddressPool> pools = ReadPools(root);
        var connections = new List<Connection>();
        var starts = new Dictionary<string, ConnectionStart>();
        foreach (ConfigSection table in root.Sections("connection"))
        {
            if (ReadConnection(table, outer, pools, out ConnectionStart start) is not { } connection) continue;
            if (!starts.TryAdd(connection.Name, start)) table.Error("name", "is there already", "Give every connection a name of its own.");
            connections.Add(connection);
        }

        return connections.Count == 0 ? IkeOptions.None with { Policy = policy } : new(connections, starts, pools, policy with { Connections = connections, Pools = pools });
    }

    private static IkeEndpointPolicy ReadPolicy(ConfigSection ike)
    {
        var usual = new IkeEndpointPolicy();
        var read = usual with
        {
            MaxDatagram = (int)(ike.Number("fragment-size", 576, 9_000, "the largest UDP payload of an IKE message (RFC 7383 2.5.1).") ?? usual.MaxDatagram),
            MostChildren = (int)(ike.Number("most-children", 1, 1_000, "the most SAs of one IKE SA.") ?? usual.MostChildren),
            MostIkeSas = (int)(ike.Number("most-ike-sas", 1, 1_000_000, "the most IKE SAs.") ?? usual.MostIkeSas),
            Retransmit = usual.Retransmit with
            {
                First = ike.Milliseconds("retransmit-first-ms", 50, 60_000, "the time before a request is repeated.") ?? usual.Retransmit.First,
                Attempts = (int)(ike.Number("retransmit-attempts", 2, 50, "the times that a request leaves before its peer is silent (RFC 7296 2.4).") ?? usual.Retransmit.Attempts),
            },
            Flood = usual.Flood with
            {
                CookiesFrom = (int)(ike.Number("cookies-from", 0, 1_000_000, "so many half-open IKE SAs, and strangers must show a cookie (RFC 7296 2.6).") ?? usual.Flood.CookiesFrom),
                MostHalfOpen = (int)(ike.Number("most-half-open", 1, 1_000_000, "the most half-open IKE SAs.") ?? usual.Flood.MostHalfOpen),
                MostHalfOpenPerAddress = (int)(ike.Number("most-half-open-per-address", 1, 1_000_000, "the same of one address.") ?? usual.Flood.MostHalfOpenPerAddress),
            },
        };
        ike.Finish();
        return read;
    }

    private static Dictionary<string, AddressPool> ReadPools(ConfigSection root)
    {
        var pools = new Dictionary<string, AddressPool>();
        foreach (ConfigSection table in root.Sections("pool"))
        {
            string? name = table.Name("name", "Connections name it in their pools.");
            IPAddress? first = Address(table, "first", "The first address that is given.");
            IPAddress? last = Address(table, "last", "The last address that is given.");
            table.Finish();
            if (name is null || first is null || last is null) continue;
            if (first.AddressFamily != last.AddressFamily || first.GetAddressBytes().AsSpan().SequenceCompareTo(last.GetAddressBytes()) > 0)
                table.Error("last", "does not follow the first one", "Write two addresses of one family, the smaller one as first.");
            else if (!pools.TryAdd(name, new AddressPool(first, last)))
                table.Error("name", "is there already", "Give every pool a name of its own.");
        }

        return pools;
    }

    private static Connection? ReadConnection(ConfigSection table, OuterOptions? outer, Dictionary<string, AddressPool> pools, out ConnectionStart start)
    {
        string? name = table.Name("name", "Any name; it is used in the log and by the operator.");
        start = table.Choice("start", Starts, ConnectionStart.Respond) ?? ConnectionStart.Respond;
        IPEndPoint? local = table.Endpoint("local", "Our address and IKE port: 500, or 4500 from the start.", required: false);
        IPEndPoint? remote = table.Endpoint("remote", "The peer's address and IKE port; leave it out for any peer.", required: false);
        if (start != ConnectionStart.Respond)
        {
            if (remote is null) table.Error("remote", "is missing", "Who begins must know where the peer is; or write start = \"respond\".");
            local ??= outer?.Listen is { } listen && !listen.Address.Equals(IPAddress.Any) && !listen.Address.Equals(IPAddress.IPv6Any) ? listen : null;
            if (local is null) table.Error("local", "is missing", "Who begins must know its own address: write it with the port, as \"192.0.2.1:4500\".");
        }

        ConnectionCredentials? credentials = CredentialReader.Read(table);
        List<IkeProposalPolicy> proposals = Proposals<IkeProposalPolicy>(table, "ike", ProposalText.TryIke, ProposalText.IkeWords);
        IReadOnlyList<ChildProposalPolicy> esp = Proposals<ChildProposalPolicy>(table, "esp", ProposalText.TryEsp, ProposalText.EspWords);
        bool always = table.Choice("encapsulation", Encapsulations, false) ?? false;
        TimeSpan liveness = table.Milliseconds("liveness-ms", 0, 86_400_000, "the silence after which the peer is asked for a sign of life; 0: never.") ?? TimeSpan.FromSeconds(30);
        Lifetime lifetime = ReadLifetime(table, new Connection("", null!) { Children = [] }.IkeLifetime);
        var given = table.Texts("pools", "Name pools of this file.");
        foreach (string pool in given.Where(pool => !pools.ContainsKey(pool)))
            table.Error("pools", $"names \"{pool}\", which is no pool here", "Write [[pool]] with that name.");
        IReadOnlyList<string> ask = table.Texts("ask", "Write [\"ipv4\"], [\"ipv6\"] or both.");
        foreach (string family in ask.Where(family => family is not ("ipv4" or "ipv6")))
            table.Error("ask", $"names \"{family}\"", "Write [\"ipv4\"], [\"ipv6\"] or both.");
        IReadOnlyList<IPAddress> dns = Addresses(table, "dns", "Name servers to give to the peer.");
        bool mobike = table.Flag("mobike", true);
        bool onePerPeer = table.Flag("one-per-peer", false);
        List<ChildPolicy> children = ReadChildren(table, esp);
        // The address that a client was given is its selector: written ones would let it claim those of other clients.
        foreach (ChildPolicy child in children.Where(child => given.Count > 0 && child.Remote.Count > 0))
            table.Error("pools", $"stand beside \"remote\" of the child \"{child.Name}\"", "Leave remote out where addresses are given: the client gets its own address and no other.");
        bool keptUp = start == ConnectionStart.Initiate;
        foreach (ChildPolicy child in children.Where(child => keptUp && child.IdleAfter > TimeSpan.Zero))
            table.Error("start", $"is \"initiate\", but the child \"{child.Name}\" has idle-ms", "What is kept up is never idle: write start = \"trap\", or leave idle-ms out.");
        if (start == ConnectionStart.Trap)
        {
            foreach (ChildPolicy child in children.Where(child => child.Local.Count == 0 || child.Remote.Count == 0))
                table.Error("start", $"is \"trap\", but the child \"{child.Name}\" does not say which packets it is for", "Write its local and remote; or write start = \"initiate\".");
            children = [.. children.Select(child => child with { Start = false })];
        }

        table.Finish();
        if (name is null || credentials is null || children.Count == 0) return null;
        return new Connection(name, credentials)
        {
            Local = local,
            Remote = remote,
            LocalNatPort = local is { Port: not 500 } ? local.Port : 4500,
            RemoteNatPort = remote is { Port: not 500 } ? remote.Port : 4500,
            ForceUdpEncapsulation = always,
            IkeProposals = proposals.Count > 0 ? proposals : IkeProposalPolicy.Defaults,
            Children = children,
            KeepUp = keptUp,
            GivesAddressesFrom = given,
            GivesNameServers = dns,
            AsksForIPv4 = ask.Contains("ipv4"),
            AsksForIPv6 = ask.Contains("ipv6"),
            Mobike = mobike,
            IkeLifetime = lifetime,
            Liveness = liveness,
            OneSaPerPeer = onePerPeer,
        };
    }

    private static List<ChildPolicy> ReadChildren(ConfigSection connection, IReadOnlyList<ChildProposalPolicy> usual)
    {
        var children = new List<ChildPolicy>();
        var names = new HashSet<string>();
        foreach (ConfigSection table in connection.Sections("child"))
        {
            string? name = table.Name("name", "Any name; it is used in the log and by the operator.");
            List<TrafficSelector> local = ReadSelectors(table, "local"), remote = ReadSelectors(table, "remote");
            ChildMode mode = table.Choice("mode", Modes, ChildMode.Tunnel) ?? ChildMode.Tunnel;
            List<ChildProposalPolicy> proposals = Proposals<ChildProposalPolicy>(table, "esp", ProposalText.TryEsp, ProposalText.EspWords);
            var lifetime = new ChildLifetime();
            lifetime = lifetime with
            {
                Time = ReadLifetime(table, lifetime.Time),
                Bytes = (ulong)(table.Number("rekey-bytes", 0, long.MaxValue, "so many bytes, and it is rekeyed; 0: no such limit.") ?? 0),
                Packets = (ulong)(table.Number("rekey-packets", 0, long.MaxValue, "so many packets, and it is rekeyed; 0: no such limit.") ?? 0),
                SequenceHeadroom = (ulong)(table.Number("rekey-numbers-left", 1, 1L << 31, "so few sequence numbers left, and it is rekeyed.") ?? (long)lifetime.SequenceHeadroom),
            };
            TimeSpan idle = table.Milliseconds("idle-ms", 0, 86_400_000.0 * 31, "the time without a packet after which it is deleted; 0: never.") ?? TimeSpan.Zero;
            bool start = table.Flag("start", true);
            table.Finish();
            if (name is null) continue;
            if (!names.Add(name)) table.Error("name", "is there already", "Give every child of a connection a name of its own.");
            children.Add(new ChildPolicy(name)
            {
                Local = local,
                Remote = remote,
                Mode = mode,
                Proposals = proposals.Count > 0 ? proposals : usual.Count > 0 ? usual : ChildProposalPolicy.Defaults,
                Lifetime = lifetime,
                Start = start,
                IdleAfter = idle,
            });
        }

        if (children.Count == 0) connection.Error("child", "is missing", "Write [[connection.child]] with what it protects: local and remote.");
        return children;
    }

    private static Lifetime ReadLifetime(ConfigSection table, Lifetime usual)
    {
        TimeSpan? rekey = table.Milliseconds("rekey-ms", 1_000, 86_400_000.0 * 30, "the age at which it is rekeyed.");
        TimeSpan? hard = table.Milliseconds("lifetime-ms", 1_000, 86_400_000.0 * 31, "the age at which it ends whatever happened.");
        double jitter = table.Number("rekey-jitter-percent", 0, 90, "the random part of rekey-ms by which a rekey comes earlier (RFC 7296 2.8).") is { } percent ? percent / 100.0 : usual.Jitter;
        Lifetime read = new(rekey ?? (hard is { } h && h <= usual.Rekey ? h * 0.8 : usual.Rekey), hard ?? (rekey is { } r && r >= usual.Hard ? r * 1.25 : usual.Hard), jitter);
        if (read.Rekey >= read.Hard) table.Error("lifetime-ms", "is not above rekey-ms", "Leave time for the rekey: a quarter more, say.");
        return read;
    }

    private static List<TrafficSelector> ReadSelectors(ConfigSection table, string key)
    {
        var selectors = new List<TrafficSelector>();
        foreach (string text in table.Texts(key, SelectorText.Advice))
        {
            if (SelectorText.TryParse(text, out TrafficSelector selector)) selectors.Add(selector);
            else table.Error(key, $"names \"{text}\", which is no selector", SelectorText.Advice);
        }

        if (selectors.Count > Records.SaDescription.MaximumSelectors)
            table.Error(key, $"has {selectors.Count} selectors", $"Write at most {Records.SaDescription.MaximumSelectors}, or several children.");
        return selectors;
    }

    private delegate bool TryProposal<T>(string text, out T proposal, out string problem);

    private static List<T> Proposals<T>(ConfigSection table, string key, TryProposal<T> read, string words)
    {
        var proposals = new List<T>();
        foreach (string text in table.Texts(key, $"Write a list of proposals, each of the words {words}, joined with hyphens."))
        {
            if (read(text, out T proposal, out string problem)) proposals.Add(proposal);
            else table.Error(key, $"\"{text}\" {problem}", $"The words are {words}.");
        }

        return proposals;
    }

    private static IPAddress? Address(ConfigSection table, string key, string remedy)
    {
        string? text = table.Text(key, remedy);
        if (text is null) return null;
        if (IPAddress.TryParse(text, out IPAddress? address) && address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6) return address;
        table.Error(key, "is not an address", remedy);
        return null;
    }

    private static List<IPAddress> Addresses(ConfigSection table, string key, string remedy)
    {
        var addresses = new List<IPAddress>();
        foreach (string text in table.Texts(key, remedy))
        {
            if (IPAddress.TryParse(text, out IPAddress? address)) addresses.Add(address);
            else table.Error(key, $"names \"{text}\", which is no address", remedy);
        }

        return addresses;
    }
}
