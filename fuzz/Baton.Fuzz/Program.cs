using System.Diagnostics;
using System.Runtime.InteropServices;
using Baton.Fuzz;

// afl TARGET                       under afl-fuzz (fuzz/run starts it)
// mutate TARGET SECONDS [SEED]     seeded mutations of the corpus, without coverage
// replay TARGET FILE|hex:BYTES...  the input of a finding
const string Hex = "hex:";
unsafe
{
    // Instrumented code counts its edges here until AFL++ brings its own memory: targets are made, and findings replayed, without it.
    SharpFuzz.Common.Trace.SharedMem = (byte*)NativeMemory.AllocZeroed(1 << 16);
}

switch (args)
{
    case ["afl", string name] when FuzzTargets.Find(name) is { } target:
        using (var run = new BoundedRun(target))
        {
            SharpFuzz.Fuzzer.Run(stream =>
            {
                using var bytes = new MemoryStream();
                stream.CopyTo(bytes);
                run.Run(bytes.ToArray());
            });
        }

        return 0;

    case ["mutate", string name, string seconds, .. string[] rest] when FuzzTargets.Find(name) is { } target:
        return Mutate(target, TimeSpan.FromSeconds(double.Parse(seconds)), rest is [string seed] ? int.Parse(seed) : Environment.TickCount);

    case ["replay", string name, .. string[] files] when FuzzTargets.Find(name) is { } target:
        using (var run = new BoundedRun(target))
        {
            foreach (string file in files)
            {
                run.Run(file.StartsWith(Hex, StringComparison.Ordinal) ? Convert.FromHexString(file[Hex.Length..]) : File.ReadAllBytes(file));
                Console.WriteLine($"{(file.Length > 80 ? file[..80] : file)}: no fault");
            }
        }

        return 0;

    default:
        Console.Error.WriteLine($"fuzz: afl TARGET | mutate TARGET SECONDS [SEED] | replay TARGET FILE...; targets: {string.Join(", ", FuzzTargets.All.Select(target => target.Name))}");
        return 2;
}

static int Mutate(IFuzzTarget target, TimeSpan time, int seed)
{
    const int LookAtMemory = 5_000;
    const long MostKept = 32 << 20;
    var mutator = new Mutator(Corpus.Load(target.Name), seed);
    using var run = new BoundedRun(target);
    long started = Stopwatch.GetTimestamp(), runs = 0, atFirst = 0;
    while (Stopwatch.GetElapsedTime(started) < time)
    {
        byte[] input = mutator.Next();
        try
        {
            run.Run(input);
            if (++runs % LookAtMemory != 0)
                continue;
            long kept = GC.GetTotalMemory(forceFullCollection: true);
            atFirst = atFirst == 0 ? kept : atFirst;
            FuzzFaultException.Unless(kept - atFirst <= MostKept, $"memory is kept from run to run: {(kept - atFirst) >> 10} KiB after {runs} runs");
        }
        catch (Exception fault)
        {
            string file = $"fault-{target.Name}-{seed}-{runs}.bin";
            File.WriteAllBytes(file, input);
            Console.WriteLine($"{target.Name}: fault after {runs} runs of seed {seed}, kept as {file}: {fault}\n{BoundedRun.Replay(target, input)}");
            return 1;
        }
    }

    Console.WriteLine($"{target.Name}: {runs} runs of seed {seed}, no fault; at most {run.Most.Time.TotalMilliseconds:F1} ms and {run.Most.Bytes >> 10} KiB an input");
    return 0;
}
