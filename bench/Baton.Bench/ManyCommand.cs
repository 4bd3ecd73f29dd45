using System.Diagnostics;
using System.Globalization;
using Baton.Esp;
using Baton.Gateway.DataPath;
using Baton.Gateway.Ports;
using Baton.Wire;

namespace Baton.Bench;

/// <summary>`many`: what an SA weighs in a standby that holds a hundred thousand, by part; and what a packet costs with ten SAs and with so many, in turn.</summary>
/// <remarks>Packets go through <c>PacketPath</c> a batch at a time, each batch over other SAs, spread evenly. The time in the kernel is measured apart: it does not depend on the SAs.</remarks>
internal static class ManyCommand
{
    private const int Batch = 64;
    private const int Batches = 1_000;
    private const int Rounds = 9;

    /// <summary>Pairs.</summary>
    private const int Few = 5;

    public static int Run(string[] args)
    {
        int pairs = args is [var text] && int.TryParse(text, CultureInfo.InvariantCulture, out int sas) ? sas / 2 : 50_000;
        using (var warm = new ManySas(Few))
        {
            warm.TakeCopy();
            warm.BuildSas();
        }

        using var many = new ManySas(pairs);
        using var few = new ManySas(Few);
        Weigh(many);
        few.TakeCopy();
        few.BuildSas();
        few.TakeOver();
        many.TakeOver();
        Console.WriteLine($"heap in huge pages: {Baton.Linux.HugePages.PutHeapTogether() >> 20} MiB");
        Costs("seal outward, by selectors", few, many, Outward);
        Costs("open inward, by SPI", few, many, Inward);
        return 0;
    }

    private static void Weigh(ManySas many)
    {
        var at = new List<(string Part, long Managed, long Native)>();
        Note("");
        many.TakeCopy();
        Note("copy of the records, leases, ceilings (Baton.Redundancy)");
        many.BuildSas();
        Note("SAs of the data path, with their ciphers");
        Console.WriteLine($"memory of an SA in a standby with {many.Pairs * 2} SAs, bytes: managed | native (the library's key schedule among it)");
        for (int i = 1; i < at.Count; i++)
            Row(at[i].Part, at[i].Managed - at[i - 1].Managed, at[i].Native - at[i - 1].Native);
        Row("together", at[^1].Managed - at[0].Managed, at[^1].Native - at[0].Native);

        void Note(string part)
        {
            long managed = GC.GetTotalMemory(true);
            at.Add((part, managed, SaMemory.Resident() - GC.GetGCMemoryInfo().TotalCommittedBytes));
        }

        void Row(string part, long managed, long native) =>
            Console.WriteLine($"  {part,-58} {(double)managed / (many.Pairs * 2),6:0} | {(double)native / (many.Pairs * 2),6:0}");
    }

    /// <summary>Rounds in turn, so that what disturbs the machine disturbs both; medians.</summary>
    private static void Costs(string what, ManySas few, ManySas many, Func<ManySas, int, Func<double>> prepare)
    {
        var (fewNs, manyNs) = (new List<double>(), new List<double>());
        for (int round = 0; round <= Rounds; round++)
        {
            double one = prepare(few, round)(), other = prepare(many, round)();
            if (round == 0)
                continue;  // code that has just been compiled
            fewNs.Add(one);
            manyNs.Add(other);
        }

        fewNs.Sort();
        manyNs.Sort();
        double[] ratios = [.. fewNs.Zip(manyNs, (one, other) => other / one)];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-28} {Few * 2} SAs {fewNs[Rounds / 2],6:0} ns ({fewNs[0]:0} to {fewNs[^1]:0})   {many.Pairs * 2} SAs {manyNs[Rounds / 2],6:0} ns ({manyNs[0]:0} to {manyNs[^1]:0})   {manyNs[Rounds / 2] / fewNs[Rounds / 2]:0.00} x"));
    }

    private static Func<double> Outward(ManySas sas, int round)
    {
        byte[][] packets = [.. Draw(sas, round).Select(sas.Outward)];
        return () => Time(packets, sas, (batch, _, verdicts) => Send(sas, batch, verdicts));
    }

    private static Func<double> Inward(ManySas sas, int round)
    {
        ulong number = (ulong)round * Batch * Batches;
        byte[][] packets = [.. Draw(sas, round).Select(pair => sas.Inward(pair, ++number))];
        var arrival = new Arrival(sas.Peer);
        return () => Time(packets, sas, (batch, now, verdicts) => Take(sas, batch, arrival, now, verdicts));
    }

    /// <summary>In the first round all of them in turn, since the first packet of an SA after a takeover finds out where it begins; then at random.</summary>
    private static int[] Draw(ManySas sas, int round)
    {
        var random = new Random(round);
        return [.. Enumerable.Range(0, Batch * Batches).Select(i => round == 0 ? i % sas.Pairs : random.Next(sas.Pairs))];
    }

    /// <summary>As PacketPath.TakeInner goes through a batch.</summary>
    private static void Send(ManySas sas, Memory<byte>[] batch, EspVerdict[] verdicts)
    {
        LookAhead look = sas.Path.Ahead;
        look.Begin();
        int ahead = 0;
        for (int i = 0; i < batch.Length; i++)
        {
            for (; look.Pays && ahead <= i + LookAhead.LeadInner; ahead++)
                look.AddInner(ahead < batch.Length ? batch[ahead].Span : []);
            verdicts[i] = sas.Path.Send(batch[i].Span, -1, look.Pays ? look.Found(i) : null);
        }
    }

    /// <summary>As PacketPath.TakeOuter goes through a batch.</summary>
    private static void Take(ManySas sas, Memory<byte>[] batch, in Arrival arrival, Instant now, EspVerdict[] verdicts)
    {
        LookAhead look = sas.Path.Ahead;
        look.Begin();
        for (int i = 0; look.Pays && i < batch.Length; i++)
            look.Add(batch[i].Span);
        int ahead = 0;
        for (int i = 0; i < batch.Length; i++)
        {
            for (; look.Pays && ahead <= i + LookAhead.LeadOuter; ahead++)
                look.Advance();
            verdicts[i] = sas.Path.Take(batch[i].Span, arrival, now);
        }
    }

    /// <summary>Nanoseconds a packet, without what the kernel takes. A packet stands where the kernel has just written it.</summary>
    private static double Time(byte[][] packets, ManySas sas, Action<Memory<byte>[], Instant, EspVerdict[]> judge)
    {
        long ticks = 0;
        Instant now = Instant.FromMilliseconds(2_000);
        var buffers = new byte[Batch * 512];
        (var batch, var verdicts) = (new Memory<byte>[Batch], new EspVerdict[Batch]);
        for (int from = 0; from < packets.Length; from += Batch)
        {
            for (int i = 0; i < Batch; i++)
            {
                packets[from + i].CopyTo(buffers, i * 512);
                batch[i] = buffers.AsMemory(i * 512, packets[from + i].Length);
            }

            long start = Stopwatch.GetTimestamp();
            judge(batch, now, verdicts);
            ticks += Stopwatch.GetTimestamp() - start;
            sas.Path.Flush();
            if (Array.Exists(verdicts, verdict => verdict != EspVerdict.Delivered))
                throw new InvalidOperationException(string.Join(' ', verdicts.Distinct()));
        }

        return Stopwatch.GetElapsedTime(0, ticks).TotalNanoseconds / packets.Length;
    }
}
