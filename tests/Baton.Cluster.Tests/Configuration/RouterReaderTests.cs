using System.Net;
using Baton.Cluster.Configuration;

namespace Baton.Cluster.Tests.Configuration;

/// <summary>A router's file with several clusters behind it.</summary>
public sealed class RouterReaderTests : IDisposable
{
    private const string West = """

        [[group]]
        name = "west"
        key-file = "west.key"
        outer = "198.51.100.21:4500"
        inner = "192.0.2.20:7001"
        control = "192.0.2.20:7301"
        [[group.member]]
        name = "a"
        outer = "192.0.2.31:4500"
        inner = "192.0.2.31:7000"
        [[group.route]]
        prefix = "10.7.0.0/16"
        to = "192.0.2.52:7001"
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("baton-router-").FullName;

    public RouterReaderTests()
    {
        foreach (string file in new[] { "ca.crt", "control.key", "west.key", "r.crt", "r.key" })
            File.WriteAllText(Path.Combine(_directory, file), "");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_group_is_read_whole()
    {
        ConfigResult result = Parse(West);
        Assert.Empty(result.Errors);
        RouterGroupOptions group = Assert.Single(result.Options!.Router!.Groups);
        Assert.Equal(("west", Path.Combine(_directory, "west.key")), (group.Name, group.KeyFile));
        Assert.Equal(["198.51.100.21:4500", "192.0.2.20:7001", "192.0.2.20:7301"], new[] { group.Outer, group.Inner, group.Control }.Select(at => at.ToString()));
        Assert.Equal(new GroupGateway("a", IPEndPoint.Parse("192.0.2.31:4500"), IPEndPoint.Parse("192.0.2.31:7000")), Assert.Single(group.Members));
        Assert.Equal(new InnerRoute(IPNetwork.Parse("10.7.0.0/16"), IPEndPoint.Parse("192.0.2.52:7001")), Assert.Single(group.Routes));
    }

    [Theory]
    [InlineData("198.51.100.21:4500", "198.51.100.20:4500", "group[0].outer", "is also outer.listen")]
    [InlineData("192.0.2.20:7001", "192.0.2.20:7000", "group[0].inner", "is also inner.listen")]
    [InlineData("192.0.2.20:7301", "192.0.2.20:7300", "group[0].control", "is also router.control")]
    [InlineData("192.0.2.31:4500", "192.0.2.11:4500", "group[0].member[0].outer", "is also the outer address of a")]
    [InlineData("\"west\"", "\"demo\"", "group[0].name", "is there twice")]
    [InlineData("\"west.key\"", "\"east.key\"", "group[0].key-file", "names a file that does not exist")]
    [InlineData("10.7.0.0/16", "10.7.0.1/16", "group[0].route[0].prefix", "is not a prefix")]
    public void What_two_clusters_cannot_share_is_told(string from, string to, string key, string problem)
    {
        Assert.Contains(from, West, StringComparison.Ordinal);
        ConfigError error = Assert.Single(Parse(West.Replace(from, to, StringComparison.Ordinal)).Errors);
        Assert.Equal(key, error.Key);
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
    }

    private ConfigResult Parse(string group) =>
        ConfigFile.Parse(File.ReadAllText(ConfigFileTests.Example("router.toml")) + group, Path.Combine(_directory, "router.toml"));
}
