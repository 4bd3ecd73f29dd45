using System.Net;
using System.Runtime.CompilerServices;
using Baton.Cluster.Configuration;

namespace Baton.Cluster.Tests.Configuration;

public sealed class ControllerReaderTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("baton-config-").FullName;

    public ControllerReaderTests()
    {
        foreach (string file in new[] { "ca.crt", "control.key", "h.crt", "h.key" })
            File.WriteAllText(Path.Combine(_directory, file), "");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_example_says_what_it_says()
    {
        NodeOptions options = Parse(Example).Options!;
        Assert.Equal("handler", options.CertificateRole);
        Assert.NotNull(options.Handler);
        ControllerOptions controller = options.Controller!;
        Assert.Equal([IPEndPoint.Parse("127.0.0.1:2223")], controller.Listen);
        Assert.Equal([IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")], controller.Clients);
        GroupOptions group = Assert.Single(controller.Groups);
        Assert.Equal(("g", 20_000, 39_999), (group.Name, group.FirstPort, group.LastPort));
        Assert.Equal([new GroupMember("a", "192.0.2.11:7400"), new GroupMember("b", "192.0.2.12:7400")], group.Members);
        Assert.Equal([new GroupNetwork("public", IPAddress.Parse("192.0.2.9"), null, null)], group.Networks);
        Assert.Null(controller.MostCalls);
    }

    [Theory]
    [InlineData("listen = [\"127.0.0.1:2223\"]", "listen = [\"2223\"]", "controller.listen: has \"2223\", which is not an address with a port")]
    [InlineData("listen = [\"127.0.0.1:2223\"]", "clients = [\"127.0.0.1/8\"]", "controller.listen: is missing", "controller.clients: has \"127.0.0.1/8\", which is not a prefix")]
    [InlineData("name = \"g\"", "name = \"g\"\nweight = 2", "controller.group[0].weight: is not known here")]
    [InlineData("last-port = 39999", "last-port = 20002", "controller.group[0].last-port: leaves no room")]
    [InlineData("address = \"192.0.2.9\"", "address = \"2001:db8::1\"", "controller.group[0].network[0].address: is no such address")]
    [InlineData("address = \"192.0.2.9\"", "", "controller.group[0].network[0].address: is missing")]
    [InlineData("name = \"b\"\nmedia", "name = \"a\"\nmedia", "controller.group[0].member[1].name: is there twice")]
    [InlineData("[[controller.group]] ", "[[controller.groups]] ", "controller.groups: is not known here")]
    public void What_is_wrong_has_its_place(string text, string instead, params string[] errors)
    {
        string changed = Example.Replace(text, instead, StringComparison.Ordinal).Replace("[[controller.group.", instead.Contains("groups", StringComparison.Ordinal) ? "[[controller.groups." : "[[controller.group.", StringComparison.Ordinal);
        Assert.NotEqual(Example, changed);
        string[] found = [.. Parse(changed).Errors.Select(error => $"{error.Key}: {error.Problem}")];
        foreach (string error in errors)
            Assert.Contains(error, found);
    }

    private static string Example { get; } = File.ReadAllText(Path.Combine(Here(), "../../../docs/operations/examples/controller.toml"));

    private ConfigResult Parse(string text) => ConfigFile.Parse(text, Path.Combine(_directory, "controller.toml"));

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
