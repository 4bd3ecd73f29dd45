using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Baton.Cli.Demo.Scenario;

/// <summary>What one ear had of the call before, during and after an event, as its phone rates it (ITU-T G.107). Null: the call did not run then.</summary>
public sealed record EarQuality(JsonElement? Before, JsonElement? During, JsonElement? After)
{
    /// <summary>Long enough to rate what an ear had, and short enough to be of this event.</summary>
    public const long AroundNs = 5_000_000_000;

    /// <summary>Such as <c>4.36 4.11 4.36</c>.</summary>
    public string Scores => string.Join(' ', Parts.Select(part => part.Of is { } one ? one.GetProperty("mos").GetDouble().ToString("0.00", CultureInfo.InvariantCulture) : "-"));

    /// <summary>The stretches of each event in turn, three each: neither before nor after reaches into another event.</summary>
    public static JsonArray Stretches(IReadOnlyList<EventResult> events, long endNs)
    {
        var stretches = new JsonArray();
        for (int i = 0; i < events.Count; i++)
        {
            EventResult one = events[i];
            long before = i == 0 ? long.MinValue : events[i - 1].OverNs;
            long after = i + 1 < events.Count ? events[i + 1].AtNs : endNs;
            stretches.Add(new JsonArray(Math.Max(before, one.AtNs - AroundNs), one.AtNs));
            stretches.Add(new JsonArray(one.AtNs, one.OverNs));
            stretches.Add(new JsonArray(one.OverNs, Math.Min(after, one.OverNs + AroundNs)));
        }

        return stretches;
    }

    /// <summary>Of the phone's answer, an event's part.</summary>
    public static EarQuality Of(JsonElement answer, int number)
    {
        JsonElement stretches = answer.GetProperty("stretches");
        return new(One(0), One(1), One(2));

        JsonElement? One(int part) => stretches[(3 * number) + part] is { ValueKind: JsonValueKind.Object } one ? one : null;
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject();
        foreach ((string name, JsonElement? part) in Parts) json[name] = part is { } one ? JsonNode.Parse(one.GetRawText()) : null;
        return json;
    }

    private IEnumerable<(string Name, JsonElement? Of)> Parts => [("before", Before), ("during", During), ("after", After)];
}
