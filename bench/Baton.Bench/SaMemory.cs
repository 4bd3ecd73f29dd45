using System.Globalization;
using Baton.Crypto;
using Baton.Esp;

namespace Baton.Bench;

/// <summary>What an SA weighs in memory, managed and native, key schedule apart: the growth of the process over many of them.</summary>
internal static class SaMemory
{
    private const int Count = 20_000;

    public static void Print()
    {
        Console.WriteLine();
        Console.WriteLine($"memory of an SA, bytes ({Count} made; a window of 128): managed | native (key schedule, contexts)");
        foreach (CipherLibrary library in Enum.GetValues<CipherLibrary>().Reverse())
        {
            if (!CipherProvider.IsAvailable(library, out _))
                continue;
            foreach (EspSuite suite in Enum.GetValues<EspSuite>())
            {
                byte[] key = new byte[suite.CipherKeyLength()], tail = new byte[suite.TailLength()];
                (long Managed, long Native) outbound = Weigh(() => new OutboundSa(256, suite, true, key, tail, library));
                (long Managed, long Native) inbound = Weigh(() => new InboundSa(256, suite, true, 128, key, tail, library));
                Console.WriteLine($"{library,-9} {suite,-18} outbound {outbound.Managed,5} | {outbound.Native,5}   inbound {inbound.Managed,5} | {inbound.Native,5}");
            }
        }
    }

    private static (long Managed, long Native) Weigh(Func<IDisposable> make)
    {
        make().Dispose();
        var kept = new IDisposable[Count];
        long managed = GC.GetTotalMemory(true), heap = GC.GetGCMemoryInfo().TotalCommittedBytes, resident = Resident();
        for (int i = 0; i < Count; i++)
            kept[i] = make();
        long managedAfter = GC.GetTotalMemory(true), heapAfter = GC.GetGCMemoryInfo().TotalCommittedBytes, residentAfter = Resident();
        foreach (IDisposable sa in kept)
            sa.Dispose();

        // Freed memory stays in the allocator: give it back, so that the next one starts from the ground.
        Trim();
        return ((managedAfter - managed) / Count, (residentAfter - resident - (heapAfter - heap)) / Count);
    }

    internal static long Resident()
    {
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6, line.Length - 9).Trim(), CultureInfo.InvariantCulture) * 1_024;
    }

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "malloc_trim")]
    private static extern int MallocTrim(nint pad);

    private static void Trim()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        _ = MallocTrim(0);
    }
}
