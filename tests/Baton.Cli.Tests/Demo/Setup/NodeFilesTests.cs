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
        NodeFiles files = Write(folder, furtherSas: 12);
        ConfigResult result = ConfigFile.Load(files.Of(name));
        Assert.Empty(result.Errors.Select(error => error.ToString()));
        Assert.Equal(role, result.Options!.Role);
        Assert.Equal(name, result.Options.Name);
        if (role is NodeRole.Gateway or NodeRole.Peer) Assert.Equal(14, result.Options.StaticSas.Count);
    }

    [Fact]
    public void Every_suite_is_among_the_further_sas_and_the_call_has_the_strongest_gcm_with_esn()
    {
        using var folder = new RunFolder();
        NodeFiles files = Write(folder, furtherSas: 12);
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
        HashSet<string> first = Keys(Write(folder, 3));
        HashSet<string> second = Keys(Write(other, 3));
        Assert.Equal(10, first.Count);
        Assert.Empty(first.Intersect(second));
    }

    [Fact]
    public void What_holds_keys_is_for_the_owner_alone()
    {
        using var folder = new RunFolder();
        Write(folder, 1);
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(folder.Path) & (Others | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute));
        foreach (string file in new[] { NodeFiles.Sas, "cluster.key", "ca.key", "a.key" })
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
        files.Write(new FreshKeys(furtherSas, seed: 1, topology.ObserverRouterSide.ToString()));
        return files;
    }
}
