using System.Diagnostics;
using Baton.Linux;

namespace Baton.Gateway.Tests;

/// <summary>The units for systemd that the handbook names: they mean what they say, and give a gateway every right that it asks for.</summary>
public sealed class UnitFileTests
{
    private static readonly string Examples = Path.Combine(Root(), "docs", "operations", "examples");

    [Fact]
    public void TheGatewaysUnitGivesWhatAGatewayNeedsAndNoMore()
    {
        Dictionary<string, string> unit = Read("baton-gateway.service");
        string[] rights = unit["AmbientCapabilities"].Split(' ');
        Assert.Equal(unit["CapabilityBoundingSet"], unit["AmbientCapabilities"]);
        Assert.Equal("infinity", unit["LimitMEMLOCK"]);
        Assert.Empty(Missing(rights));
        Assert.All(rights, right => Assert.NotEmpty(Missing([.. rights.Where(other => other != right)])));

        IReadOnlyList<Rights.Lack> Missing(string[] given) => Rights.Missing(RightsTests.Everything,
            capability => given.Contains(Capabilities.NameOf(capability)), realTime: 0, locked: long.MaxValue, portsFrom: 1_024);
    }

    [Theory]
    [InlineData("baton-handler.service")]
    [InlineData("baton-controller.service")]
    public void AHandlersUnitGivesNoRightAndAFolderOfItsOwn(string name)
    {
        Dictionary<string, string> unit = Read(name);
        Assert.Equal("", unit["CapabilityBoundingSet"]);
        Assert.Equal(("baton", "0700", "0077"), (unit["StateDirectory"], unit["StateDirectoryMode"], unit["UMask"]));
    }

    [Theory]
    [InlineData("baton-gateway.service")]
    [InlineData("baton-handler.service")]
    [InlineData("baton-controller.service")]
    public void SystemdUnderstandsEveryLine(string name)
    {
        const string verifier = "/usr/bin/systemd-analyze";
        Assert.SkipUnless(File.Exists(verifier), "there is no systemd-analyze");
        string folder = Directory.CreateTempSubdirectory("baton-unit-").FullName;
        try
        {
            string copy = Path.Combine(folder, name);
            File.WriteAllText(copy, File.ReadAllText(Path.Combine(Examples, name)).Replace("/opt/baton/baton", "/bin/true", StringComparison.Ordinal));
            using Process process = Process.Start(new ProcessStartInfo(verifier, ["verify", copy]) { RedirectStandardError = true })!;
            string complaints = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.DoesNotContain(name, complaints, StringComparison.Ordinal);  // of other units of this machine it may say what it likes
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Dictionary<string, string> Read(string name) => File.ReadLines(Path.Combine(Examples, name))
        .Where(line => line.Contains('=', StringComparison.Ordinal) && line[0] is not '#')
        .Select(line => line.Split('=', 2)).GroupBy(pair => pair[0]).ToDictionary(group => group.Key, group => group.Last()[1]);

    private static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Baton.slnx")))
                return folder.FullName;
        }

        throw new InvalidOperationException("the tests run outside the repository");
    }
}
