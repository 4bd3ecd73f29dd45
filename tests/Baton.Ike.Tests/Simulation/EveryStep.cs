using Baton.Ike.Tests.Harness;

namespace Baton.Ike.Tests.Simulation;

/// <summary>A course of events, and what strikes at each of its steps: a takeover of either side, or a commit that is refused. It ends with working SAs.</summary>
/// <remarks>
/// A step is one event: a datagram comes, a commit is through, a timer fires. The scenario runs once for each of them, with the fault there, until there is no such step.
/// </remarks>
internal sealed class EveryStep
{
    /// <summary>4 seconds hold the whole exchange with all that follows it: the old child goes after two.</summary>
    private const long LastStepAt = 4_000_000_000;

    /// <summary>Of the steps of a scenario, and of all that happens in a run of it: many times what the longest needs. Beyond it the ends keep each other at it.</summary>
    private const int MostSteps = 1_000, MostEvents = 10_000;

    /// <summary>The old one is dead or does not know yet, with so many of the commits under way applied; or (null) no takeover, but a commit refused.</summary>
    private static readonly (bool Zombie, int Applied)?[] Faults = [(false, 0), (false, 1), (false, 9), (true, 0), (true, 1), (true, 9), null];

    public required string Name { get; init; }

    public Func<ulong, Lab> Make { get; init; } = seed => Setups.Standard(seed, Setups.WithOther, Setups.WithOther, leftReplicated: true, rightReplicated: true);

    /// <summary>Both sides are up before it begins, unless it is their set-up.</summary>
    public bool IsSetUp { get; init; }

    /// <summary>It is what the scenario is for.</summary>
    public bool EndsTheChild { get; init; }

    /// <summary>It is what the scenario is for. The set-up that follows may be struck, too: its initiator begins anew, and what the successor asks on the first gets no answer.</summary>
    public bool EndsTheIkeSa { get; init; }

    public required Action<Lab> Begin { get; init; }

    /// <summary>What must be so in the end, beyond the agreement of both sides.</summary>
    public Action<Lab, string> Check { get; init; } = (_, _) => { };

    /// <summary>What the course brings about where nothing strikes: else a scenario that came to nothing would agree at every step.</summary>
    public Func<Lab, bool>? Shows { get; init; }

    public void Walk()
    {
        if (Shows is not null)
        {
            Lab calm = Made(seed: 0);
            calm.Run(10_000);
            Assert.True(Shows(calm), $"{Name}: with no fault it does not come to what it is for\n{calm.Tail()}");
        }

        int runs = 0;
        foreach (string victim in new[] { "left", "right" })
        {
            foreach ((bool Zombie, int Applied)? fault in Faults)
            {
                for (int step = 0; Play(victim, fault, step, (ulong)runs); step++, runs++) Assert.True(step < MostSteps, $"{Name}: after {step} steps there is no end");
            }
        }

        Assert.True(runs > 20, $"{runs} runs: the scenario has no steps");
    }

    /// <summary>False: the scenario had no such step.</summary>
    private bool Play(string victim, (bool Zombie, int Applied)? fault, int step, ulong seed)
    {
        Lab lab = Made(seed);
        for (int i = 0; i < step; i++)
        {
            if (lab.Now.Nanoseconds >= LastStepAt || !lab.Step()) return false;
        }

        Site site = victim == "left" ? lab.Left : lab.Right;
        site.WakeEvery = TimeSpan.FromMilliseconds(seed % 2 * 300);             // every other successor's IKE SAs sleep until something is for them
        if (fault is { } takeover) site.TakeOver(takeover.Zombie, takeover.Applied);
        else site.RefuseNext = true;
        lab.Run(60_000);
        if (EndsTheChild && lab.Left.Active.Data.Children.Count == 0) Operations.AskForChild(lab);
        string what = $"{Name}, {victim} {(fault is { } f ? $"taken over{(f.Zombie ? " (zombie)" : "")}, {f.Applied} pending applied" : "refused a commit")}, step {step}, seed {seed}";
        AssertAgreement(lab, what);

        // A connection that is made anew agrees too, and would hide that the old one was lost with a member (P4).
        foreach (Site each in EndsTheIkeSa ? [] : new[] { lab.Left, lab.Right })
        {
            Assert.True(each.Active.Outputs.OfType<IkeOutput.IkeSaDown>().All(down => down.Reason is not (IkeSaDownReason.PeerSilent or IkeSaDownReason.BadPeer)),
                $"{what}: {each.Name} gave its peer up\n{lab.Tail()}");
        }

        Check(lab, what);
        StillWorks(lab, what);
        return true;
    }

    private Lab Made(ulong seed)
    {
        Lab lab = Make(seed);
        lab.MostEvents = MostEvents;
        if (!IsSetUp)
        {
            Setups.Up(lab);
            lab.Run(50);
        }

        Begin(lab);
        return lab;
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
                AssertAgreement(lab, $"{what}: then {operation} by {site.Name}");
            }
        }
    }

    private static void AssertAgreement(Lab lab, string what)
    {
        if (Agreement.WhyNot(lab) is { } why) Assert.Fail($"{what}: {why}\n{lab.Tail()}");
    }
}
