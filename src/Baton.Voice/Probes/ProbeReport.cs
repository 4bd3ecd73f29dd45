using System.Text.Json.Nodes;
using Baton.Wire;

namespace Baton.Voice.Probes;

/// <summary>The probe's answers as JSON.</summary>
internal static class ProbeReport
{
    public static JsonObject Mark(Probe probe, string? name, Instant now)
    {
        var answer = new JsonObject { ["name"] = name, ["t"] = now.Nanoseconds };
        var flows = new JsonObject();
        long twice = 0;
        foreach (ProbeDirection direction in Enum.GetValues<ProbeDirection>())
        {
            answer[Name(direction)] = probe.Look(direction, (stream, further) =>
            {
                flows[$"sent{Suffix(direction)}"] = further.Sent;
                flows[$"received{Suffix(direction)}"] = further.Received;
                flows[$"lost{Suffix(direction)}"] = further.Lost;
                flows["duplicates"] = (flows["duplicates"]?.GetValue<long>() ?? 0) + further.Duplicates;
                twice += stream.Duplicates + further.Duplicates;
                further.Mark();
                return Mark(stream, now);
            });
        }

        answer["flows"] = flows;
        answer["deliveredTwice"] = twice;
        answer["foreign"] = probe.Foreign;
        return answer;
    }

    public static JsonObject Check(FlowCheck check, int flows, TimeSpan took) => new()
    {
        ["flows"] = flows,
        ["okToPeer"] = check.Passed(ProbeDirection.ToPeer),
        ["okFromPeer"] = check.Passed(ProbeDirection.FromPeer),
        ["retried"] = check.Retried,
        ["tookMs"] = Milliseconds(took),
        ["missing"] = new JsonArray(
        [
            .. check.Missing().Take(10).Select(missing => new JsonObject
            {
                ["flow"] = missing.Flow,
                ["direction"] = Name(missing.Direction),
            }),
        ]),
    };

    public static JsonObject Gaps(Probe probe, TimeSpan threshold)
    {
        var answer = new JsonObject();
        foreach (ProbeDirection direction in Enum.GetValues<ProbeDirection>())
        {
            ArrivalGap[] gaps = probe.Look(direction, (stream, _) => stream.Gaps.Where(gap => gap.Length >= threshold).ToArray());
            answer[Name(direction)] = new JsonArray(
                [.. gaps.Select(gap => new JsonArray(gap.Start.Nanoseconds, Milliseconds(gap.Length)))]);
        }

        return answer;
    }

    private static JsonObject Mark(ProbeCounters stream, Instant now)
    {
        var answer = new JsonObject
        {
            ["sent"] = stream.Sent,
            ["received"] = stream.Received,
            ["lost"] = stream.Lost,
            ["duplicates"] = stream.Duplicates,
            ["reordered"] = stream.Reordered,
            ["outageMs"] = Milliseconds(stream.Arrivals.Longest),
            ["outageAtNs"] = stream.Arrivals.LongestAt.Nanoseconds,
            ["openGapMs"] = Milliseconds(stream.Arrivals.Open(now)),
            ["sendGapMs"] = Milliseconds(stream.Departures.Longest),
            ["p50Us"] = stream.Latency.Quantile(0.5),
            ["p99Us"] = stream.Latency.Quantile(0.99),
            ["maxUs"] = Math.Round(stream.Latency.Longest.TotalMicroseconds, 1),
            ["lostSinceMark"] = stream.LostSinceMark,
        };
        stream.Mark();
        return answer;
    }

    private static string Name(ProbeDirection direction) => direction == ProbeDirection.ToPeer ? "toPeer" : "fromPeer";

    private static string Suffix(ProbeDirection direction) => direction == ProbeDirection.ToPeer ? "ToPeer" : "FromPeer";

    private static double Milliseconds(TimeSpan span) => Math.Round(span.TotalMilliseconds, 3);
}
