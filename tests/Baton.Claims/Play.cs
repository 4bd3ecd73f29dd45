using Baton.Cli.Demo;
using Baton.Cli.Demo.Scenario;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Demo.Watching;
using Baton.Cluster.Protos;

namespace Baton.Claims;

/// <summary>The demo's processes for a claim that asks them while they run. SAs are negotiated.</summary>
internal sealed class Play : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Further pairs of SAs beside the call's and the probe's.</summary>
    public const int FurtherSas = 5;

    private readonly RunFolder _folder = new();
    private readonly DemoStage _stage;

    private Play(DemoOptions options) =>
        _stage = new DemoStage(_folder, options, _ => new NegotiatedSas(options.Sas, options.Seed), Program);

    public static string Program => Environment.GetEnvironmentVariable("BATON_EXE") ?? Path.Combine(AppContext.BaseDirectory, "baton");

    public ClusterWatch Watch => _stage.Watch;

    public Cast Cast => _stage.Cast;

    public Topology Topology => _stage.Topology;

    public NodeFiles Files => _stage.Files;

    public IDemoSas Sas => _stage.Sas;

    public RunFolder Folder => _folder;

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Sets the stage, runs the body, ends every process. When it fails, the last words of every process are part of the message.</summary>
    public static async Task RunAsync(Func<Play, Task> body, bool ledgerInRouter = false)
    {
        Assert.SkipUnless(File.Exists(Program), $"there is no {Program}; ./test publishes it");
        using var play = new Play(new DemoOptions(FurtherSas, null, null, 1, Fast: true, KeepLogs: true) { LedgerInRouter = ledgerInRouter });
        try
        {
            await body(play);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new InvalidOperationException($"{e.Message}\n{play._folder.LastWords()}", e);
        }
    }

    /// <summary>The whole cluster with the call and the probe; says who is active.</summary>
    public async Task<string> StartAsync()
    {
        await Cast.StartObserverAsync(Cancellation);
        string active = await Cast.FormClusterAsync(Patience, Cancellation);
        await Cast.WatchAsync(active, Cancellation);
        await Cast.StartInstrumentsAsync(_folder.Path, Cancellation);
        return active;
    }

    public Task<NodeStatus> GatewayAsync(string name) =>
        Watch.UntilAsync($"{name} answers", () => Watch.GatewayAsync(name, Cancellation), Patience, Cancellation);

    public void Dispose()
    {
        _stage.Dispose();
        _folder.Dispose();
    }
}
