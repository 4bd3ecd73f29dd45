using System.Globalization;
using System.Text.Json;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;

namespace Baton.Lab.Batons;

/// <summary>An operator at a host: asks processes of a cluster how they are, as <c>baton status</c> and <c>baton ike</c> do.</summary>
/// <param name="folder">Where the cluster's certificates are.</param>
public sealed class Operator(Host host, string folder) : IDisposable
{
    private readonly Instrument _chair = Instrument.Start($"operator at {host.Name}", host.Inside(
        Path.Combine(AppContext.BaseDirectory, "Baton.Lab"), OperatorProcess.Argument, Path.Combine(folder, "ca.crt"), Path.Combine(folder, "o.crt"), Path.Combine(folder, "o.key")));

    /// <summary>Null: it does not answer.</summary>
    public JsonElement? Ask(string question) => _chair.Ask(question) is var answer && answer.TryGetProperty("silent", out _) ? null : answer;

    public OperatedNode Node(string name, string at) => new(this, name, at);

    public void Dispose() => _chair.Dispose();
}

/// <summary>A gateway or a peer in an operator's hands.</summary>
public sealed record OperatedNode(Operator Operator, string Name, string At)
{
    /// <summary>What it says of itself, with its SAs and IKE SAs; null: it does not answer.</summary>
    public JsonElement? Look() => Operator.Ask($$"""{"cmd":"node","at":"{{At}}"}""");

    /// <summary>The same without each SA: where there are thousands.</summary>
    public JsonElement? Count() => Operator.Ask($$"""{"cmd":"count","at":"{{At}}"}""");

    /// <summary>One of its counters, such as <c>esp.no-lease</c>.</summary>
    public long Counter(string name) => Counters().FirstOrDefault(counter => counter.Name == name).Value;

    public IEnumerable<(string Name, long Value)> Counters() => Count() is { } seen
        ? seen.GetProperty("counters").EnumerateObject().Select(counter => (counter.Name, long.Parse(counter.Value.ToString(), CultureInfo.InvariantCulture)))
        : [];

    /// <summary>An operator's wish: initiate, rekey, delete or probe a connection, or one child of it.</summary>
    public void Tell(string verb, string connection, string child = "")
    {
        if (!TryTell(verb, connection, child, out string detail)) throw new LabException($"{Name}: {detail}");
    }

    /// <summary>False: there is nothing of that name, or no answer, as the detail says.</summary>
    public bool TryTell(string verb, string connection, string child, out string detail)
    {
        JsonElement? answer = Operator.Ask($$"""{"cmd":"ike","at":"{{At}}","verb":"{{verb}}","connection":"{{connection}}","child":"{{child}}"}""");
        detail = answer?.GetProperty("detail").GetString() ?? "it does not answer";
        return answer?.GetProperty("done").GetBoolean() ?? false;
    }
}
