using System.Diagnostics;
using System.Runtime.InteropServices;
using Baton.Fuzz;

// afl TARGET                       under afl-fuzz (fuzz/run starts it)
// mutate TARGET SECONDS [SEED]     seeded mutations of the corpus, without coverage
// replay TARGET FILE...            the input of a finding
unsafe
{
    // Instrumented code counts its edges here until AFL++ brings its own memory: targets are made, and findings replayed, without it.
    SharpFuzz.Common.Trace.SharedMem = (byte*)NativeMemory.AllocZeroed(1 << 16);
}

switch (args)
{
    case ["afl", string name] when FuzzTargets.Find(name) is { } target:
        SharpFuzz.Fuzzer.Run(stream =>
        {
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            target.Run(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
        });
        return 0;

    case ["mutate", string name, string seconds, .. string[] rest] when FuzzTargets.Find(name) is { } target:
        return Mutate(target, TimeSpan.FromSeconds(double.Parse(seconds)), rest is [string seed] ? int.Parse(seed) : Environment.TickCount);

    case ["replay", string name, .. string[] files] when FuzzTargets.Find(name) is { } target:
        foreach (string file in files)
        {
            target.Run(File.ReadAllBytes(file));
            Console.WriteLine($"{file}: no fault");
        }

        return 0;

    default:
        Console.Error.WriteLine($"fuzz: afl TARGET | mutate TARGET SECONDS [SEED] | replay TARGET FILE...; targets: {string.Join(", ", FuzzTargets.All.Select(target => target.Name))}");
        return 2;
}

static int Mutate(IFuzzTarget target, TimeSpan time, int seed)
{
    var mutator = new Mutator(Corpus.Load(target.Name), seed);
    long started = Stopwatch.GetTimestamp(), runs = 0;
    TimeSpan slowest = default;
    while (Stopwatch.GetElapsedTime(started) < time)
    {
        byte[] input = mutator.Next();
        long before = Stopwatch.GetTimestamp();
        try
        {
            target.Run(input);
        }
        catch (Exception fault)
        {
            string file = $"fault-{target.Name}-{seed}-{runs}.bin";
            File.WriteAllBytes(file, input);
            Console.WriteLine($"{target.Name}: fault after {runs} runs of seed {seed}, kept as {file}: {fault}");
            return 1;
        }

        TimeSpan took = Stopwatch.GetElapsedTime(before);
        slowest = took > slowest ? took : slowest;
        runs++;
    }

    Console.WriteLine($"{target.Name}: {runs} runs of seed {seed}, no fault; slowest {slowest.TotalMilliseconds:F1} ms");
    return 0;
}
