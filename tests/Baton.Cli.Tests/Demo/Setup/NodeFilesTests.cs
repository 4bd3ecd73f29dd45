using Baton.Cli.Demo.Setup;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;

namespace Baton.Cli.Tests.Demo.Setup;

public sealed class NodeFilesTests
{
    [Theory]
    [InlineData("h", NodeRole.Handler)]
    [InlineData("r", NodeRole.Router)]
    [InlineData("p", NodeRole.Peer)]
    [InlineData("a", NodeRole.Gateway)]
    [InlineData("b", NodeRole.Gateway)]
    public void The_demo_writes_files_that_a_node_accepts(string name, NodeRole role)
    {
        using var folder = new RunFolder();
        NodeFiles files = Write(folder, furtherSas: 60);
        ConfigResult result = ConfigFile.Load(files.Of(name));
        Assert.Empty(result.Errors.Select(error => error.ToString()));
        Assert.Equal(role, result.Options!.Role);
        Assert.Equal(name, result.Options.Name);
        if (role is not (NodeRole.Gateway or NodeRole.Peer)) return;
        Assert.Equal(62, result.Options.Ike.Connections.Sum(connection => connection.Children.Count));
        Assert.Equal(3, result.Options.Ike.Connections.Count);
        Assert.All(result.Options.Ike.Starts.Values, start => Assert.Equal(role == NodeRole.Peer ? ConnectionStart.Initiate : ConnectionStart.Respond, start));
    }

    [Fact]
    public void Every_suite_is_among_the_further_sas_and_the_call_has_the_strongest_gcm_with_esn()
    {
        using var folder = new RunFolder();
        NodeFiles files = WriteStatic(folder, furtherSas: 12);
        IReadOnlyList<StaticSa> sas = ConfigFile.Load(files.Of("a")).Options!.StaticSas;
        Assert.Equal(Enum.GetValues<SaSuite>().Order(), sas.Select(sa => sa.Suite).Distinct().Order());
        foreach (StaticSa sa in sas.Where(sa => sa.Name is "call" or "probe"))
        {
            Assert.Equal(SaSuite.AesGcm256, sa.Suite);
            Assert.True(sa.Extended);
        }
    }

    [Fact]
    public void Two_runs_share_no_key()
    {
        using var folder = new RunFolder();
        using var other = new RunFolder();
        static HashSet<string> Keys(NodeFiles files) =>
            [.. ConfigFile.Load(files.Of("a")).Options!.StaticSas.SelectMany(sa => new[] { Convert.ToHexString(sa.KeyToPeer), Convert.ToHexString(sa.KeyFromPeer) })];
        HashSet<string> first = Keys(WriteStatic(folder, 3));
        HashSet<string> second = Keys(WriteStatic(other, 3));
        Assert.Equal(10, first.Count);
        Assert.Empty(first.Intersect(second));
    }

    [Fact]
    public void Two_runs_share_no_preshared_key()
    {
        using var folder = new RunFolder();
        using var other = new RunFolder();
        Write(folder, 0);
        Write(other, 0);
        Assert.NotEqual(File.ReadAllText(folder.File("demo.psk")), File.ReadAllText(other.File("demo.psk")));
    }

    [Fact]
    public void What_holds_keys_is_for_the_owner_alone()
    {
        using var folder = new RunFolder();
        Write(folder, 1);
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(folder.Path) & (Others | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute));
        foreach (string file in new[] { "demo.psk", "cluster.key", "ca.key", "a.key" })
            Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(folder.File(file)) & Others);
    }

    [Fact]
    public void Two_runs_have_addresses_of_their_own()
    {
        using AddressBlock first = AddressBlock.Claim();
        using AddressBlock second = AddressBlock.Claim();
        Assert.NotEqual(first.ToString(), second.ToString());
    }

    [Fact]
    public void Nothing_is_left_of_a_run_folder()
    {
        string path;
        using (var folder = new RunFolder())
        {
            path = folder.Path;
            Write(folder, 1);
        }

        Assert.False(Directory.Exists(path));
    }

    private static NodeFiles Write(RunFolder folder, int furtherSas)
    {
        using AddressBlock block = AddressBlock.Claim();
        var topology = new Topology(block);
        var files = new NodeFiles(folder, topology);
        files.Write(new NegotiatedSas(furtherSas, seed: 1));
        return files;
    }

    private static NodeFiles WriteStatic(RunFolder folder, int furtherSas)
    {
        using AddressBlock block = AddressBlock.Claim();
        var topology = new Topology(block);
        var files = new NodeFiles(folder, topology);
        files.Write(new FreshKeys(furtherSas, seed: 1, topology.ObserverRouterSide.ToString()));
        return files;
    }
}
