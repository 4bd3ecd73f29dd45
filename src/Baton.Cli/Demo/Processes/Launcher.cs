using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace Baton.Cli.Demo.Processes;

/// <summary>Starts the processes of one run, and ends exactly those.</summary>
/// <remarks>
/// All are started by one thread that lives as long as the run: a child that asks the kernel to die with its parent (man 2 prctl,
/// PR_SET_PDEATHSIG) dies with the <i>thread</i> that made it, and threads of the pool come and go. Every child also holds a pipe as its
/// standard input and ends when that closes. What a child starts itself (a sentinel) inherits <see cref="RunVariable"/>, by which the
/// last sweep finds it.
/// </remarks>
public sealed class Launcher : IDisposable
{
    /// <summary>Marks every process of a run.</summary>
    public const string RunVariable = "BATON_RUN";

    private readonly BlockingCollection<Action> _work = [];
    private readonly List<ChildProcess> _children = [];
    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly string _program;
    private readonly string _run = Guid.NewGuid().ToString("N");

    /// <param name="program">The executable; null: this one.</param>
    public Launcher(string logFolder, string? program = null)
    {
        (_folder, _program) = (logFolder, program ?? Environment.ProcessPath!);
        new Thread(() =>
        {
            foreach (Action work in _work.GetConsumingEnumerable()) work();
        })
        { IsBackground = true, Name = "launcher" }.Start();
    }

    /// <summary>Starts <c>baton</c> with these arguments; what it says on its standard error goes to NAME.log.</summary>
    /// <param name="lines">Takes its standard output; null: to the log as well.</param>
    public async Task<ChildProcess> StartAsync(string name, IEnumerable<string> arguments, Action<string>? lines = null)
    {
        var info = new ProcessStartInfo
        {
            FileName = _program,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            WorkingDirectory = _folder,
        };
        if (Path.GetFileNameWithoutExtension(info.FileName) == "dotnet") info.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "baton.dll"));
        foreach (string argument in arguments) info.ArgumentList.Add(argument);
        info.Environment[RunVariable] = _run;
        info.Environment[ParentTie.Variable] = "1";

        var started = new TaskCompletionSource<ChildProcess>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                started.SetResult(new ChildProcess(name, Process.Start(info)!, Path.Combine(_folder, $"{name}.log"), lines));
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or InvalidOperationException)
            {
                started.SetException(new DemoException($"{name} cannot be started: {e.Message}", e));
            }
        });
        ChildProcess child = await started.Task.ConfigureAwait(false);
        lock (_lock) _children.Add(child);
        return child;
    }

    /// <summary>Ends everything that this run started and that is still there.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (ChildProcess child in _children) child.Kill();
            foreach (int pid in Marked()) Kill(pid);
            foreach (ChildProcess child in _children) child.Dispose();
            _children.Clear();
        }

        _work.CompleteAdding();
    }

    /// <summary>Processes of this run, by the mark in their environment (man 5 proc), so that no other's is ever touched.</summary>
    private IEnumerable<int> Marked()
    {
        byte[] mark = Encoding.ASCII.GetBytes($"{RunVariable}={_run}");
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out int pid) || pid == Environment.ProcessId) continue;
            byte[] environment;
            try
            {
                environment = File.ReadAllBytes($"{folder}/environ");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;                                       // gone meanwhile, or another user's
            }

            if (environment.AsSpan().IndexOf(mark) >= 0) yield return pid;
        }
    }

    private static void Kill(int pid)
    {
        try
        {
            using Process process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended meanwhile.
        }
    }
}
