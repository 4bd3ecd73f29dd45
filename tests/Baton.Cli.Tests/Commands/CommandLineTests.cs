namespace Baton.Cli.Tests.Commands;

[Collection("console")]
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("nonsense")]
    [InlineData("gateway")]
    [InlineData("status")]
    [InlineData("check")]
    [InlineData("pki issue king a")]
    [InlineData("demo --sas many")]
    [InlineData("demo --sas -1")]
    [InlineData("demo --soak -5")]
    [InlineData("demo --tenfold")]
    [InlineData("demo --soak 5 --json result.json")]
    [InlineData("demo --json /nowhere/at/all.json")]
    [InlineData("demo --report /dev/null/report")]
    [InlineData("phone --local here --gateway 127.0.0.1:1 --self-inner 10.0.0.1 --far-inner 10.0.0.2")]
    [InlineData("check /nowhere/at/all.toml")]
    [InlineData("gateway /nowhere/at/all.toml")]
    public async Task A_wrong_command_line_or_configuration_is_2(string line)
    {
        (int status, _, string error) = await RunAsync(line);
        Assert.Equal(ExitCode.Usage, status);
        _ = error;
    }

    [Theory]
    [InlineData("version", "baton ")]
    [InlineData("--help", "gateway")]
    [InlineData("check --system", "processors")]
    public async Task What_only_tells_is_0(string line, string told)
    {
        (int status, string output, _) = await RunAsync(line);
        Assert.Equal(ExitCode.Ok, status);
        Assert.Contains(told, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_gets_its_certificates()
    {
        string folder = Directory.CreateTempSubdirectory("baton-cli-").FullName;
        try
        {
            Assert.Equal(ExitCode.Ok, (await RunAsync($"pki init demo -d {folder}/pki")).Status);
            Assert.Equal(ExitCode.Ok, (await RunAsync($"pki issue gateway a -d {folder}/pki")).Status);
            (int status, string output, _) = await RunAsync($"pki show -d {folder}/pki");
            Assert.Equal(ExitCode.Ok, status);
            Assert.Contains("baton://demo/gateway/a", output, StringComparison.Ordinal);

            // A second CA over the first would lock every node out.
            (status, _, string error) = await RunAsync($"pki init demo -d {folder}/pki");
            Assert.Equal(ExitCode.Failed, status);
            Assert.Contains("is there already", error, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(int Status, string Output, string Error)> RunAsync(string line)
    {
        TextWriter output = Console.Out, error = Console.Error;
        using StringWriter toldOut = new(), toldError = new();
        Console.SetOut(toldOut);
        Console.SetError(toldError);
        try
        {
            int status = await BatonProgram.RunAsync(line.Split(' '));
            return (status, toldOut.ToString(), toldError.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
