namespace Baton.Ike.Tests.Simulation;

/// <summary>Loss, repetition, reordering, slow ledgers, takeovers of either side, zombies and every operation from both sides, at random.</summary>
public sealed class RandomRunTests(ITestOutputHelper output)
{
    private const int Seeds = 400;

    [Fact]
    public void EverySeedEndsWithWorkingSas()
    {
        int seeds = int.TryParse(Environment.GetEnvironmentVariable("BATON_IKE_SEEDS"), out int asked) ? asked : Seeds;
        int datagrams = 0, takeovers = 0;
        var gate = new Lock();
        Parallel.For(0, seeds, new ParallelOptions { MaxDegreeOfParallelism = 2 }, seed =>
        {
            Harness.Lab lab = RandomRun.Play((ulong)seed);
            lock (gate) (datagrams, takeovers) = (datagrams + lab.Datagrams, takeovers + lab.Left.Members.Count + lab.Right.Members.Count - 2);
        });
        output.WriteLine($"seeds 0 to {seeds - 1}: {datagrams} datagrams, {takeovers} takeovers");
        Assert.True(takeovers > seeds / 4, "hardly any takeover: the plan is broken");
    }
}

/// <summary>One seed again, with everything that happened: BATON_IKE_SEED=N ... --filter-class '*OneSeed*'</summary>
public sealed class OneSeedTests(ITestOutputHelper output)
{
    [Fact]
    public void PlaysAgain()
    {
        ulong seed = ulong.TryParse(Environment.GetEnvironmentVariable("BATON_IKE_SEED"), out ulong asked) ? asked : 1;
        Harness.Lab first = RandomRun.Play(seed), second = RandomRun.Play(seed);
        Assert.Equal(first.TraceText, second.TraceText);
        if (asked != 0) output.WriteLine(first.TraceText);
    }
}
