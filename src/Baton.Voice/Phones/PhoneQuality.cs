using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Voice.Quality;
using Baton.Voice.Rtp;
using Baton.Wire;

namespace Baton.Voice.Phones;

/// <summary>Answers <c>{"cmd":"quality","stretches":[[from,to],...]}</c>: what the ear had of each, times in nanoseconds of CLOCK_MONOTONIC.</summary>
internal static class PhoneQuality
{
    public static JsonObject Answer(IReadOnlyList<RtpArrival> arrivals, TimeSpan playout, JsonElement command)
    {
        var stretches = new JsonArray();
        foreach (JsonElement pair in command.GetProperty("stretches").EnumerateArray())
        {
            if (pair.GetArrayLength() != 2) throw new ArgumentException("stretches: pairs of a beginning and an end");
            // Both phones are on one machine: the way between them is shorter than any of these times.
            CallStretch? stretch = CallStretch.Measure(arrivals, new Instant(pair[0].GetInt64()), new Instant(pair[1].GetInt64()), playout, TimeSpan.Zero);
            stretches.Add(stretch is null ? null : Answer(stretch));
        }

        return new JsonObject { ["stretches"] = stretches };
    }

    private static JsonObject Answer(CallStretch stretch) => new()
    {
        ["expected"] = stretch.Expected,
        ["lost"] = stretch.Lost,
        ["late"] = stretch.Late,
        ["lossPercent"] = Math.Round(stretch.Loss.Percent, 3),
        ["burstRatio"] = Math.Round(stretch.Loss.BurstRatio, 3),
        ["longestGapMs"] = Math.Round(stretch.LongestGap.TotalMilliseconds, 3),
        ["jitterMs"] = Math.Round(stretch.Jitter.TotalMilliseconds, 3),
        ["rating"] = Math.Round(stretch.Rating, 2),
        ["mos"] = Math.Round(stretch.OpinionScore, 2),
    };
}
