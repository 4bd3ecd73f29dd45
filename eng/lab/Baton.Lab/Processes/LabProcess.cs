using System.Diagnostics;
using Baton.Linux;

namespace Baton.Lab.Processes;

/// <summary>A process that runs on a host of the lab until it is ended. What it says goes to its log.</summary>
public sealed class LabProcess : IDisposable
{
    private readonly Process _process;
    private bool _disposed;

    private LabProcess(string name, string log, Process process) => (Name, Log, _process, Id) = (name, log, process, process.Id);

    public string Name { get; }

    public string Log { get; }

    public int Id { get; }

    public bool HasExited => _disposed || _process.HasExited;

    /// <summary>Of one that has ended.</summary>
    public int ExitStatus => _process.ExitCode;

    /// <summary>Starts a command whose output goes to a file; every step up to the command itself is an exec, so the id is the command's.</summary>
    public static LabProcess Start(string name, string log, IEnumerable<string> command, IReadOnlyDictionary<string, string>? environment = null)
    {
        var info = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >>\"$0\" 2>&1", log, .. command]) { UseShellExecute = false, RedirectStandardInput = true };
        foreach ((string key, string value) in environment ?? new Dictionary<string, string>()) info.Environment[key] = value;
        return new LabProcess(name, log, Process.Start(info) ?? throw new LabException($"{name} cannot be started"));
    }

    public void Signal(ProcessSignal signal)
    {
        if (!ProcessSignals.TrySend(Id, signal)) throw new LabException($"{Name} is not there any more: {LastWords()}");
    }

    /// <summary>Asks it to end, waits for that, and kills it when it does not.</summary>
    public void Stop(TimeSpan patience)
    {
        if (HasExited) return;
        ProcessSignals.TrySend(Id, ProcessSignal.Terminate);
        if (!_process.WaitForExit(patience)) Kill();
    }

    public void WaitForExit(TimeSpan patience)
    {
        if (!HasExited && !_process.WaitForExit(patience)) throw new LabException($"{Name} does not end: {LastWords()}");
    }

    /// <summary>kill -9; returns when it is gone.</summary>
    public void Kill()
    {
        ProcessSignals.TrySend(Id, ProcessSignal.Kill);
        _process.WaitForExit();
    }

    public string LastWords(int lines = 8) => File.Exists(Log) ? string.Join('\n', File.ReadLines(Log).TakeLast(lines)) : "";

    public void Dispose()
    {
        if (_disposed) return;
        if (!HasExited) Kill();
        _disposed = true;
        _process.Dispose();
    }
}
