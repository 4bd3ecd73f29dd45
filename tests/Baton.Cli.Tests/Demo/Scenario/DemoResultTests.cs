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
