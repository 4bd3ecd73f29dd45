namespace Baton.Cli.Demo.Processes;

/// <summary>The nodes of a run by name: started, killed, and watched so that none ends that nobody told to.</summary>
public sealed class NodeSet(Launcher launcher)
{
    private readonly Dictionary<string, ChildProcess> _nodes = [];
    private readonly HashSet<int> _mayEnd = [];
    private readonly Lock _lock = new();

    public ChildProcess this[string node]
    {
        get
        {
            lock (_lock) return _nodes[node];
        }
    }

    public async Task StartAsync(string role, string name, string file)
    {
        ChildProcess process = await launcher.StartAsync($"{role}-{name}", [role, file]).ConfigureAwait(false);
        lock (_lock) _nodes[name] = process;
    }

    /// <summary>kill -9; returns when it is gone.</summary>
    public async Task KillAsync(string node, CancellationToken cancellation)
    {
        ChildProcess process = this[node];
        Expect(process);
        process.Kill();
        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>This process may end from now on.</summary>
    public void Expect(ChildProcess process)
    {
        lock (_lock) _mayEnd.Add(process.Id);
    }

    /// <summary>Ends with an exception when a process ends that nobody told to.</summary>
    public async Task GuardAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(200, cancellation).ConfigureAwait(false);
            lock (_lock)
            {
                foreach (ChildProcess process in _nodes.Values)
                {
                    if (process.HasExited && !_mayEnd.Contains(process.Id))
                        throw new DemoException($"{process.Name} ended by itself with status {process.ExitStatus}:\n{process.LastWords()}");
                }
            }
        }
    }
}
