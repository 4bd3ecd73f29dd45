using System.Text.Json;
using System.Text.Json.Nodes;

namespace Baton.Cli.Demo.Scenario;

/// <summary>All that a run found out, and whether the promises held.</summary>
public class DemoResult(int sas)
{
    public int Sas { get; } = sas;

    /// <summary>What passes after an event: so many of these.</summary>
    public virtual string Passing => "further SAs";

    public List<EventResult> Events { get; } = [];

    public long NumbersRepeated { get; set; }

    /// <summary>Packets of an AEAD whose IV is not their number.</summary>
    public long ForeignIvs { get; set; }

    public bool PlantedRepeatFound { get; set; }

    public long ReplaysInjected { get; set; }

    public long ReplaysRefused { get; set; }

    /// <summary>Peer and active each refused as many as were sent to it: what one counts too often does not make up for the other.</summary>
    public bool EachRefusedItsReplays { get; set; }

    public long DeliveredTwice { get; set; }

    public long WireObserved { get; set; }

    /// <summary>IKE messages that the observer saw until both members had every SA. None: IKE went another way, and that it saw none later would say nothing.</summary>
    public long IkeInSetUp { get; set; }

    public SyncTraffic Sync { get; set; }

    public double MemoryOfKilledMiB { get; set; }

    public int FalseTakeovers { get; set; }

    public bool RealTime { get; set; }

    /// <summary>Each promise with its verdict; the exit status is theirs.</summary>
    public virtual IEnumerable<(string Text, bool Held)> Promises
    {
        get
        {
            yield return ("P1 no number twice: the observer saw no (SPI, number) twice", NumbersRepeated == 0);
            yield return ("P2 no nonce twice: the IV of every AEAD packet on the wire is its number", ForeignIvs == 0);
            yield return ("a repeat that was planted was found by the observer", PlantedRepeatFound);
            yield return ($"P3 no replay accepted: {ReplaysRefused:N0} of {ReplaysInjected:N0} replays refused", EachRefusedItsReplays && ReplaysRefused == ReplaysInjected && ReplaysInjected >= 1000);
            yield return ("no inner packet was delivered twice", DeliveredTwice == 0);
            yield return ("every number after a takeover lies above its limit", Events.All(one => one is not { LimitBefore: { } limit, FirstAfter: { } first } || first > limit));
            yield return ($"the observer sees IKE: {IkeInSetUp:N0} messages while the SAs were set up", IkeInSetUp > 0);
            yield return ("P4 no negotiation: no IKE message was on the wire while a takeover happened", Events.All(one => one.IkeMessages is 0 || one.Kind == "restart"));
            yield return ("P6 planned switchovers lost nothing", Events.Where(IsPlanned).All(one =>
                one is { CallLostToPeer: 0, CallLostFromPeer: 0, ProbeLostToPeer: 0, ProbeLostFromPeer: 0 }));
            yield return ("every SA passed packets each way after every event", Events.All(one => one.AllPass));
        }
    }

    /// <summary>Lines below the table.</summary>
    public virtual IEnumerable<string> Notes => [];

    public bool AllHeld => Promises.All(promise => promise.Held);

    public void WriteJson(string path)
    {
        var events = new JsonArray();
        foreach (EventResult one in Events)
        {
            events.Add(new JsonObject
            {
                ["kind"] = one.Kind,
                ["call"] = new JsonObject { ["lostToPeer"] = one.CallLostToPeer, ["lostFromPeer"] = one.CallLostFromPeer },
                ["probe"] = new JsonObject
                {
                    ["outageToPeerMs"] = Math.Round(one.OutageToPeerMs, 3),
                    ["outageFromPeerMs"] = Math.Round(one.OutageFromPeerMs, 3),
                    ["lostToPeer"] = one.ProbeLostToPeer,
                    ["lostFromPeer"] = one.ProbeLostFromPeer,
                },
                ["quality"] = new JsonObject { ["toPeer"] = one.QualityToPeer?.ToJson(), ["fromPeer"] = one.QualityFromPeer?.ToJson() },
                ["limitBefore"] = one.LimitBefore,
                ["firstAfter"] = one.FirstAfter,
                ["ikeExchanges"] = one.IkeMessages,
                ["sasPassing"] = new JsonObject { ["toPeer"] = one.SasToPeer, ["fromPeer"] = one.SasFromPeer, ["of"] = one.Sas },
            });
        }

        var root = new JsonObject
        {
            ["sas"] = Sas,
            ["events"] = events,
            ["numbersRepeated"] = NumbersRepeated,
            ["replaysInjected"] = ReplaysInjected,
            ["replaysRefused"] = ReplaysRefused,
            ["deliveredTwice"] = DeliveredTwice,
            ["wireObserved"] = WireObserved,
            ["ikeInSetUp"] = IkeInSetUp,
            ["sync"] = new JsonObject { ["messages"] = Sync.Messages, ["bytes"] = Sync.Bytes, ["ticks"] = Sync.Ticks },
            ["memoryOfKilledMiB"] = Math.Round(MemoryOfKilledMiB, 1),
            ["plantedRepeatFound"] = PlantedRepeatFound,
            ["realTime"] = RealTime,
            ["falseTakeovers"] = FalseTakeovers,
            ["promisesHeld"] = AllHeld,
        };
        AddTo(root);
        File.WriteAllText(path, root.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    /// <summary>What a profile has found out beside.</summary>
    protected virtual void AddTo(JsonObject root)
    {
    }

    protected static bool IsPlanned(EventResult one) => one.Kind is "switchover" or "stop";
}

/// <summary>What kept the standby ready, summed over all gateways that lived in the run.</summary>
public readonly record struct SyncTraffic(ulong Messages, ulong Bytes, ulong Ticks);
