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
        IReadOnlyList<byte[]> corpus = Corpus.Load(name);
        Assert.NotEmpty(corpus);
        RunAll(name, corpus);
    }

    [Theory, MemberData(nameof(Targets))]
    public void NoMutationIsAFault(string name)
    {
        var mutator = new Mutator(Corpus.Load(name), seed: 1);
        RunAll(name, Enumerable.Range(0, Mutations).Select(_ => mutator.Next()));
    }

    [Theory]
    [InlineData(0, 0, null)]
    [InlineData(1, 0, "too slow")]
    [InlineData(0, 1, "too much memory")]
    public void AnInputHasABoundOfTimeAndOfMemory(byte slow, byte fat, string? finding)
    {
        using var run = new BoundedRun(new CostlyTarget { Cpu = TimeSpan.FromMilliseconds(slow > 0 ? 5 : 10_000) });  // where memory is asked a slow machine finds nothing else
        Exception? fault = Record.Exception(() => run.Run([slow, fat]));
        Assert.Equal(finding is null, fault is null);
        Assert.Contains(finding ?? "", fault?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact] // compiling, loading a library: what only the first of a kind costs is no finding
    public void WhatIsCostlyOnlyOnceIsNoFinding()
    {
        using var run = new BoundedRun(new CostlyTarget { OnlyOnce = true });
        run.Run([1, 1]);
    }

    private static void RunAll(string name, IEnumerable<byte[]> inputs)
    {
        IFuzzTarget target = FuzzTargets.Find(name)!;
        using var run = new BoundedRun(target);
        int number = 0;
        foreach (byte[] input in inputs)
        {
            Exception? fault = Record.Exception(() => run.Run(input));
            Assert.True(fault is null, $"{name}, input {number}: {fault}\n{BoundedRun.Replay(target, input)}");
            number++;
        }
    }

    private sealed class CostlyTarget : IFuzzTarget
    {
        private int _runs;

        public bool OnlyOnce { get; init; }

        public TimeSpan Cpu { get; init; } = TimeSpan.FromMilliseconds(50);

        public string Name => "costly";

        public InputBounds Bounds => new(Cpu, 1 << 20);

        public void Run(ReadOnlySpan<byte> input)
        {
            if (_runs++ > 0 && OnlyOnce)
                return;
            if (input[0] > 0)
            {
                for (long start = System.Diagnostics.Stopwatch.GetTimestamp(); System.Diagnostics.Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(500);)
                    Thread.SpinWait(100);
            }

            if (input[1] > 0)
                GC.KeepAlive(new byte[2 << 20]);
        }
    }
}
