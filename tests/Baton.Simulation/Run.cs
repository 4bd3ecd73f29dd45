using System.Collections.Concurrent;
using System.Globalization;
using Baton.Redundancy;
using Baton.Simulation.Observing;

namespace Baton.Simulation;

/// <summary>What one seed came to.</summary>
internal sealed record Outcome(ulong Seed, Guards Guards, Promise? Broken, string? What, string? LastEvents, ulong TraceHash, bool Abandoned, int Events)
{
    public string Report => $"""
        seed {Seed}, {(Guards == Guards.All ? "all guards" : $"without {Guards.All & ~Guards}")}: {Broken}
        {What}
        {LastEvents}
        replay it with:  eng/simulate --seed {Seed}{(Guards == Guards.All ? "" : $" --without {Run.ShortName(Guards.All & ~Guards)}")}
        """;
}

internal static class Run
{
    public const int AllSeeds = 5_000;

    /// <summary>BATON_SEEDS runs fewer (or more) than the 5,000.</summary>
    public static int Seeds { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("BATON_SEEDS"), CultureInfo.InvariantCulture, out int seeds) ? seeds : AllSeeds;

    public static string ShortName(Guards guard) => $"G{System.Numerics.BitOperations.TrailingZeroCount((int)guard)}";

    public static Outcome One(ulong seed, Guards guards, Coverage? coverage = null, Sabotage sabotage = Sabotage.None)
    {
        var world = new World(seed, guards, keepTrace: false, sabotage);
        Outcome outcome = One(world);
        coverage?.Add(world.Coverage);
        return outcome;
    }

    public static Outcome One(World world)
    {
        try
        {
            world.Run();
        }
        catch (ViolationException violation)
        {
            return Failed(violation.Promise, violation.Message);
        }
        catch (RunAbandonedException)
        {
            return new(world.Seed, world.Guards, null, null, null, world.TraceHash, true, world.Events);
        }
#pragma warning disable CA1031 // Whatever a core throws is a finding, with its seed.
        catch (Exception bug)
#pragma warning restore CA1031
        {
            return Failed(Promise.Crash, bug.ToString());
        }

        return new(world.Seed, world.Guards, null, null, null, world.TraceHash, false, world.Events);

        Outcome Failed(Promise promise, string what) => new(
            world.Seed, world.Guards, promise, $"at {world.Now / 1e6:F3} ms: {what}", world.PrintTrace(), world.TraceHash, false, world.Events);
    }

    /// <summary>Seeds 0 to <paramref name="count"/>, over the cores; each is a world of its own. With <paramref name="stopAt"/>, until one fails so.</summary>
    public static (IReadOnlyList<Outcome> Failures, Coverage Coverage, int Ran, int Abandoned) Many(int count, Guards guards, Func<Outcome, bool>? stopAt = null)
    {
        var failures = new ConcurrentBag<Outcome>();
        var total = new Coverage();
        int ran = 0;
        int abandoned = 0;
        long next = -1;
        bool stop = false;
        var workers = new Thread[Environment.ProcessorCount];
        for (int i = 0; i < workers.Length; i++)
        {
            workers[i] = new Thread(() =>
            {
                var mine = new Coverage();
                while (!Volatile.Read(ref stop))
                {
                    long seed = Interlocked.Increment(ref next);
                    if (seed >= count)
                        break;
                    Outcome outcome = One((ulong)seed, guards, mine);
                    Interlocked.Increment(ref ran);
                    if (outcome.Abandoned)
                        Interlocked.Increment(ref abandoned);
                    if (outcome.Broken is null)
                        continue;
                    failures.Add(outcome);
                    if (stopAt?.Invoke(outcome) == true)
                        Volatile.Write(ref stop, true);
                }

                lock (total)
                    total.Add(mine);
            });
            workers[i].Start();
        }

        foreach (Thread worker in workers)
            worker.Join();
        return ([.. failures.OrderBy(f => f.Seed)], total, ran, abandoned);
    }
}
