using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace Baton.Lab.Processes;

/// <summary>A phone or the probe: a child that answers each JSON line with one.</summary>
public sealed class Instrument : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _name;
    private readonly Process _process;
    private readonly BlockingCollection<string> _answers = [];
    private readonly BlockingCollection<string> _complaints = [];
    private bool _disposed;

    private Instrument(string name, Process process)
    {
        (_name, _process) = (name, process);
        process.OutputDataReceived += (_, e) =>
        {
            if (e.Data is not null) _answers.Add(e.Data);
        };
        process.ErrorDataReceived += (_, e) =>
        {
            if (e.Data is not null) _complaints.Add(e.Data);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public static Instrument Start(string name, IEnumerable<string> command)
    {
        var info = new ProcessStartInfo(command.First(), command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var instrument = new Instrument(name, Process.Start(info) ?? throw new LabException($"{name} cannot be started"));
        JsonElement ready = instrument.Next();
        if (!ready.TryGetProperty("event", out JsonElement what) || what.GetString() != "ready") throw new LabException($"{name} said {ready} where it should say that it is ready");
        return instrument;
    }

    public JsonElement Ask(string command)
    {
        _process.StandardInput.WriteLine(command);
        _process.StandardInput.Flush();
        JsonElement answer = Next();
        return answer.TryGetProperty("error", out JsonElement error) ? throw new LabException($"{_name}: {command}: {error}") : answer;
    }

    public JsonElement Mark() => Ask("""{"cmd":"mark"}""");

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _answers.Dispose();
        _complaints.Dispose();
    }

    private JsonElement Next() => _answers.TryTake(out string? line, Patience)
        ? JsonElement.Parse(line)
        : throw new LabException($"{_name} did not answer within {Patience.TotalSeconds} s: {string.Join('\n', _complaints)}");
}
