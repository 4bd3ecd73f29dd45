using Baton.Fuzz;

namespace Baton.Ike.Tests.Fuzz;

/// <summary>The short run of each fuzz target: its seeds, and a fixed number of seeded mutations. The long one is fuzz/run.</summary>
public sealed class FuzzTests
{
    private const int Mutations = 5_000;

    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory, MemberData(nameof(Targets))]
    public void NoSeedIsAFault(string name)
    {
        IFuzzTarget target = FuzzTargets.Find(name)!;
        IReadOnlyList<byte[]> corpus = Corpus.Load(name);
        Assert.NotEmpty(corpus);
        foreach (byte[] input in corpus)
            target.Run(input);
    }

    [Theory, MemberData(nameof(Targets))]
    public void NoMutationIsAFault(string name)
    {
        IFuzzTarget target = FuzzTargets.Find(name)!;
        var mutator = new Mutator(Corpus.Load(name), seed: 1);
        for (int run = 0; run < Mutations; run++)
        {
            byte[] input = mutator.Next();
            Exception? fault = Record.Exception(() => target.Run(input));
            Assert.True(fault is null, $"{name}, run {run}, {Convert.ToHexStringLower(input)}: {fault}");
        }
    }
}
