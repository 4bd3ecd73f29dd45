using Baton.Cli.Demo.Calls;
using Baton.Cli.Demo.Scenario;

namespace Baton.Cli.Tests.Demo.Calls;

/// <summary>Each promise of a run of media gateways can be broken.</summary>
public sealed class CallsResultTests
{
    [Fact]
    public void A_run_of_which_nothing_is_wrong_keeps_its_promises() => Assert.Empty(Broken(Good()));

    [Fact]
    public void Each_promise_can_be_broken()
    {
        Action<CallsResult>[] faults =
        [
            result => result.NumbersRepeated = 1,
            result => result.PlantedRepeatFound = false,
            result => result.Wrong = 1,
            result => result.EachRefusedItsReplays = false,
            result => result.DeliveredTwice = 1,
            result => result.Events[0] = result.Events[0] with { FirstAfter = 1_000 },
            result => result.IkeInSetUp = 0,
            result => result.Events[0] = result.Events[0] with { IkeMessages = 1 },
            result => result.Events[1] = result.Events[1] with { ProbeLostFromPeer = 1 },
            result => result.RolledOver = 0,
            result => result.KnownAgain = 11,
            result => result.Events[1] = result.Events[1] with { SasToPeer = 11 },
            result => result.LeftOver = -1,
        ];
        string[] broken = [.. faults.Select(fault =>
        {
            CallsResult result = Good();
            fault(result);
            return Assert.Single(Broken(result));
        })];
        Assert.Equal(Good().Promises.Select(promise => Key(promise.Text)), broken.Select(Key));
    }

    /// <summary>A ledger that cannot be read, or a phone that heard no report, must not look like numbers that were right.</summary>
    [Fact]
    public void A_run_that_saw_no_limit_and_no_number_proves_nothing()
    {
        CallsResult result = Good();
        result.Events[0] = result.Events[0] with { LimitBefore = null };
        Assert.StartsWith("every number after a takeover", Assert.Single(Broken(result)), StringComparison.Ordinal);
        result = Good();
        result.Events[0] = result.Events[0] with { FirstAfter = null };
        Assert.StartsWith("every number after a takeover", Assert.Single(Broken(result)), StringComparison.Ordinal);
    }

    /// <summary>Without its figures.</summary>
    private static string Key(string promise) => new([.. promise.Where(c => !char.IsDigit(c))]);

    private static IEnumerable<string> Broken(CallsResult result) => result.Promises.Where(promise => !promise.Held).Select(promise => promise.Text);

    private static CallsResult Good()
    {
        var result = new CallsResult(12)
        {
            PlantedRepeatFound = true,
            EachRefusedItsReplays = true,
            ReplaysInjected = 2_000,
            ReplaysRefused = 2_000,
            IkeInSetUp = 24,
            RolledOver = 6,
            KnownAgain = 12,
            LeftOver = 0,
        };
        result.Events.Add(Event("kill") with { LimitBefore = 1_000, FirstAfter = 1_001 });
        result.Events.Add(Event("switchover"));
        return result;
    }

    private static EventResult Event(string kind) => new()
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
        IkeMessages = 0,
        Sas = 12,
        SasToPeer = 12,
        SasFromPeer = 12,
    };
}
