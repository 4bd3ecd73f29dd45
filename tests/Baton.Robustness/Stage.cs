using Baton.Cli.Demo;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Scenario;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Demo.Watching;
using Baton.Cluster.Protos;

namespace Baton.Robustness;

/// <summary>The demo's processes, without its scenario: a test changes the files of the nodes as an operator would, and starts whom it needs.</summary>
internal sealed class Stage : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly RunFolder _folder = new();
    private readonly DemoStage _stage;
    private readonly List<Launcher> _more = [];
    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    /// <param name="negotiated">How the SAs come about; null: with keys from a file (<see cref="Keys"/>).</param>
    public Stage(IDemoSas? negotiated = null)
    {
        Assert.SkipUnless(File.Exists(Program), $"there is no {Program}; ./test publishes it");
        FreshKeys? keys = null;
        _stage = new DemoStage(_folder, new DemoOptions(0, null, null, 1, Fast: true, KeepLogs: true), topology =>
        {
            keys = new FreshKeys(0, 1, topology.ObserverRouterSide.ToString());
            return negotiated ?? keys;
        }, Program);
        Keys = keys!;
    }

    public static string Program => Environment.GetEnvironmentVariable("BATON_EXE") ?? Path.Combine(AppContext.BaseDirectory, "baton");

    public Topology Topology => _stage.Topology;

    public FreshKeys Keys { get; }

    public NodeFiles Files => _stage.Files;

    public ClusterWatch Watch => _stage.Watch;

    public Cast Cast => _stage.Cast;

    public CancellationToken Cancellation => _end.Token;

    public string At(string name) => _folder.File(name);

    /// <summary>An address of the run's block that no process of the topology has.</summary>
    public System.Net.IPAddress Spare(int host) => _stage.Spare(host);

    /// <summary>Changes a node's file before it starts.</summary>
    public void Edit(string node, Func<string, string> edit) => File.WriteAllText(Files.Of(node), edit(File.ReadAllText(Files.Of(node))));

    public void Append(string node, string tables) => Edit(node, text => $"{text}\n{tables}\n");

    public string Log(string process) => _folder.Log(process);

    public IEnumerable<string> LogLines(string process, string containing) =>
        Log(process).Split('\n').Where(line => line.Contains(containing, StringComparison.Ordinal));

    /// <summary>The whole cluster with the call and the probe, a active and b ready.</summary>
    public async Task StartAsync()
    {
        await Cast.StartObserverAsync(Cancellation);
        await Cast.FormClusterAsync(Patience, Cancellation);
        await Cast.StartInstrumentsAsync(_folder.Path, Cancellation);
    }

    /// <summary>A node that the topology does not have, by its own NAME.toml.</summary>
    public Task<ChildProcess> StartNodeAsync(string role, string name) => _stage.StartAsync($"{role}-{name}", [role, At($"{name}.toml")]);

    /// <summary>A process of the run by another program's way.</summary>
    public async Task<ChildProcess> StartAsync(string name, string program, params string[] arguments)
    {
        var launcher = new Launcher(_folder.Path, program);
        _more.Add(launcher);
        return await launcher.StartAsync(name, arguments);
    }

    public async Task<NodeStatus> GatewayAsync(string name, bool withSas = false) =>
        await Watch.UntilAsync($"{name} answers", () => Watch.GatewayAsync(name, Cancellation, withSas), Patience, Cancellation);

    public Task UntilAsync(string what, Func<bool> holds) =>
        Watch.UntilAsync(what, () => Task.FromResult(holds() ? what : null), Patience, Cancellation);

    public Task<T> UntilAsync<T>(string what, Func<Task<T?>> look)
        where T : class => Watch.UntilAsync(what, look, Patience, Cancellation);

    /// <summary>One of the operator's commands, as a process of its own.</summary>
    public async Task<(int Status, string Output)> RunAsync(params string[] arguments)
    {
        var output = new System.Text.StringBuilder();
        ChildProcess process = await _stage.StartAsync("command", arguments, line =>
        {
            lock (output) output.AppendLine(line);
        });
        await process.WaitForExitAsync(Cancellation).WaitAsync(Patience, Cancellation);
        lock (output) return (process.ExitStatus ?? -1, output + Log("command"));
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        foreach (Launcher launcher in _more)
            launcher.Dispose();
        _stage.Dispose();
        _folder.Dispose();
        _end.Dispose();
    }

    /// <summary>Runs a test's body; when it fails the last lines of every process are part of the message.</summary>
    public async Task PlayAsync(Func<Task> body)
    {
        try
        {
            await body();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new InvalidOperationException($"{e.Message}\n{_folder.LastWords()}", e);
        }
    }
}
