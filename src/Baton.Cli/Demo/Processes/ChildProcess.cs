using System.Diagnostics;
using System.Globalization;
using Baton.Linux;

namespace Baton.Cli.Demo.Processes;

/// <summary>One process of the run.</summary>
public sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Lock _lock = new();
    private bool _closed;

    internal ChildProcess(string name, Process process, string log, Action<string>? lines)
    {
        (Name, _process, Log) = (name, process, log);
        Id = process.Id;
        _log = new StreamWriter(log, append: true) { AutoFlush = true };
        process.ErrorDataReceived += (_, e) => Write(e.Data);
        process.OutputDataReceived += (_, e) =>
        {
            if (lines is null) Write(e.Data);
            else if (e.Data is not null) lines(e.Data);
        };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    public string Name { get; }

    public int Id { get; }

    public string Log { get; }

    public bool HasExited => _process.HasExited;

    public int? ExitStatus => _process.HasExited ? _process.ExitCode : null;

    /// <summary>What of its memory is in RAM (man 5 proc, VmRSS).</summary>
    public double ResidentMiB
    {
        get
        {
            try
            {
                string line = File.ReadLines($"/proc/{Id}/status").First(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
                return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024.0;
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                return 0;
            }
        }
    }

    public void Send(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended by itself.
        }
    }

    public void Signal(ProcessSignal signal)
    {
        if (!ProcessSignals.TrySend(Id, signal)) throw new DemoException($"{Name} is not there any more: {LastWords()}");
    }

    public Task WaitForExitAsync(CancellationToken cancellation) => _process.WaitForExitAsync(cancellation);

    public string LastWords(int lines = 5)
    {
        lock (_lock)
        {
            try
            {
                return string.Join('\n', File.ReadLines(Log).TakeLast(lines));
            }
            catch (IOException)
            {
                return "";
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
            _log.Dispose();
        }

        _process.Dispose();
    }

    private void Write(string? line)
    {
        if (line is null) return;
        lock (_lock)
        {
            if (!_closed) _log.WriteLine(line);
        }
    }
}
