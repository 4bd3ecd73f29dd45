using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;

namespace Baton.Cluster.Tests.Configuration;

public sealed class ConfigFileTests : IDisposable
{
    private const string Columns = "name,suite,spi-to-peer,spi-from-peer,key-to-peer,key-from-peer,local,remote,peer,esn,window";

    private readonly string _directory = Directory.CreateTempSubdirectory("baton-config-").FullName;

    public ConfigFileTests()
    {
        foreach (string file in new[] { "ca.crt", "cluster.key", "control.key", "a.crt", "a.key", "b.crt", "b.key", "h.crt", "h.key", "r.crt", "r.key" })
            File.WriteAllText(Path.Combine(_directory, file), "");
        string psk = Path.Combine(_directory, "branch.psk");
        File.WriteAllText(psk, $"0x{new string('5', 64)}");
        File.SetUnixFileMode(psk, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Theory]
    [InlineData("handler.toml", NodeRole.Handler)]
    [InlineData("controller.toml", NodeRole.Controller)]
    [InlineData("gateway-a.toml", NodeRole.Gateway)]
    [InlineData("gateway-b.toml", NodeRole.Gateway)]
    [InlineData("media-a.toml", NodeRole.Media)]
    [InlineData("router.toml", NodeRole.Router)]
    [InlineData("peer.toml", NodeRole.Peer)]
    public void The_examples_of_the_handbook_load(string name, NodeRole role)
    {
        ConfigResult result = Parse(File.ReadAllText(Example(name)));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        Assert.Equal(role, result.Options!.Role);
        Assert.Equal("demo", result.Options.Cluster.Id);
        if (role == NodeRole.Peer) return;
        Assert.Equal(["a", "b"], result.Options.Cluster.Members.Select(m => m.Name));
        Assert.Equal(IPEndPoint.Parse("192.0.2.12:7100"), result.Options.Cluster.Members[1].Sync);
        Assert.Equal("handler.example:7443", result.Options.Cluster.Handlers[0].Session);
        Assert.Equal(TimeSpan.FromMilliseconds(30), result.Options.Heartbeat.DetectionTime);
        Assert.Equal(role is NodeRole.Gateway or NodeRole.Media ? result.Options.Name : null, result.Options.Self?.Name);
    }

    [Theory]
    [InlineData(new byte[] { 0x7F, 0x45, 0x4C, 0x46, 0x00, 0x0A, 0x5B }, "is no text in UTF-8")]
    [InlineData(new byte[] { 0x5B, 0x6E, 0xFF, 0xFE, 0x0A }, "is no text in UTF-8")]
    [InlineData(null, "is longer than 16 MB")]
    public void What_is_no_text_is_one_error(byte[]? content, string problem)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, content ?? [.. Enumerable.Repeat((byte)'#', (16 << 20) + 1)]);
            ConfigError error = Assert.Single(ConfigFile.Load(file).Errors);
            Assert.Equal(("", problem), (error.Key, error.Problem));
            Assert.StartsWith(problem, error.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void What_the_parser_quotes_is_cut_off()
    {
        string letter = $"reader's {new string('x', 10_000)}, isn't it\n";
        Assert.All(ConfigFile.Parse(letter, "letter.txt").Errors, error => Assert.InRange(error.ToString().Length, 20, 200));
        Assert.NotEmpty(ConfigFile.Parse(letter, "letter.txt").Errors);
    }

    [Fact]
    public void A_mark_of_the_byte_order_is_no_part_of_the_text()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "[node]\nrole = \"nobody\"\n", new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
            Assert.Contains(ConfigFile.Load(file).Errors, error => error.Key == "node.role");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void The_example_with_a_tun_device_and_virtual_addresses_loads()
    {
        ConfigResult result = Parse(File.ReadAllText(Example("gateway-virtual.toml")));
        Assert.Empty(result.Errors);
        NodeOptions options = result.Options!;
        Assert.Equal(["198.51.100.1:4500", "198.51.100.1:500", "[2001:db8::1]:4500", "[2001:db8::1]:500"], options.Outer!.AllListens.Select(l => l.ToString()));
        Assert.Equal((true, FragmentPolicy.Copy), (options.Outer.RawEsp, options.Outer.Fragment));
        Assert.Equal(("baton0", null), (options.Inner!.Tun, options.Inner.Listen));
        Assert.Equal("10.1.0.1/32", Assert.Single(options.Inner.Addresses).ToString());
        Assert.Equal(IPNetwork.Parse("10.2.0.0/16"), Assert.Single(options.Inner.TunRoutes));
        Assert.Equal(["198.51.100.1/24 eth0", "2001:db8::1/64 eth0", "10.1.255.1/16 eth1"], options.Virtual.Addresses.Select(a => $"{a.Address} {a.Device}"));
        Assert.Equal([0, 50, 200, 1_000], options.Virtual.AnnounceAt.Select(t => t.TotalMilliseconds));
        Assert.Equal(TimeSpan.FromSeconds(5), options.Hooks.Timeout);
        Assert.Equal([new TrackedLink("outer", "eth0"), new TrackedLink("inner", "eth1")], options.Track.Links);
        Assert.Equal(new NextHop(IPAddress.Parse("198.51.100.254"), "eth0"), Assert.Single(options.Track.NextHops));
        Assert.Equal(("branch", "lan"), (Assert.Single(options.Ike.Connections).Name, Assert.Single(options.Ike.Connections[0].Children).Name));
        Assert.Equal((50, 3, 2_000), (options.Track.Interval.TotalMilliseconds, options.Track.Misses, options.Track.Settle.TotalMilliseconds));
    }

    [Theory]
    [InlineData("tun = \"baton0\"", "tun = \"a device with a long name\"", "inner.tun", "no name for a network device")]
    [InlineData("# join-at = [\"eth1\"]", "join-at = \"eth1\"", "inner.join-at", "not a list of texts")]
    [InlineData("# join-at = [\"eth1\"]", "join-at = [\"eth1\"]\noffload = false", "inner.join-at", "does not go with offload = false")]
    [InlineData("# mtu = 1400", "mtu = 1000", "inner.mtu", "too small for IPv6")]
    [InlineData("\"10.1.0.1/32\"", "\"10.1.0.1\"", "inner.addresses", "not an address with its prefix")]
    [InlineData("\"10.2.0.0/16\"", "\"10.2.0.1/16\"", "inner.routes", "not a prefix")]
    [InlineData("tun = \"baton0\"", "tun = \"baton0\"\nlisten = \"192.0.2.11:7000\"", "inner.listen", "does not go with tun")]
    [InlineData("\"198.51.100.1:500\"", "\"198.51.100.1:4500\"", "outer.also", "twice")]
    [InlineData("\"198.51.100.1:500\"", "500", "outer.also", "not a list of texts")]
    [InlineData("misses = 3", "misses = 0", "track.misses", "out of range")]
    [InlineData("address = \"198.51.100.254\"", "address = \"here\"", "track.next-hop[0].address", "is not an address")]
    [InlineData("df = \"copy\"", "df = \"kopy\"", "outer.df", "not known")]
    [InlineData("\"2001:db8::1/64\"", "\"2001:db8::1/200\"", "virtual.address[1].address", "not an address with its prefix")]
    [InlineData("\"10.1.255.1/16\"", "\"198.51.100.1/16\"", "virtual.address[2].address", "there twice")]
    [InlineData("# [virtual]\n# announce-ms = [0, 50, 200, 1000]", "[virtual]\nannounce-ms = [50, 0]", "virtual.announce-ms", "rising")]
    [InlineData("# on-active = [\"/usr/local/sbin/announce\"", "on-active = [\"announce\"", "hooks.on-active", "absolute path")]
    [InlineData("# on-active = [\"/usr/local/sbin/announce\"", "on-active = [\"/nonexistent\"", "hooks.on-active", "does not exist")]
    public void A_mistake_in_the_path_of_packets_is_told(string from, string to, string key, string problem)
    {
        string text = File.ReadAllText(Path.Combine(Examples(), "gateway-virtual.toml"));
        Assert.Contains(from, text, StringComparison.Ordinal);
        ConfigError error = Assert.Single(Parse(text.Replace(from, to, StringComparison.Ordinal)).Errors);
        Assert.Equal(key, error.Key);
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_error_is_told_at_once_with_key_value_and_remedy()
    {
        string text = File.ReadAllText(Path.Combine(Examples(), "gateway-a.toml"))
            .Replace("interval-ms = 10", "intervall-ms = 10", StringComparison.Ordinal)
            .Replace("multiplier = 3 ", "multiplier = 1 ", StringComparison.Ordinal)
            .Replace("sync = \"192.0.2.12:7100\"", "sync = \"192.0.2.11:7100\"", StringComparison.Ordinal)
            .Replace("prefix = \"10.1.0.0/16\"", "prefix = \"10.1.0.1/16\"", StringComparison.Ordinal)
            .Replace("\"a.crt\"", "\"missing.crt\"", StringComparison.Ordinal)
            .Replace("metrics = \"127.0.0.1:9101\"", "metrics = \"192.0.2.11:9101\"", StringComparison.Ordinal)
            .Replace("level = \"info\"", "level = 3", StringComparison.Ordinal);
        string[] errors = [.. Parse(text).Errors.Select(e => e.ToString())];
        Assert.Equal(7, errors.Length);
        Assert.Contains(errors, e => e.Contains("heartbeat.intervall-ms = 10: is not known here. Did you mean interval-ms?", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains("heartbeat.multiplier = 1: is out of range", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains("cluster.member[1].sync = \"192.0.2.11:7100\": is also cluster.member[0].sync", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains("inner.route[0].prefix = \"10.1.0.1/16\": is not a prefix", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains("tls.certificate = \"missing.crt\": names a file that does not exist", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains("status.metrics = \"192.0.2.11:9101\": is not a loopback address", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains("log.level = 3: is not a text", StringComparison.Ordinal));
        int line = text.Split('\n').ToList().FindIndex(l => l.StartsWith("intervall", StringComparison.Ordinal)) + 1;
        Assert.Contains(errors, e => e.StartsWith(string.Create(CultureInfo.InvariantCulture, $"line {line}: heartbeat.intervall-ms"), StringComparison.Ordinal));
    }

    [Theory] // nothing is right but the role is wrong: the others are told too, and no table is said to be of another role
    [InlineData("gateway-a.toml", "gateway", "gatway")]
    [InlineData("handler.toml", "handler", "ledger")]
    [InlineData("router.toml", "router", "")]
    [InlineData("media-a.toml", "media", "switch")]
    [InlineData("controller.toml", "controller", "mgc")]
    public void A_wrong_role_hides_no_other_error(string example, string role, string wrong)
    {
        string text = File.ReadAllText(Example(example));
        ConfigError alone = Assert.Single(Parse(text.Replace($"role = \"{role}\"", $"role = \"{wrong}\"", StringComparison.Ordinal)).Errors);
        Assert.Equal("node.role", alone.Key);
        string both = text.Replace($"role = \"{role}\"", $"role = \"{wrong}\"", StringComparison.Ordinal).Replace("heartbeat = \"192.0.2.12:7200\"", "heartbeat = 12", StringComparison.Ordinal);
        Assert.Equal(["cluster.member[1].heartbeat", "node.role"], Parse(both).Errors.Select(error => error.Key).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("[node]\nname = \"a\"\nrole = \"gatway\"\n", "Did you mean \"gateway\"?")]
    [InlineData("[node]\nname = \"a\"\n", "node.role: is missing")]
    [InlineData("", "node.name: is missing")]
    [InlineData("[node\n", "line 1")]
    [InlineData("[node]\nname = \"a\"\nname = \"b\"\n", "name")]
    [InlineData("node = 3\n", "a table belongs here")]
    [InlineData("[node]\nname = \"a b\"\nrole = \"peer\"\n", "is not a name")]
    public void Mistakes_at_the_very_start_are_told(string text, string expected) =>
        Assert.Contains(Parse(text).Errors, e => e.ToString().Contains(expected, StringComparison.Ordinal));

    [Fact]
    public void A_table_of_another_role_is_an_error()
    {
        string text = File.ReadAllText(Path.Combine(Examples(), "peer.toml")) + "\n[handler]\nledger = \"x\"\n";
        Assert.Contains(Parse(text).Errors, e => e.Key == "handler" && e.Problem == "is not known here");
    }

    [Fact]
    public void A_gateway_that_its_cluster_does_not_list_is_told()
    {
        string text = File.ReadAllText(Path.Combine(Examples(), "gateway-a.toml")).Replace("[node]\nname = \"a\"", "[node]\nname = \"aa\"", StringComparison.Ordinal);
        Assert.Contains(Parse(text).Errors, e => e.ToString().Contains("does not list this node (aa)", StringComparison.Ordinal));
    }

    [Fact]
    public void Static_keys_are_refused_unless_asked_for_and_then_warned_of()
    {
        string text = File.ReadAllText(Path.Combine(Examples(), "peer.toml"));
        File.WriteAllText(Path.Combine(_directory, "sas.csv"), $"{Columns}\n{Line(1)}\n");
        ConfigResult refused = Parse(text + "\n[insecure]\nsas-file = \"sas.csv\"\n");
        Assert.Contains(refused.Errors, e => e.Key == "insecure.static-keying" && e.Remedy.Contains("RFC 8221", StringComparison.Ordinal));
        ConfigResult allowed = Parse(text + "\n[insecure]\nstatic-keying = true\nsas-file = \"sas.csv\"\n");
        Assert.Empty(allowed.Errors);
        Assert.Contains("INSECURE", Assert.Single(allowed.Warnings), StringComparison.Ordinal);
        StaticSa sa = Assert.Single(allowed.Options!.StaticSas);
        Assert.Equal((0x1001U, 0x100001U), (sa.SpiToPeer, sa.SpiFromPeer));
        Assert.Equal(36, sa.KeyToPeer.Length);
        Assert.DoesNotContain(Convert.ToHexStringLower(sa.KeyToPeer), sa.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_and_a_line_say_the_same()
    {
        string[] f = Line(1).Split(',');
        string table = $"""

            [insecure]
            static-keying = true
            [[sa]]
            name = "{f[0]}"
            suite = "{f[1]}"
            spi-to-peer = {f[2]}
            spi-from-peer = {f[3]}
            key-to-peer = "{f[4]}"
            key-from-peer = "{f[5]}"
            local = "{f[6]}"
            remote = "{f[7]}"
            """;
        ConfigResult fromTable = Parse(File.ReadAllText(Path.Combine(Examples(), "peer.toml")) + table);
        Assert.Empty(fromTable.Errors);
        StaticSa a = fromTable.Options!.StaticSas[0];
        StaticSa b = FromLines(Line(1)).Options!.StaticSas[0];
        Assert.Equal(b with { KeyFromPeer = [], KeyToPeer = [] }, a with { KeyFromPeer = [], KeyToPeer = [] });
        Assert.Equal(b.KeyToPeer, a.KeyToPeer);
    }

    [Fact]
    public void A_key_in_an_error_stays_hidden()
    {
        string table = "\n[insecure]\nstatic-keying = true\n[[sa]]\nname = \"x\"\nsuite = \"aes-gcm-256\"\nkey-to-peer = \"deadbeefdeadbeef\"\n";
        string[] errors = [.. Parse(File.ReadAllText(Path.Combine(Examples(), "peer.toml")) + table).Errors.Select(e => e.ToString())];
        Assert.Contains(errors, e => e.Contains("sa[0].key-to-peer = (hidden): is not a key of this suite", StringComparison.Ordinal));
        Assert.DoesNotContain(errors, e => e.Contains("deadbeef", StringComparison.Ordinal));
    }

    [Theory] // RFC 4301 4.1
    [InlineData("10.1.0.0/16", true)]
    [InlineData("10.1.0.1/32", false)]
    public void Transport_mode_is_between_two_hosts(string local, bool refused)
    {
        string key = new('1', 72), other = new('2', 72);
        string table = $"\n[insecure]\nstatic-keying = true\n[[sa]]\nname = \"x\"\nsuite = \"aes-gcm-256\"\nmode = \"transport\"\nspi-to-peer = 4097\nspi-from-peer = 4098\n"
            + $"key-to-peer = \"{key}\"\nkey-from-peer = \"{other}\"\nlocal = \"{local}\"\nremote = \"10.2.0.1/32\"\n";
        string[] errors = [.. Parse(File.ReadAllText(Path.Combine(Examples(), "peer.toml")) + table).Errors.Select(e => e.ToString())];
        Assert.Equal(refused, errors.Any(e => e.Contains("sa[0].mode", StringComparison.Ordinal)));
        Assert.DoesNotContain(errors, e => !e.Contains("sa[0].mode", StringComparison.Ordinal));
    }

    [Fact]
    public void Bad_lines_are_told_by_number_and_doubles_refused()
    {
        string[] errors = [.. FromLines(Line(1), "nonsense", Line(2).Replace("aes-gcm-256", "rot13", StringComparison.Ordinal), Line(3).Replace(",true,", ",maybe,", StringComparison.Ordinal)).Errors.Select(e => e.Problem)];
        Assert.Equal(["line 3: has not 11 fields", "line 4: unknown suite", "line 5: esn is neither true nor false"], errors);
        Assert.Contains(FromLines(Line(1), Line(1)).Errors, e => e.Problem.Contains("an SPI that is there already", StringComparison.Ordinal));
        Assert.Contains(FromLines(Line(1), Line(1)).Errors, e => e.Problem.Contains("a key that is there already", StringComparison.Ordinal));
    }

    [Fact]
    public void Ten_thousand_sas_load()
    {
        ConfigResult result = FromLines([.. Enumerable.Range(1, 10_000).Select(Line)]);
        Assert.Empty(result.Errors);
        Assert.Equal(10_000, result.Options!.StaticSas.Count);
    }

    [Fact]
    public void Records_of_a_pair_open_at_every_member()
    {
        StaticSa sa = FromLines(Line(7)).Options!.StaticSas[0];
        using var sealer = new RecordSealer(ClusterKeys.Of(1, new byte[32]));
        var records = sa.NewRecords(sealer, new RedundancyOptions()).ToArray();
        Assert.Equal(2, records.Length);
        Assert.NotEqual(records[0].KeyTag, records[1].KeyTag);
        Assert.Equal(RecordVerdict.Opened, sealer.Open(records[0].Sealed.Span, out SaDescription toPeer));
        Assert.Equal((sa.SpiToPeer, sa.SpiFromPeer), (toPeer.Spi, toPeer.Partner));
        Assert.Equal(sa.KeyToPeer, toPeer.Key);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static string Line(int i)
    {
        string Key(int salt) => Convert.ToHexStringLower([.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{i:d10}{salt:d2}")), .. new byte[24]]);
        return string.Create(CultureInfo.InvariantCulture,
            $"sa{i},aes-gcm-256,0x{0x1000 + i:x},0x{0x100000 + i:x},{Key(1)},{Key(2)},10.1.0.0/24,10.2.0.0/24,,true,1024");
    }

    private ConfigResult FromLines(params string[] lines)
    {
        File.WriteAllText(Path.Combine(_directory, "sas.csv"), Columns + "\n" + string.Join('\n', lines) + "\n");
        return Parse(File.ReadAllText(Path.Combine(Examples(), "peer.toml")) + "\n[insecure]\nstatic-keying = true\nsas-file = \"sas.csv\"\n");
    }

    private ConfigResult Parse(string text) => ConfigFile.Parse(text, Path.Combine(_directory, "node.toml"));

    internal static string Example(string name) => Path.Combine(Examples(), name);

    private static string Examples([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../docs/operations/examples"));
}
