using Baton.Lab.Processes;
using Baton.Linux;

namespace Baton.Lab.Hosts;

/// <summary>One host: a network namespace with a name that no other run uses, and the processes that were started in it.</summary>
public sealed class Host : IDisposable
{
    private readonly List<LabProcess> _processes = [];

    internal Host(string name, string space, string folder)
    {
        (Name, Space, Folder) = (name, space, folder);
        Directory.CreateDirectory(folder);
    }

    public string Name { get; }

    /// <summary>The namespace as <c>ip netns</c> knows it.</summary>
    public string Space { get; }

    /// <summary>Where its processes keep their files and logs.</summary>
    public string Folder { get; }

    public string SpacePath => $"/run/netns/{Space}";

    public IEnumerable<string> Inside(params IEnumerable<string> command) => ["ip", "netns", "exec", Space, .. command];

    public string Run(params IEnumerable<string> command) => Command.Run("ip", Inside(command).Skip(1));

    public LabProcess Start(string name, IEnumerable<string> command, IReadOnlyDictionary<string, string>? environment = null)
    {
        LabProcess process = LabProcess.Start(name, Path.Combine(Folder, $"{name}.log"), Inside(command), environment);
        _processes.Add(process);
        return process;
    }

    /// <summary>Ids of all that runs here, whoever started it.</summary>
    public IEnumerable<int> ProcessIds() => ProcessIds(Space);

    public static IEnumerable<int> ProcessIds(string space) =>
        Command.Try("ip", ["netns", "pids", space]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => int.TryParse(line, out int pid) ? pid : 0).Where(pid => pid > 0);

    public void SignalAll(ProcessSignal signal)
    {
        foreach (int pid in ProcessIds()) ProcessSignals.TrySend(pid, signal);
    }

    public void Dispose()
    {
        foreach (LabProcess process in _processes) process.Dispose();
        Remove(Space);
    }

    /// <summary>Ends what still runs in a namespace of ours, then removes it with its interfaces.</summary>
    public static void Remove(string space)
    {
        foreach (int pid in ProcessIds(space)) ProcessSignals.TrySend(pid, ProcessSignal.Kill);
        Command.Try("ip", ["netns", "del", space]);
    }
}
