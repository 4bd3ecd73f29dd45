using System.Net;
using System.Text;
using System.Text.Unicode;
using Tomlyn;
using Tomlyn.Model;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Baton.Cluster.Configuration;

/// <summary>Reads the one TOML file of a node and says everything that is wrong with it at once.</summary>
public static class ConfigFile
{
    internal static readonly IReadOnlyDictionary<string, NodeRole> Roles = new Dictionary<string, NodeRole>
    {
        ["handler"] = NodeRole.Handler,
        ["gateway"] = NodeRole.Gateway,
        ["peer"] = NodeRole.Peer,
        ["router"] = NodeRole.Router,
        ["controller"] = NodeRole.Controller,
        ["media"] = NodeRole.Media,
    };

    private const int MaximumLength = 16 << 20;

    private static readonly Dictionary<string, int> LogLevels =
        new() { ["trace"] = 0, ["debug"] = 1, ["info"] = 2, ["warning"] = 3, ["error"] = 4 };

    public static ConfigResult Load(string path)
    {
        try
        {
            return TryReadText(path, out string text, out string trouble)
                ? Parse(text, path)
                : new(null, [new ConfigError("", "", trouble, "Name the TOML file of a node.")], []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(null, [new ConfigError("", "", $"cannot be read ({e.Message})", "Name a file that exists and that this user may read.")], []);
        }
    }

    /// <summary>What is no text is not shown to a parser, which would find an error in every line of it.</summary>
    private static bool TryReadText(string path, out string text, out string trouble)
    {
        (text, trouble) = ("", "");
        using FileStream file = File.OpenRead(path);
        byte[] bytes = new byte[MaximumLength + 1];
        int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        ReadOnlySpan<byte> content = bytes.AsSpan(0, length);
        if (length > MaximumLength) trouble = $"is longer than {MaximumLength >> 20} MB";
        else if (content.Contains((byte)0) || !Utf8.IsValid(content)) trouble = "is no text in UTF-8";
        if (trouble.Length > 0) return false;
        text = Encoding.UTF8.GetString(content.StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content);
        return true;
    }

    /// <summary>The parser quotes what it read, which may be the rest of the file.</summary>
    private static string Shortened(string message) => message.Length <= 120 ? message : $"{message.AsSpan(0, 120)}...";

    /// <param name="path">For messages, and for the folder that relative paths start from.</param>
    public static ConfigResult Parse(string text, string path)
    {
        string full = Path.GetFullPath(path);
        DocumentSyntax syntax = SyntaxParser.Parse(text, full);
        if (syntax.HasErrors)
        {
            return new(null, [.. syntax.Diagnostics.Select(d =>
                new ConfigError("syntax", "", Shortened(d.Message.TrimEnd('.')), "See https://toml.io.", d.Span.Start.Line + 1))], []);
        }

        TomlTable root;
        try
        {
            root = TomlSerializer.Deserialize<TomlTable>(text) ?? [];
        }
        catch (TomlException e)
        {
            return new(null, [new ConfigError("syntax", "", Shortened(e.Message), "See https://toml.io.")], []);
        }

        var errors = new ConfigErrors(Path.GetDirectoryName(full)!, ConfigLines.Of(syntax));
        var warnings = new List<string>();
        NodeOptions? options = Read(new ConfigSection("", root, errors), full, errors, warnings);
        return errors.All.Count > 0 ? new(null, errors.All, warnings) : new(options, [], warnings);
    }

    private static NodeOptions? Read(ConfigSection root, string file, ConfigErrors errors, List<string> warnings)
    {
        ConfigSection node = root.Section("node");
        string? name = node.Name("name", "Every node of a cluster has a name of its own, the one in its certificate.");
        NodeRole? role = node.Choice("role", Roles, fallback: null);
        node.Finish();

        // A role that is wrong hides no other error: the tables tell which one is meant.
        NodeRole known = role ?? GuessRole(root, node);

        bool carriesPackets = known is NodeRole.Gateway or NodeRole.Peer or NodeRole.Router;
        bool isMember = NodeOptions.IsMemberRole(known);
        bool inCluster = known != NodeRole.Peer;
        ClusterOptions? cluster = ClusterReader.Read(root.Section("cluster"), known, name);
        TlsOptions? tls = inCluster || root.Has("tls") ? ReadTls(root.Section("tls")) : null;

        ConfigSection status = root.Section("status");
        var statusOptions = new StatusOptions(
            status.Endpoint("listen", "Where 'baton status' may ask this node; leave it out for none.", required: false),
            status.Endpoint("metrics", "A loopback address for plain HTTP /metrics; leave it out for none.", required: false));
        if (statusOptions.Metrics is { } metrics and not Wire.BackplaneEndPoint && !IPAddress.IsLoopback(metrics.Address))
            status.Error("metrics", "is not a loopback address", "Metrics are served without encryption: bind 127.0.0.1 or ::1 and put a proxy in front.");
        if (statusOptions.Listen is not null && tls is null && !root.Has("tls"))
            status.Error("listen", "needs certificates", "Add a [tls] table, or leave the status address out.");
        status.Finish();

        ConfigSection log = root.Section("log");
        string level = log.Text("level", "Write trace, debug, info, warning or error.", required: false) ?? "info";
        if (!LogLevels.ContainsKey(level)) log.Error("level", "is no level", "Write trace, debug, info, warning or error.");
        log.Finish();

        OuterOptions? outer = carriesPackets ? PathReader.Outer(root.Section("outer"), known) : null;
        InnerOptions? inner = carriesPackets ? PathReader.Inner(root.Section("inner"), known) : null;
        VirtualOptions moving = isMember ? PathReader.Virtual(root.Section("virtual")) : new();
        HookOptions hooks = isMember ? PathReader.Hooks(root.Section("hooks")) : new();
        TrackOptions track = isMember ? PathReader.Track(root.Section("track")) : new();
        HeartbeatOptions heartbeat = inCluster ? ReadHeartbeat(root.Section("heartbeat")) : new();
        RedundancyOptions redundancy = isMember ? ReadRedundancy(root.Section("redundancy")) : new();
        bool keepsRecords = known is NodeRole.Handler or NodeRole.Controller || (known == NodeRole.Router && root.Has("handler"));
        HandlerOptions? handler = keepsRecords ? ReadHandler(root.Section("handler"), known == NodeRole.Router ? tls : null) : null;
        ControllerOptions? controller = known == NodeRole.Controller ? ControllerReader.Read(root.Section("controller")) : null;
        RouterOptions? router = known == NodeRole.Router ? RouterReader.Read(root, cluster, outer, inner) : null;
        MediaOptions? media = known == NodeRole.Media ? MediaReader.Read(root, warnings) : null;
        IReadOnlyList<StaticSa> sas = known is NodeRole.Gateway or NodeRole.Peer ? StaticKeying.Read(root, warnings) : [];
        IkeOptions ike = known is NodeRole.Gateway or NodeRole.Peer ? IkeReader.Read(root, known, outer) : IkeOptions.None;
        if (sas.Count > 0 && !ike.IsNone)
            root.Error("connection", "stands beside SAs with keys from a file", "Negotiate all SAs, or none: take [insecure] and [[sa]] out.");
        if (role is not null) root.Finish();                   // else nobody can say for certain which tables do not belong here
        if (errors.All.Count > 0) return null;
        return new NodeOptions
        {
            File = file,
            Name = name!,
            Role = known,
            Cluster = cluster!,
            Tls = tls,
            Status = statusOptions,
            Log = new(level),
            Outer = outer,
            Inner = inner,
            Virtual = moving,
            Hooks = hooks,
            Track = track,
            Heartbeat = heartbeat,
            Redundancy = redundancy,
            Handler = handler,
            Controller = controller,
            Router = router,
            Media = media,
            StaticSas = sas,
            Ike = ike,
        };
    }

    private static NodeRole GuessRole(ConfigSection root, ConfigSection node)
    {
        if (node.Word("role") is { } word && Spelling.Nearest(word, Roles.Keys) is { } near) return Roles[near];
        return root.Has("controller") ? NodeRole.Controller
            : root.Has("media") ? NodeRole.Media
            : root.Has("router") ? NodeRole.Router
            : root.Has("handler") ? NodeRole.Handler
            : root.Has("cluster") ? NodeRole.Gateway
            : NodeRole.Peer;
    }

    private static TlsOptions? ReadTls(ConfigSection tls)
    {
        string? authority = tls.Path("ca", "The cluster's CA certificate: ca.crt from 'baton pki init'.", mustExist: true);
        string? certificate = tls.Path("certificate", "Issue it with 'baton pki issue'.", mustExist: true);
        string? key = tls.Path("key", "The key beside the certificate, from 'baton pki issue'.", mustExist: true);
        tls.Finish();
        return authority is null || certificate is null || key is null ? null : new(authority, certificate, key);
    }

    private static HeartbeatOptions ReadHeartbeat(ConfigSection heartbeat)
    {
        var usual = new HeartbeatOptions();
        var read = new HeartbeatOptions(
            heartbeat.Milliseconds("interval-ms", 1, 10_000, "the time between two heartbeats.") ?? usual.Interval,
            (int)(heartbeat.Number("multiplier", 2, 255, "so many missing heartbeats are a suspicion.") ?? usual.Multiplier),
            heartbeat.Milliseconds("hang-after-ms", 10, 60_000, "without progress while packets wait, the data path hangs.") ?? usual.HangAfter,
            heartbeat.Flag("sentinel", true));
        heartbeat.Finish();
        return read;
    }

    private static RedundancyOptions ReadRedundancy(ConfigSection table)
    {
        var usual = new RedundancyOptions();
        var read = new RedundancyOptions
        {
            LeaseTime = table.Milliseconds("lease-time-ms", 1, 86_400_000, "how long a lease lasts at the measured rate."),
            LeaseMinimum = (ulong?)table.Number("lease-minimum", 16, 1 << 28, "the least headroom of a lease, in numbers."),
            CeilingTick = table.Milliseconds("ceiling-tick-ms", 0.1, 100, "the time between two messages of ceilings."),
            HandlerPatience = table.Milliseconds("handler-patience-ms", 1, 60_000, "how long a designee waits before it acts alone."),
            RequestTimeout = table.Milliseconds("request-timeout-ms", 1, 60_000, "after which a request is repeated."),
            DesigneePatience = table.Milliseconds("designee-patience-ms", 1, 60_000, "how long the active waits for its designee."),
            SliceExtended = (ulong?)table.Number("slice-extended", 1 << 10, 1 << 27, "the numbers of one term (ESN).") ?? usual.SliceExtended,
            Slice32 = (ulong?)table.Number("slice-32", 1 << 10, 1 << 24, "the numbers of one term (32 bits).") ?? usual.Slice32,
        };
        table.Finish();
        return read;
    }

    /// <param name="router">The certificates of the router that it lives in; null: it is a node of its own.</param>
    private static HandlerOptions? ReadHandler(ConfigSection table, TlsOptions? router)
    {
        IPEndPoint? listen = table.Endpoint("listen", "Where the gateways' sessions come in.");
        string? ledger = table.Path("ledger", "The file of the records; it is made when it is not there.", mustExist: false);
        IPEndPoint? heartbeat = table.Endpoint("heartbeat", "Where the sentinels' heartbeats arrive.");
        TimeSpan? patience = table.Milliseconds("witness-patience-ms", 1, 10_000, "how long a suspicion waits for the other witness.");
        long limit = table.Number("ledger-limit-mb", 1, 1 << 20, "what the ledger file may grow to.") ?? 0;
        string? certificate = router is null ? null : table.Path("certificate", "A certificate of role handler, from 'baton pki issue': members believe a router no records.", mustExist: true);
        string? key = router is null ? null : table.Path("key", "The key beside the certificate, from 'baton pki issue'.", mustExist: true);
        table.Finish();
        if (listen is null || ledger is null || heartbeat is null) return null;
        TlsOptions? own = certificate is null || key is null ? null : new(router!.AuthorityFile, certificate, key);
        return new HandlerOptions(listen, ledger, heartbeat) { WitnessPatience = patience, LedgerLimit = limit << 20, Tls = own };
    }
}
