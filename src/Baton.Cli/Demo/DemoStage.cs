using System.Net;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Scenario;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Demo.Watching;

namespace Baton.Cli.Demo;

/// <summary>The processes of one run and what they need: addresses of its own, files, SAs, and who watches them. What is played on it is its owner's business.</summary>
/// <remarks>Its end ends every process that it started. The folder outlives it, with their logs.</remarks>
public sealed class DemoStage : IDisposable
{
    private readonly AddressBlock? _block;
    private readonly Launcher _launcher;

    /// <summary>Claims the addresses and writes every file. Nothing runs yet.</summary>
    /// <param name="sas">How the SAs of the run come about.</param>
    /// <param name="program">The executable; null: this one.</param>
    /// <exception cref="DemoException">No addresses are free.</exception>
    public DemoStage(RunFolder folder, DemoOptions options, Func<Topology, IDemoSas> sas, string? program = null)
    {
        _block = options.Profile == DemoProfile.Blades ? null : AddressBlock.Claim();
        string backplane = folder.File("backplane");
        (Folder, Topology, Addresses) = (folder, new Topology(_block, backplane), _block?.ToString() ?? $"unix:{backplane}");
        Sas = sas(Topology);
        Files = new NodeFiles(folder, Topology, options.LedgerInRouter);
        Files.Write(Sas);
        _launcher = new Launcher(folder.Path, program);
        Watch = new ClusterWatch(folder, Topology, Sas.Pairs * 2);
        Cast = new Cast(_launcher, Files, Topology, Sas, Watch, options);
    }

    public RunFolder Folder { get; }

    public Topology Topology { get; }

    public IDemoSas Sas { get; }

    public NodeFiles Files { get; }

    public ClusterWatch Watch { get; }

    public Cast Cast { get; }

    /// <summary>The run's addresses, in words.</summary>
    public string Addresses { get; }

    /// <summary>An address of the run's block that no process of the topology has. A backplane has none.</summary>
    public IPAddress Spare(int host) => _block![host];

    /// <summary>A further process of the run.</summary>
    public Task<ChildProcess> StartAsync(string name, IEnumerable<string> arguments, Action<string>? lines = null) => _launcher.StartAsync(name, arguments, lines);

    public void Dispose()
    {
        _launcher.Dispose();
        Watch.Dispose();
        _block?.Dispose();
    }
}
