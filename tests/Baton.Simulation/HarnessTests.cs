using Baton.Redundancy;
using Baton.Simulation.Observing;

namespace Baton.Simulation;

/// <summary>Does the simulation see what it is there to see, and is it the same twice?</summary>
public sealed class HarnessTests
{
    [Fact]
    public void SameSeedIsTheSameRun()
    {
        for (ulong seed = 0; seed < 8; seed++)
        {
            Outcome first = Run.One(seed, Guards.All);
            Outcome second = Run.One(seed, Guards.All);
            Assert.Equal(first.TraceHash, second.TraceHash);
            Assert.Equal(first.Events, second.Events);
        }
    }

    [Fact]
    public void OtherSeedIsAnotherRun() => Assert.NotEqual(Run.One(0, Guards.All).TraceHash, Run.One(8, Guards.All).TraceHash);

    [Theory]
    [InlineData(nameof(Sabotage.RepeatNumber), nameof(Promise.NoNumberTwice))]
    [InlineData(nameof(Sabotage.AcceptAboveCeiling), nameof(Promise.NoReplayAccepted))]
    [InlineData(nameof(Sabotage.ForgetWindow), nameof(Promise.NoReplayAccepted))]
    [InlineData(nameof(Sabotage.LoseWhenPlanned), nameof(Promise.NothingLostWhenPlanned))]
    [InlineData(nameof(Sabotage.SendBeforeCommit), nameof(Promise.CommittedStateLost))]
    [InlineData(nameof(Sabotage.NeverHeal), nameof(Promise.ServiceReturns))]
    [InlineData(nameof(Sabotage.AcceptAboveCeiling), nameof(Promise.NoNumberTwice))]    // what is relayed
    [InlineData(nameof(Sabotage.ForgetWindow), nameof(Promise.NoNumberTwice))]
    [InlineData(nameof(Sabotage.WideSlices), nameof(Promise.FarEndFollows))]
    [InlineData(nameof(Sabotage.ForgetRollover), nameof(Promise.ServiceReturns))]
    public void HarmIsSeen(string sabotage, string promise)
    {
        for (ulong seed = 0; seed < 64; seed++)
        {
            if (Run.One(seed, Guards.All, null, Enum.Parse<Sabotage>(sabotage)).Broken == Enum.Parse<Promise>(promise))
                return;
        }

        Assert.Fail($"{sabotage} was not seen as {promise}");
    }
}
