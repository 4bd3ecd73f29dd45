using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Baton.Linux;

namespace Baton.Voice.Shell;

/// <summary>A process told by its parent what to do: a JSON object a line on stdin, the answer a line on stdout.</summary>
/// <remarks>Ends at <c>{"cmd":"stop"}</c>, at the end of the input (the parent died), or when cancelled (SIGTERM).</remarks>
internal sealed class CommandLoop
{
    private readonly TextReader _input;
    private readonly TextWriter _output;
    private readonly Lock _writing = new();
    private JsonNode? _stopId;

    public CommandLoop(TextReader input, TextWriter output)
    {
        _input = input;
        _output = output;
    }

    public static CommandLoop OnConsole() => new(
        new StreamReader(Console.OpenStandardInput()),
        new StreamWriter(Console.OpenStandardOutput()));

    /// <summary>The first line: sockets are bound.</summary>
    public void Ready(params IEnumerable<System.Net.IPEndPoint> local) => Write(new JsonObject
    {
        ["event"] = "ready",
        ["pid"] = Environment.ProcessId,
        ["local"] = new JsonArray([.. local.Select(port => JsonValue.Create(port.ToString()))]),
    });

    /// <summary>Hands each command to <paramref name="handle"/>; a null answer means that it knows no such command.</summary>
    public async Task RunAsync(Func<string, JsonElement, JsonObject?> handle, CancellationToken cancellation)
    {
        var lines = Channel.CreateUnbounded<string>();
        // A read of stdin cannot be cancelled: it gets a thread that nobody waits for.
        new Thread(() => ReadLines(lines.Writer)) { IsBackground = true, Name = "stdin" }.Start();
        try
        {
            await foreach (string line in lines.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                if (string.IsNullOrWhiteSpace(line))
                    continue;
                if (!Answer(line, handle))
                    break;
            }
        }
        catch (OperationCanceledException)
        {
            // SIGTERM is a stop.
        }
    }

    /// <summary>The last line.</summary>
    public void Finish(JsonObject answer) => Write("stop", answer, _stopId);

    /// <summary>False at "stop".</summary>
    private bool Answer(string line, Func<string, JsonElement, JsonObject?> handle)
    {
        string name = "";
        JsonNode? id = null;
        JsonObject answer;
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement command = document.RootElement;
            name = command.ValueKind == JsonValueKind.Object && command.TryGetProperty("cmd", out JsonElement cmd)
                ? cmd.ToString()
                : "";
            id = command.ValueKind == JsonValueKind.Object && command.TryGetProperty("id", out JsonElement given)
                ? JsonNode.Parse(given.GetRawText())
                : null;
            if (name == "stop")
            {
                _stopId = id;
                return false;
            }

            answer = handle(name, command) ?? Error($"no such command: {name}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException or KeyNotFoundException)
        {
            answer = Error(e.Message);
        }

        Write(name, answer, id);
        return true;
    }

    private static JsonObject Error(string text) => new() { ["error"] = text };

    private void Write(string command, JsonObject answer, JsonNode? id)
    {
        var line = new JsonObject { ["cmd"] = command };
        if (id is not null)
            line["id"] = id;
        if (!answer.ContainsKey("t"))
            line["t"] = MonotonicClock.Now.Nanoseconds;
        foreach ((string key, JsonNode? value) in answer.ToArray())
        {
            answer.Remove(key);
            line[key] = value;
        }

        Write(line);
    }

    private void Write(JsonObject line)
    {
        try
        {
            lock (_writing)
            {
                _output.Write(line.ToJsonString() + "\n");
                _output.Flush();
            }
        }
        catch (IOException)
        {
            // The parent is gone; the end of the input says so too.
        }
    }

    private void ReadLines(ChannelWriter<string> lines)
    {
        try
        {
            while (_input.ReadLine() is { } line)
                lines.TryWrite(line);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // As good as the end.
        }

        lines.Complete();
    }
}
