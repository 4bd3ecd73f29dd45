using System.Net;
using Baton.Cluster.Configuration;
using Baton.Crypto.Ike;
using Baton.Ike;
using Baton.Ike.Negotiation;

namespace Baton.Cluster.Tests.Configuration;

public sealed class IkeReaderTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("baton-ike-").FullName;

    public IkeReaderTests()
    {
        Write("good.psk", "0x" + new string('a', 64));
        Write("short.psk", "secret");
        Write("open.psk", new string('b', 40));
        File.SetUnixFileMode(Path.Combine(_directory, "open.psk"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_connection_says_who_with_what_and_for_which_packets()
    {
        ConfigResult result = Parse("""
            [ike]
            fragment-size = 1400
            [[pool]]
            name = "road"
            first = "10.9.0.10"
            last = "10.9.0.250"
            [[connection]]
            name = "branch"
            local = "192.0.2.1:500"
            remote = "198.51.100.7:500"
            start = "initiate"
            local-id = "gw.example.org"
            remote-id = "198.51.100.7"
            auth = "psk"
            psk-file = "good.psk"
            ike = ["aes256gcm16-prfsha384-ecp384-x25519", "aes128-sha512-modp3072"]
            esp = ["aes128gcm16-esn"]
            mobike = false
            liveness-ms = 5000
            rekey-ms = 3600000
            [[connection.child]]
            name = "lan"
            local = ["10.1.0.0/16", "10.8.0.1[udp/5060-5061]"]
            remote = ["10.2.0.5-10.2.0.9"]
            [[connection.child]]
            name = "other"
            remote = ["2001:db8::/32"]
            esp = ["aes256-sha256-noesn-ecp256", "chacha20poly1305"]
            rekey-packets = 1000
            start = false
            [[connection]]
            name = "road"
            local-id = "gw.example.org"
            auth = "psk"
            psk-file = "good.psk"
            pools = ["road"]
            [[connection.child]]
            name = "all"
            local = ["10.1.0.0/16"]
            """);
        Assert.Empty(result.Errors.Select(e => e.ToString()));
        Assert.Equal(2, result.Options!.Ike.Connections.Count);
        Connection connection = result.Options.Ike.Connections[0];
        Assert.Equal(["road"], result.Options.Ike.Connections[1].GivesAddressesFrom);
        Assert.Equal((true, false, TimeSpan.FromSeconds(5)), (connection.KeepUp, connection.Mobike, connection.Liveness));
        Assert.Equal(1400, result.Options.Ike.Policy.MaxDatagram);
        Assert.False(result.Options.Ike.Policy.Replicated);
        Assert.Equal(ConnectionStart.Initiate, result.Options.Ike.Starts["branch"]);
        Assert.Equal([KeyExchangeGroup.Ecp384, KeyExchangeGroup.Curve25519], connection.IkeProposals[0].Groups);
        Assert.Equal([PrfAlgorithm.HmacSha384], connection.IkeProposals[0].Prfs);
        Assert.Equal([PrfAlgorithm.HmacSha512], connection.IkeProposals[1].Prfs);
        Assert.Equal([IntegrityAlgorithm.HmacSha512], connection.IkeProposals[1].Integrity);
        ChildPolicy lan = connection.Children[0], other = connection.Children[1];
        Assert.Equal([true], lan.Proposals[0].Esn);
        Assert.Equal((17, 5060, 5061), (lan.Local[1].Protocol, lan.Local[1].StartPort, lan.Local[1].EndPort));
        Assert.Equal(IPAddress.Parse("10.2.0.9"), lan.Remote[0].End);
        Assert.Equal([KeyExchangeGroup.Ecp256], other.Proposals[0].Groups);
        Assert.Equal([true, false], other.Proposals[1].Esn);
        Assert.Equal((1000UL, false), (other.Lifetime.Packets, other.Start));
        Assert.Equal(TimeSpan.FromHours(1), connection.IkeLifetime.Rekey);
        Assert.True(connection.IkeLifetime.Hard > connection.IkeLifetime.Rekey);
        Assert.DoesNotContain("aaaa", result.Options.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void The_handbooks_roamer_moves_and_asks_for_addresses()
    {
        Write("office.psk", new string('c', 40));
        ConfigResult result = ConfigFile.Parse(File.ReadAllText(ConfigFileTests.Example("roamer.toml")), Path.Combine(_directory, "roamer.toml"));
        Assert.Empty(result.Errors.Select(e => e.ToString()));
        Connection connection = Assert.Single(result.Options!.Ike.Connections);
        Assert.Equal((IPAddress.Any, IPAddress.Any), (result.Options.Outer!.Listen.Address, connection.Local!.Address));
        Assert.Equal((true, true, true, true), (connection.KeepUp, connection.Mobike, connection.AsksForIPv4, connection.AsksForIPv6));
    }

    [Fact]
    public void A_trap_makes_nothing_by_itself_and_says_which_packets_it_is_for()
    {
        string Table(string start, string child) => $"""
            [[connection]]
            name = "branch"
            local = "192.0.2.1:500"
            remote = "198.51.100.7:500"
            start = "{start}"
            local-id = "gw.example.org"
            auth = "psk"
            psk-file = "good.psk"
            rekey-jitter-percent = 25
            [[connection.child]]
            name = "lan"
            {child}
            rekey-numbers-left = 4096
            idle-ms = 60000
            """;
        ConfigResult good = Parse(Table("trap", "local = [\"10.1.0.0/16\"]\nremote = [\"10.2.0.0/16\"]"));
        Assert.Empty(good.Errors.Select(e => e.ToString()));
        IkeOptions ike = good.Options!.Ike;
        Connection connection = Assert.Single(ike.Connections);
        ChildPolicy child = Assert.Single(connection.Children);
        Assert.Equal((ConnectionStart.Trap, false, false), (ike.Starts["branch"], connection.KeepUp, child.Start));
        Assert.Equal((0.25, 4_096UL, TimeSpan.FromMinutes(1)), (connection.IkeLifetime.Jitter, child.Lifetime.SequenceHeadroom, child.IdleAfter));

        Assert.Contains("does not say which packets it is for", Assert.Single(Parse(Table("trap", "remote = [\"10.2.0.0/16\"]")).Errors).ToString(), StringComparison.Ordinal);
        Assert.Contains("has idle-ms", Assert.Single(Parse(Table("initiate", "remote = [\"10.2.0.0/16\"]")).Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        ConfigResult result = Parse("""
            [[pool]]
            name = "road"
            first = "10.9.0.10"
            last = "10.9.0.1"
            [[connection]]
            name = "one"
            start = "initiate"
            local-id = "a"
            auth = "psk"
            psk-file = "short.psk"
            ike = ["aes256gcm16-sha256-x25519", "3des-sha1-modp1024", "aes128-sha256"]
            pools = ["nowhere"]
            rekey-ms = 10000
            lifetime-ms = 9000
            mobikes = true
            [[connection.child]]
            name = "c"
            local = ["10.1.0.1/16"]
            remote = ["10.9.0.0/24"]
            esp = ["aes128-sha512"]
            [[connection]]
            name = "two"
            local-id = "a"
            auth = "psk"
            psk-file = "open.psk"
            """);
        string all = string.Join('\n', result.Errors.Select(e => e.ToString()));
        foreach (string expected in new[]
        {
            "does not follow the first one", "remote", "holds 6 bytes", "integrity algorithm as well", "too weak", "names no group", "\"nowhere\"",
            "stand beside", "not above rekey-ms", "mobikes", "no selector", "other than sha256", "chmod 600", "child",
        })
        {
            Assert.Contains(expected, all, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("secret", all, StringComparison.Ordinal);
        Assert.All(result.Errors.Where(e => e.Key.StartsWith("connection", StringComparison.Ordinal)), e => Assert.NotEmpty(e.Remedy));
    }

    [Theory]
    [InlineData("aes128gcm16-aes128-x25519", "mixes ciphers")]
    [InlineData("aes128-x25519", "no integrity")]
    [InlineData("prfsha256-x25519", "no cipher")]
    [InlineData("aes128gcm16-md5-x25519", "too weak")]
    [InlineData("aes512gcm16-x25519", "not known")]
    [InlineData("", "not known")]
    public void A_proposal_that_cannot_be_says_why(string text, string why)
    {
        Assert.False(ProposalText.TryIke(text, out _, out string problem));
        Assert.Contains(why, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_needs_its_key_and_somebody_to_trust()
    {
        ConfigResult result = Parse("""
            [[connection]]
            name = "one"
            local-id = "a"
            auth = "certificate"
            certificate = "good.psk"
            key = "open.psk"
            ca = ["nobody.crt"]
            crl-required = true
            [[connection.child]]
            name = "c"
            """);
        string all = string.Join('\n', result.Errors.Select(e => e.ToString()));
        foreach (string expected in new[] { "nobody.crt", "chmod 600", "crl: is missing" })
            Assert.Contains(expected, all, StringComparison.Ordinal);
        Assert.DoesNotContain(new string('b', 40), all, StringComparison.Ordinal);
    }

    private ConfigResult Parse(string own) => ConfigFile.Parse($"""
        [node]
        name = "p"
        role = "peer"
        [cluster]
        id = "c"
        [outer]
        listen = "127.0.0.1:4500"
        remote = "127.0.0.2:4500"
        [inner]
        listen = "127.0.0.1:7000"
        {own}
        """, Path.Combine(_directory, "p.toml"));

    private void Write(string name, string text)
    {
        string path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
