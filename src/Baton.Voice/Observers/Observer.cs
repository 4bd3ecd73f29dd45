using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Linux;
using Baton.Voice.Shell;
using Baton.Wire;

namespace Baton.Voice.Observers;

/// <summary>The commands of the observer over its tap.</summary>
internal sealed class Observer(WireTap tap, CancellationToken cancellation)
{
    private readonly Dictionary<string, Instant> _marks = [];

    public JsonObject? Handle(string name, JsonElement command) => name switch
    {
        "mark" => Mark(command),
        "watch" => Tell(command, tap.Detector.Watch),
        "aead" => Tell(command, tap.Detector.TellAead),
        "firstAfter" => FirstAfter(command),
        "samples" => Samples(command),
        "packets" => Packets(command),
        "inject" => Inject(command),
        "plant" => Plant(command),
        _ => null,
    };

    public JsonObject Mark(string? name, Instant at)
    {
        if (name is not null)
            _marks[name] = at;
        lock (tap.Gate)
        {
            WireCounters counters = tap.Counters;
            return new JsonObject
            {
                ["name"] = name,
                ["t"] = at.Nanoseconds,
                ["observed"] = counters.Observed,
                ["esp"] = counters[WireKind.Esp],
                ["espToPeer"] = counters[WireDirection.ToPeer, WireKind.Esp],
                ["espToCluster"] = counters[WireDirection.ToCluster, WireKind.Esp],
                ["ike"] = counters[WireKind.Ike],
                ["ikeToPeer"] = counters[WireDirection.ToPeer, WireKind.Ike],
                ["ikeToCluster"] = counters[WireDirection.ToCluster, WireKind.Ike],
                ["keepalives"] = counters[WireKind.Keepalive],
                ["other"] = counters[WireKind.Other],
                ["foreign"] = counters.Foreign,
                ["repeats"] = tap.Detector.Repeats,
                ["ivMismatch"] = tap.Detector.IvMismatches,
                ["spis"] = tap.Detector.Spis,
                ["recorded"] = tap.Record.Count,
                ["recordedBytes"] = tap.Record.Bytes,
                ["recordFull"] = tap.Record.Full,
                ["injectedToPeer"] = counters.InjectedToPeer,
                ["injectedToCluster"] = counters.InjectedToCluster,
                ["watched"] = new JsonArray([.. tap.Detector.Watched.Select(track => Describe(track, new JsonObject
                {
                    ["count"] = track.Packets,
                    ["last"] = track.Last,
                    ["lastAtNs"] = track.LastAt.Nanoseconds,
                }))]),
            };
        }
    }

    private JsonObject Mark(JsonElement command) =>
        Mark(command.Text("name"), command.Whole("t") is { } given ? new Instant(given) : MonotonicClock.Now);

    private JsonObject Tell(JsonElement command, Action<uint> tell)
    {
        uint[] spis = [.. command.GetProperty("spis").EnumerateArray().Select(spi => spi.Spi())];
        lock (tap.Gate)
        {
            foreach (uint spi in spis)
                tell(spi);
        }

        return new JsonObject { ["spis"] = spis.Length };
    }

    private JsonObject FirstAfter(JsonElement command)
    {
        Instant mark = Time(command, "mark");
        ulong above = command.TryGetProperty("above", out JsonElement given) ? given.GetUInt64() : 0;
        lock (tap.Gate)
        {
            return new JsonObject
            {
                ["mark"] = command.Text("mark"),
                ["watched"] = new JsonArray([.. tap.Detector.Watched.Select(track =>
                {
                    WireSample? before = track.Samples!.Where(sample => sample.At < mark).Select(sample => (WireSample?)sample).LastOrDefault();
                    WireSample? after = track.Samples!.Where(sample => sample.At >= mark && sample.Number > above)
                        .Select(sample => (WireSample?)sample).FirstOrDefault();
                    return Describe(track, new JsonObject
                    {
                        ["lastBefore"] = before?.Number,
                        ["firstAfter"] = after?.Number,
                        ["firstAfterAtNs"] = after?.At.Nanoseconds,
                    });
                })]),
            };
        }
    }

