using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Baton.Cli.Demo.Processes;

/// <summary>A phone, the probe or the observer: a child that answers each JSON line with one.</summary>
public sealed class Instrument
{
    private readonly Channel<string> _answers = Channel.CreateUnbounded<string>();
    private ChildProcess _process = null!;

    private Instrument()
    {
    }

    public string Name => _process.Name;

    public static async Task<Instrument> StartAsync(Launcher launcher, string name, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var instrument = new Instrument();
        instrument._process = await launcher.StartAsync(name, arguments, line => instrument._answers.Writer.TryWrite(line)).ConfigureAwait(false);
        JsonElement ready = await instrument.NextAsync(TimeSpan.FromSeconds(15), cancellation).ConfigureAwait(false);
        if (!ready.TryGetProperty("event", out JsonElement what) || what.GetString() != "ready") throw new DemoException($"{name} said {ready} where it should say that it is ready");
        return instrument;
    }

    public Task<JsonElement> MarkAsync(string mark, CancellationToken cancellation) =>
        AskAsync(new JsonObject { ["cmd"] = "mark", ["name"] = mark }, TimeSpan.FromSeconds(10), cancellation);

    /// <summary>One question at a time.</summary>
    public async Task<JsonElement> AskAsync(JsonObject command, TimeSpan patience, CancellationToken cancellation)
    {
        try
        {
            _process.Send(command.ToJsonString());
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            throw new DemoException($"{Name} has ended: {_process.LastWords()}", e);
        }

        string asked = command["cmd"]!.GetValue<string>();
        JsonElement answer = await NextAsync(patience, cancellation).ConfigureAwait(false);
        if (answer.TryGetProperty("error", out JsonElement error)) throw new DemoException($"{Name}: {asked}: {error.GetString()}");
        if (answer.TryGetProperty("cmd", out JsonElement cmd) && cmd.GetString() == asked) return answer;
        throw new DemoException($"{Name} answered {asked} with {answer}");
    }

    public async Task<JsonElement> StopAsync(CancellationToken cancellation)
    {
        JsonElement last = await AskAsync(new JsonObject { ["cmd"] = "stop" }, TimeSpan.FromSeconds(20), cancellation).ConfigureAwait(false);
        await _process.WaitForExitAsync(cancellation).WaitAsync(TimeSpan.FromSeconds(10), cancellation).ConfigureAwait(false);
        return last;
    }

    private async Task<JsonElement> NextAsync(TimeSpan patience, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        try
        {
            string line = await _answers.Reader.ReadAsync(limit.Token).ConfigureAwait(false);
            return JsonElement.Parse(line);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            string state = _process.HasExited ? string.Create(CultureInfo.InvariantCulture, $"it ended with status {_process.ExitStatus}") : "it still runs";
            throw new DemoException($"{Name} did not answer within {patience.TotalSeconds:0} s ({state}): {_process.LastWords()}", e);
        }
        catch (JsonException e)
        {
            throw new DemoException($"{Name} answered no JSON: {e.Message}", e);
        }
    }
}
