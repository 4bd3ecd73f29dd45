using System.Text.Json;
using Baton.Cli.Demo.Scenario;

namespace Baton.Cli.Tests.Demo.Scenario;

public sealed class DemoResultTests
{
    [Fact]
    public void A_run_whose_observer_saw_ike_only_in_the_set_up_keeps_its_promises() => Assert.Empty(Broken(Good(12, 0)));

    /// <summary>IKE that goes around the observer would make every takeover look as if it had none.</summary>
    [Fact]
    public void A_run_whose_observer_saw_no_ike_at_all_proves_nothing() => Assert.StartsWith("the observer sees IKE", Assert.Single(Broken(Good(0, 0))), StringComparison.Ordinal);

    [Theory]
    [InlineData("kill", 1L)]
    [InlineData("kill", null)]
    [InlineData("switchover", null)]
    [InlineData("stop", 3L)]
    public void A_takeover_in_which_ike_was_seen_or_not_looked_for_breaks_the_promise(string kind, long? seen) =>
        Assert.StartsWith("P4", Assert.Single(Broken(Good(12, seen, kind))), StringComparison.Ordinal);

    [Fact]
    public void The_ike_of_the_set_up_and_of_each_event_is_in_the_results()
    {
        string path = Path.GetTempFileName();
        try
        {
            Good(12, 0).WriteJson(path);
            JsonElement root = JsonElement.Parse(File.ReadAllText(path));
            Assert.Equal(12, root.GetProperty("ikeInSetUp").GetInt64());
            Assert.Equal([0L, null], root.GetProperty("events").EnumerateArray()
                .Select(one => one.GetProperty("ikeExchanges")).Select(count => count.ValueKind == JsonValueKind.Null ? (long?)null : count.GetInt64()));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void What_each_ear_had_of_an_event_is_in_the_results()
    {
        JsonElement answer = JsonElement.Parse("""{"stretches":[null,{"mos":4.11,"lost":1},{"mos":4.36,"lost":0},null,null,null]}""");
        DemoResult result = Good(12, 0);
        result.Events[0] = result.Events[0] with { QualityToPeer = EarQuality.Of(answer, 0), QualityFromPeer = EarQuality.Of(answer, 1) };
        Assert.Equal("- 4.11 4.36", result.Events[0].QualityToPeer!.Scores);
        string path = Path.GetTempFileName();
        try
        {
            result.WriteJson(path);
            JsonElement quality = JsonElement.Parse(File.ReadAllText(path)).GetProperty("events")[0].GetProperty("quality");
            Assert.Equal(JsonValueKind.Null, quality.GetProperty("toPeer").GetProperty("before").ValueKind);
            Assert.Equal(4.11, quality.GetProperty("toPeer").GetProperty("during").GetProperty("mos").GetDouble());
            Assert.Equal(0, quality.GetProperty("toPeer").GetProperty("after").GetProperty("lost").GetInt64());
            Assert.Equal(JsonValueKind.Null, quality.GetProperty("fromPeer").GetProperty("during").ValueKind);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Events at 100 to 101, 103 to 104 and 120 to 121 seconds: five seconds around each, and never another event's.</summary>
    [Fact]
    public void No_stretch_of_an_event_reaches_into_another()
    {
        const long second = 1_000_000_000;
        EventResult[] events = [.. new long[] { 100, 103, 120 }.Select(at => Event("kill", 0) with { AtNs = at * second, OverNs = (at + 1) * second })];
        Assert.Equal(
            [(95, 100), (100, 101), (101, 103), (101, 103), (103, 104), (104, 109), (115, 120), (120, 121), (121, 122)],
            EarQuality.Stretches(events, 122 * second).Select(pair => (pair![0]!.GetValue<long>() / second, pair[1]!.GetValue<long>() / second)));
    }

    private static IEnumerable<string> Broken(DemoResult result) => result.Promises.Where(promise => !promise.Held).Select(promise => promise.Text);

    private static DemoResult Good(long inSetUp, long? inEvent, string kind = "kill")
    {
        var result = new DemoResult(1) { PlantedRepeatFound = true, ReplaysInjected = 1_000, ReplaysRefused = 1_000, EachRefusedItsReplays = true, IkeInSetUp = inSetUp };
        result.Events.Add(Event(kind, inEvent));
        result.Events.Add(Event("restart", null));
        return result;
    }

    private static EventResult Event(string kind, long? ike) => new()
    {
        Kind = kind,
        Title = kind,
        AtNs = 0,
        OverNs = 0,
        CallLostToPeer = 0,
        CallLostFromPeer = 0,
        ProbeLostToPeer = 0,
        ProbeLostFromPeer = 0,
        OutageToPeerMs = 0,
        OutageFromPeerMs = 0,
        IkeMessages = ike,
        Sas = 1,
        SasToPeer = 1,
        SasFromPeer = 1,
    };
}
