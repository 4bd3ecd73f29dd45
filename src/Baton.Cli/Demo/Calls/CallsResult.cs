using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Cli.Demo.Scenario;

namespace Baton.Cli.Demo.Calls;

/// <summary>What a run of media gateways found out. The form is that of the other profiles: <c>call</c> is the call that lost most, <c>probe</c> are all calls together,
/// <c>toPeer</c> is to the SRTP phones, and what IKE is there, requests to the controller are here.</summary>
internal sealed class CallsResult(int calls) : DemoResult(calls)
{
    public override string Passing => "calls";

    /// <summary>What each call had of each event, in the order of <see cref="DemoResult.Events"/>.</summary>
    public List<IReadOnlyList<CallQuality>> Qualities { get; } = [];

    /// <summary>Packets at the phones that were not genuine.</summary>
    public long Wrong { get; set; }

    /// <summary>Calls whose index had rolled over at both phones when the first gateway was killed (RFC 3711 3.3.1: ROC above 0).</summary>
    public int RolledOver { get; set; }

    /// <summary>What the controller knew after its restart.</summary>
    public int KnownAgain { get; set; }

    /// <summary>What the media gateways had left when every call was deleted: calls, ports, SAs.</summary>
    public long LeftOver { get; set; } = -1;

    public override IEnumerable<(string Text, bool Held)> Promises
    {
        get
        {
            yield return ("P1, P2 no number and no nonce twice: no phone saw an SRTP or SRTCP index of its gateway twice", NumbersRepeated == 0);
            yield return ("a repeat that was planted was found by the phone", PlantedRepeatFound);
            yield return ("every packet that the phones heard was genuine", Wrong == 0);
            yield return ($"P3 no replay accepted: {ReplaysRefused:N0} of {ReplaysInjected:N0} replays refused, after each takeover", EachRefusedItsReplays && ReplaysRefused == ReplaysInjected && ReplaysInjected >= 1000);
            yield return ("no packet was delivered twice", DeliveredTwice == 0);
            // Where nobody saw a limit and a number of any kill, none of them says anything.
            yield return ("every number after a takeover lies above its limit", Events.Exists(one => one is { Kind: "kill", LimitBefore: not null, FirstAfter: not null })
                && Events.All(one => one is not { LimitBefore: { } limit, FirstAfter: { } first } || first > limit));
            yield return ($"the controller was asked: {IkeInSetUp:N0} offers and answers while the calls were set up", IkeInSetUp > 0);
            yield return ("P4 no negotiation: nobody asked the controller for anything while a takeover happened", Events.All(one => one.IkeMessages is 0 || one.Kind is "restart" or "controller-restart"));
            yield return ("P6 planned switchovers lost nothing", Events.Where(IsPlanned).All(one =>
                one is { CallLostToPeer: 0, CallLostFromPeer: 0, ProbeLostToPeer: 0, ProbeLostFromPeer: 0 }));
            yield return ($"calls went on whose ROC is above 0: {RolledOver}", RolledOver > 0 || Sas < 2);
            yield return ($"a controller that starts again knows every call: {KnownAgain} of {Sas}", KnownAgain == Sas);
            yield return ("every call went on each way after every event", Events.All(one => one.AllPass));
            yield return ("deleted calls leave nothing at the media gateways", LeftOver == 0);
        }
    }

    /// <summary>Of each takeover: what a call lost, in the median and at most, and the lowest score of any ear.</summary>
    public override IEnumerable<string> Notes
    {
        get
        {
            for (int i = 0; i < Qualities.Count; i++)
            {
                if (Events[i].Kind is "restart" or "controller-restart") continue;
                (EarQuality[] to, EarQuality[] from) = ([.. Qualities[i].Select(call => call.ToPeer)], [.. Qualities[i].Select(call => call.FromPeer)]);
                yield return string.Create(CultureInfo.InvariantCulture,
                    $"{Events[i].Kind,-22}each call lost to the SRTP phone {Median(to)} in the median and {to.Max(LostDuring)} at most, from it {Median(from)} and {from.Max(LostDuring)}; longest gap of an ear {Longest(to.Concat(from)):0} ms; lowest MOS {Lowest(to.Concat(from)):0.00}");
            }
        }
    }

    private static long Median(EarQuality[] ears) => ears.Select(LostDuring).Order().ElementAt(ears.Length / 2);

    private static long LostDuring(EarQuality ear) => ear.During is { } during ? during.Count("lost") : 0;

    private static double Longest(IEnumerable<EarQuality> ears) => ears.Max(ear => ear.During?.GetProperty("longestGapMs").GetDouble() ?? 0);

    private static double Lowest(IEnumerable<EarQuality> ears) => ears.Min(ear => ear.During?.GetProperty("mos").GetDouble() ?? double.NaN);

    protected override void AddTo(JsonObject root)
    {
        root["profile"] = "controller";
        root["rolledOver"] = RolledOver;
        root["notGenuine"] = Wrong;
        root["knownAgain"] = KnownAgain;
        root["leftOver"] = LeftOver;
        JsonArray events = root["events"]!.AsArray();
        for (int i = 0; i < Qualities.Count; i++)
            events[i]!["calls"] = new JsonArray([.. Qualities[i].Select(call => (JsonNode)new JsonObject { ["call"] = call.Call, ["toPeer"] = call.ToPeer.ToJson(), ["fromPeer"] = call.FromPeer.ToJson() })]);
    }
}

/// <summary>What both ears of a call had before, during and after an event.</summary>
internal sealed record CallQuality(string Call, EarQuality ToPeer, EarQuality FromPeer)
{
    public static CallQuality Of(JsonElement call, int number) => new(call.GetProperty("call").GetString()!, EarQuality.Of(call.GetProperty("toPeer"), number), EarQuality.Of(call.GetProperty("fromPeer"), number));
}