    private JsonObject Samples(JsonElement command)
    {
        uint spi = command.GetProperty("spi").Spi();
        WireDirection direction = Direction(command);
        Instant from = command.TryGetProperty("from", out _) ? Time(command, "from") : new Instant(long.MinValue);
        lock (tap.Gate)
        {
            IEnumerable<WireSample> samples = tap.Detector.Find(spi, direction)?.Samples ?? [];
            return new JsonObject
            {
                ["spi"] = CommandArguments.SpiText(spi),
                ["direction"] = Name(direction),
                ["samples"] = new JsonArray(
                    [.. samples.Where(sample => sample.At >= from).Select(sample => new JsonArray(sample.At.Nanoseconds, sample.Number))]),
            };
        }
    }

    /// <summary>The newest recorded ones of each direction, as they were on the wire.</summary>
    private JsonObject Packets(JsonElement command)
    {
        int count = (int)command.Number("count", 100);
        lock (tap.Gate)
            return new JsonObject { ["toPeer"] = Newest(WireDirection.ToPeer), ["toCluster"] = Newest(WireDirection.ToCluster) };

        JsonArray Newest(WireDirection direction) => new(
        [
            .. Enumerable.Range(0, tap.Record.Count).Select(i => tap.Record[tap.Record.Count - 1 - i]).Where(packet => packet.Direction == direction)
                .Take(count).Select(packet => JsonValue.Create(Convert.ToBase64String(packet.Bytes.Span))),
        ]);
    }

    private JsonObject Inject(JsonElement command)
    {
        TimeSpan guard = TimeSpan.FromMilliseconds(command.Number("guardMs", 60));
        double perSecond = command.Number("pps", 20_000);
        if (perSecond is not (> 0 and <= 1_000_000))
            throw new ArgumentException("pps: above 0, at most 1000000");
        Instant before = Time(command, "before") - guard;
        Instant from = command.TryGetProperty("after", out _) ? Time(command, "after") : new Instant(long.MinValue);
        Instant start = MonotonicClock.Now;
        (long toPeer, long toCluster, long skipped) = tap.Inject(from, before, perSecond, cancellation);
        return new JsonObject
        {
            ["injectedToPeer"] = toPeer,
            ["injectedToCluster"] = toCluster,
            ["skippedGuard"] = skipped,
            ["tookMs"] = Math.Round((MonotonicClock.Now - start).TotalMilliseconds, 3),
        };
    }

    private JsonObject Plant(JsonElement command)
    {
        if (!tap.TryPlant(Direction(command), out uint spi, out ulong number))
            throw new InvalidOperationException("nothing recorded in that direction");
        return new JsonObject { ["planted"] = 1, ["spi"] = CommandArguments.SpiText(spi), ["number"] = number };
    }

    /// <summary>A mark's name or nanoseconds.</summary>
    private Instant Time(JsonElement command, string argument)
    {
        if (command.Whole(argument) is { } nanoseconds)
            return new Instant(nanoseconds);
        return command.Text(argument) is { } name && _marks.TryGetValue(name, out Instant at)
            ? at
            : throw new ArgumentException($"{argument}: no such mark");
    }

    private static WireDirection Direction(JsonElement command) => command.Text("direction") switch
    {
        null or "toPeer" => WireDirection.ToPeer,
        "toCluster" => WireDirection.ToCluster,
        _ => throw new ArgumentException("direction: toPeer or toCluster"),
    };

    private static JsonObject Describe(SpiTrack track, JsonObject more)
    {
        more.Insert(0, "direction", Name(track.Direction));
        more.Insert(0, "spi", CommandArguments.SpiText(track.Spi));
        return more;
    }

    private static string Name(WireDirection direction) => direction == WireDirection.ToPeer ? "toPeer" : "toCluster";
}
