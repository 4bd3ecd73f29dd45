using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Linux;
using Baton.Voice.Audio;
using Baton.Voice.Phones;
using Baton.Voice.Rtp;
using Baton.Voice.Shell;
using Baton.Wire;

namespace Baton.Voice.Calls;

/// <summary>What <c>baton phones</c> answers. Directions: to the SRTP phones (<c>toPeer</c>), and from them to the plain ones (<c>fromPeer</c>).</summary>
internal static class CallsReadings
{
    private static readonly TimeSpan LongestStretch = TimeSpan.FromHours(1);

    /// <summary>All counts, and the longest silence each way since it was asked last.</summary>
    public static JsonObject Mark(CallPhones phones, string? name) => phones.Between(calls =>
    {
        Instant now = MonotonicClock.Now;
        return new JsonObject
        {
            ["name"] = name,
            ["t"] = now.Nanoseconds,
            ["toPeer"] = Direction(calls.Select(call => call.Secure), phones.ToSecure.Take(now)),
            ["fromPeer"] = Direction(calls.Select(call => call.Plain), phones.ToPlain.Take(now)),
            ["wrong"] = calls.Sum(call => call.Plain.Wrong + call.Secure.Wrong),
            ["repeats"] = calls.Sum(call => call.Secure.Repeats),
            ["tooOld"] = calls.Sum(call => call.Secure.TooOld),
            ["deliveredTwice"] = calls.Sum(call => call.Plain.Receiver.Duplicates + call.Secure.Receiver.Duplicates),
            ["replaysRefused"] = calls.Sum(call => call.Secure.ReplaysRefused),
            ["replaysAccepted"] = calls.Sum(call => call.Plain.ReplaysAccepted + call.Secure.ReplaysAccepted),
            ["onTheWire"] = calls.Sum(call => call.Plain.Said.Count + call.Secure.Said.Count + call.Secure.Heard.Count + call.Plain.Receiver.Received),
            ["calls"] = new JsonArray([.. calls.Select(call => (JsonNode)new JsonObject
            {
                ["call"] = call.Id,
                ["heardToPeer"] = call.Secure.Receiver.Received,
                ["heardFromPeer"] = call.Plain.Receiver.Received,
                ["lostToPeer"] = call.Secure.Receiver.Lost,
                ["lostFromPeer"] = call.Plain.Receiver.Lost,
                ["rollovers"] = Math.Min(call.Secure.Receiver.LastSequence, call.Plain.Receiver.LastSequence) >> 16,
            })]),
        };
    });

    /// <summary>What each ear of each call had of some stretches, as <c>baton phone</c> answers it.</summary>
    public static JsonObject Quality(CallPhones phones, JsonElement command)
    {
        (string Id, RtpArrival[] Secure, RtpArrival[] Plain)[] arrivals =
            phones.Between(calls => calls.Select(call => (call.Id, call.Secure.Receiver.Arrivals.ToArray(), call.Plain.Receiver.Arrivals.ToArray())).ToArray());
        return new JsonObject
        {
            ["calls"] = new JsonArray([.. arrivals.Select(call => (JsonNode)new JsonObject
            {
                ["call"] = call.Id,
                ["toPeer"] = PhoneQuality.Answer(call.Secure, CallEnd.PlayoutDelay, command),
                ["fromPeer"] = PhoneQuality.Answer(call.Plain, CallEnd.PlayoutDelay, command),
            })]),
        };
    }

    /// <summary>The indexes plus 1 of the reports that the SRTP phone of a call heard, each with its time.</summary>
    public static JsonObject Reports(CallPhones phones, JsonElement command) => new()
    {
        ["samples"] = phones.Between(calls => new JsonArray([.. calls.First(call => call.Id == command.Text("call")).Secure.Reports
            .Select(report => (JsonNode)new JsonArray(report.At.Nanoseconds, report.Number))])),
    };

    /// <summary>Every longer silence of all calls together, each way.</summary>
    public static JsonObject Gaps(CallPhones phones) => phones.Between(_ => new JsonObject { ["toPeer"] = Gaps(phones.ToSecure), ["fromPeer"] = Gaps(phones.ToPlain) });

    public static JsonObject Inject(CallPhones phones, JsonElement command)
    {
        Instant to = new(command.Whole("toNs") ?? throw new ArgumentException("toNs is missing"));
        Instant from = command.Whole("fromNs") is { } ns ? new Instant(ns) : to - LongestStretch;
        (long toGateway, long toPhones) = phones.Inject(from, to, command.Number("pps", 10_000));
        return new JsonObject { ["injectedToGateway"] = toGateway, ["injectedToPhones"] = toPhones };
    }

    /// <summary>One packet of the first call comes once more as if its gateway had sent it.</summary>
    public static JsonObject Plant(CallPhones phones) => phones.Between(calls =>
    {
        calls[0].Secure.Plant();
        return new JsonObject();
    });

    /// <summary>Writes what both ears of the first call had.</summary>
    public static JsonObject Finish(CallPhones phones, CallPhonesOptions options)
    {
        phones.Stop();
        JsonObject answer = Mark(phones, null);
        if (phones.Between(calls => calls.Count > 0 ? calls[0] : null) is not { } first) return answer;
        answer["records"] = new JsonObject { ["plain"] = Write(options.RecordPlain, first.Plain), ["secure"] = Write(options.RecordSecure, first.Secure) };
        return answer;
    }

    private static JsonObject? Write(string? path, CallEnd end)
    {
        if (path is null) return null;
        File.WriteAllBytes(path, WavFile.WritePcm(end.Playout.ToPcm()));
        return new JsonObject { ["record"] = path, ["recordStartNs"] = end.Playout.Start.Nanoseconds };
    }

    private static JsonObject Direction(IEnumerable<CallEnd> ears, TimeSpan outage) => new()
    {
        ["lost"] = ears.Sum(ear => ear.Receiver.Lost),
        ["received"] = ears.Sum(ear => ear.Receiver.Received),
        ["outageMs"] = Math.Round(outage.TotalMilliseconds, 3),
    };

    private static JsonArray Gaps(ArrivalStream stream) =>
        new([.. stream.Gaps.Select(gap => (JsonNode)new JsonArray(gap.Start.Nanoseconds, Math.Round(gap.Length.TotalMilliseconds, 3)))]);
}
