using Baton.Ike.Tests.Harness;

namespace Baton.Ike.Tests.Simulation;

/// <summary>A takeover at every step of every exchange, of either side, in either role, with the ledger ahead of or behind what left: it ends with working SAs.</summary>
/// <remarks>
/// A step is one event: a datagram comes, a commit is through, a timer fires. The scenario runs once without a fault to count them, then once for each of them
/// with the takeover there.
/// </remarks>
public sealed class EveryStepTests
{
    public static TheoryData<string> Scenarios
    {
        get
        {
            var data = new TheoryData<string> { "set up" };
            foreach (Operation operation in Enum.GetValues<Operation>())
            {
                foreach (string side in new[] { "left", "right", "both" }) data.Add($"{operation} by {side}");
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Scenarios))]
    public void ATakeoverThereEndsWithWorkingSas(string scenario)
    {
        int runs = 0;
        foreach (string victim in new[] { "left", "right" })
        {
            foreach (bool zombie in new[] { false, true })
            {
                foreach (int applied in new[] { 0, 1, 9 })
                {
                    for (int step = 0; Play(scenario, victim, zombie, applied, step, (ulong)runs); step++) runs++;
                }
            }
        }

        Assert.True(runs > 20, $"{runs} takeovers: the scenario has no steps");
    }

    /// <summary>False: the scenario had no such step.</summary>
    private static bool Play(string scenario, string victim, bool zombie, int applied, int step, ulong seed)
    {
        Lab lab = Setups.Standard(seed, leftReplicated: true, rightReplicated: true);
        Site site = victim == "left" ? lab.Left : lab.Right;
        if (scenario == "set up")
        {
            lab.Start();
        }
        else
        {
            Setups.Up(lab);
            lab.Run(50);
            string[] words = scenario.Split(' ');
            var operation = Enum.Parse<Operation>(words[0]);
            if (words[2] is "left" or "both") Operations.Ask(lab.Left, operation);
            if (words[2] is "right" or "both") Operations.Ask(lab.Right, operation);
        }

        bool reached = true;
        for (int i = 0; i < step && reached; i++)
        {
            // 4 seconds hold the whole exchange with all that follows it: the old child goes after two.
            reached = lab.Now.Nanoseconds < 4_000_000_000L && lab.Step();
        }

        if (!reached) return false;
        site.TakeOver(zombie, applied);
        lab.Run(60_000);
        if (scenario.StartsWith("DeleteChild", StringComparison.Ordinal) && lab.Left.Active.Data.Children.Count == 0) Operations.AskForChild(lab);
        if (Agreement.WhyNot(lab) is { } why) Assert.Fail($"{scenario}, takeover of {victim}{(zombie ? " (zombie)" : "")} at step {step}, {applied} pending applied, seed {seed}: {why}\n{lab.Tail()}");
        StillWorks(lab, $"{scenario}, {victim}, {zombie}, {applied}, {step}, {seed}");
        return true;
    }

    /// <summary>Afterwards everything can be asked from either side.</summary>
    private static void StillWorks(Lab lab, string what)
    {
        foreach (Operation operation in new[] { Operation.Probe, Operation.RekeyChild, Operation.RekeyIke })
        {
            foreach (Site site in new[] { lab.Left, lab.Right })
            {
                Operations.Ask(site, operation);
                lab.Run(5_000);
                if (Agreement.WhyNot(lab) is { } why) Assert.Fail($"{what}: then {operation} by {site.Name}: {why}\n{lab.Tail()}");
            }
        }
    }
}
