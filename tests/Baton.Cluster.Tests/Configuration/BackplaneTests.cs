using System.Text.RegularExpressions;
using Baton.Cluster.Configuration;
using Baton.Wire;

namespace Baton.Cluster.Tests.Configuration;

/// <summary>unix:/path where an address and a port stand, and a router that is the handler too.</summary>
public sealed partial class BackplaneTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("baton-config-").FullName;

    public BackplaneTests()
    {
        foreach (string file in new[] { "ca.crt", "cluster.key", "control.key", "a.crt", "a.key", "r.crt", "r.key", "h.crt", "h.key" })
            File.WriteAllText(Path.Combine(_directory, file), "");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("gateway-a.toml")]
    [InlineData("router.toml")]
    [InlineData("handler.toml")]
    public void Every_address_and_port_may_be_a_place_on_a_backplane(string example)
    {
        ConfigResult result = Parse(AddressAndPort().Replace(File.ReadAllText(ConfigFileTests.Example(example)), "\"unix:/run/baton/$1.$2\""));
        Assert.Empty(result.Errors.Select(error => error.ToString()));
        MemberAddress member = result.Options!.Cluster.Members[0];
        Assert.Equal("unix:/run/baton/192.0.2.11.7100", member.Sync.ToString());
        Assert.All(new[] { member.Sync, member.Heartbeat, member.Outer, member.Inner, result.Options.Cluster.Handlers[0].Heartbeat, result.Options.Cluster.Routers[0].Control },
            place => Assert.IsType<BackplaneEndPoint>(place));
        Assert.Equal("unix:/run/baton/handler.example.7443", result.Options.Cluster.Handlers[0].Session);
    }

    [Fact]
    public void A_path_that_is_too_long_is_told_with_its_length()
    {
        string path = "/" + new string('x', 150);
        string text = File.ReadAllText(ConfigFileTests.Example("router.toml")).Replace("\"192.0.2.20:7400\"", $"\"unix:{path}\"", StringComparison.Ordinal);
        ConfigError error = Assert.Single(Parse(text).Errors);
        Assert.Equal("status.listen", error.Key);
        Assert.Contains("is a path of 151 bytes, and a Unix socket's has 107 at most", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("also = [\"192.0.2.1:500\"]\n")]
    [InlineData("esp = true\n")]
    public void A_blade_has_one_outer_place(string more)
    {
        string text = File.ReadAllText(ConfigFileTests.Example("peer.toml"));
        text = Regex.Replace(text, "\\[outer\\]\nlisten = \"[^\"]*\"[^\n]*\n", $"[outer]\nlisten = \"unix:/run/baton/p\"\n{more}");
        Assert.Contains("does not go with a backplane", string.Join('\n', Parse(text).Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void A_router_may_be_the_handler_with_a_certificate_of_that_role()
    {
        string router = File.ReadAllText(ConfigFileTests.Example("router.toml"));
        Assert.Null(Parse(router).Options!.Handler);
        const string Handler = "\n[handler]\nlisten = \"192.0.2.20:7443\"\nledger = \"ledger.db\"\nheartbeat = \"192.0.2.20:7200\"\n";
        Assert.Equal(["handler.certificate", "handler.key"], Parse(router + Handler).Errors.Select(error => error.Key).Order());
        HandlerOptions handler = Parse(router + Handler + "certificate = \"h.crt\"\nkey = \"h.key\"\n").Options!.Handler!;
        Assert.Equal(Path.Combine(_directory, "h.crt"), handler.Tls!.CertificateFile);
        Assert.Equal(Path.Combine(_directory, "ca.crt"), handler.Tls.AuthorityFile);
    }

    private ConfigResult Parse(string text) => ConfigFile.Parse(text, Path.Combine(_directory, "node.toml"));

    [GeneratedRegex("\"([a-z0-9.]+):([0-9]+)\"")]
    private static partial Regex AddressAndPort();
}
