using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Baton.Cluster.Records;
using Baton.Esp;
using Baton.Gateway.DataPath;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Bench;

/// <summary>`selectors`: what the look-up of an outbound packet's SA costs, and a change of the table, by the number of SAs and the kind of their selectors.</summary>
internal static class SelectorCommand
{
    private const int Packets = 65_536;

    private static readonly (string Name, Func<Random, int, (SaSelector Source, SaSelector Destination)> Draw)[] Kinds =
    [
        ("host pairs, IPv4", (_, i) => (V4(0x0A000000, 8), V4(0x0B000000 + (uint)i, 32))),
        ("networks /24, IPv4", (_, i) => (V4(0x0A000000, 8), V4(0x0B000000 + ((uint)i << 8), 24))),
        ("networks /56, IPv6", (_, i) => (V6(0x2001_0db8_0000_0000, 32), V6(0x2001_0db9_0000_0000 + ((ulong)i << 8), 56))),
        ("one host pair, UDP port pairs", (_, i) => (
            V4(0x0A000001, 32) with { Protocol = 17, FirstPort = (ushort)(i / 4_000), LastPort = (ushort)(i / 4_000) },
            V4(0x0B000001, 32) with { Protocol = 17, FirstPort = (ushort)(i % 4_000), LastPort = (ushort)(i % 4_000) })),
        ("prefixes of /8 to /32, both sides", (random, _) => (V4((uint)random.NextInt64(1L << 32), random.Next(8, 33)), V4((uint)random.NextInt64(1L << 32), random.Next(8, 33)))),
        ("ranges of 1 to 5,000 addresses and ports", (random, i) => (V4(0x0A000000, 8), Range(random, 0x0B000000 + ((uint)i * 5_000), random.Next(1, 5_000)))),
    ];

    public static int Run()
    {
        Console.WriteLine($"{"selectors",-42} {"SAs",8} {"found ns",9} {"none ns",8} {"add us",8} {"worst us",9} {"remove us",10} {"worst us",9} {"bytes an SA",12}");
        foreach ((string name, var draw) in Kinds)
        {
            foreach (int count in new[] { 10, 1_000, 100_000 })
                Measure(name, count, draw);
        }

        return 0;
    }

    private static void Measure(string name, int count, Func<Random, int, (SaSelector, SaSelector)> draw)
    {
        var random = new Random(7);
        var entries = new OutboundEntry[count];
        for (int i = 0; i < count; i++)
        {
            (SaSelector source, SaSelector destination) = draw(random, i);
            entries[i] = new OutboundEntry(
                new SaId((ulong)i + 1), new SaDescription("b", SaSuite.AesGcm128, SaMode.Tunnel, 1, 0, true, 64, [source], [destination], null, new byte[20]), swap: false);
        }

        byte[][] hits = [.. Enumerable.Range(0, Packets).Select(_ => Packet(random, entries[random.Next(count)]))];
        byte[][] misses = [.. Enumerable.Range(0, Packets).Select(_ => Packet(random, null))];
        var table = new SelectorTable();
        long before = GC.GetTotalMemory(true);
        (double add, double worstAdd) = Changes(entries, table.Add);
        long bytes = GC.GetTotalMemory(true) - before;
        double found = Lookups(table, hits, out int got), none = Lookups(table, misses, out _);
        if (got < Packets)
            throw new InvalidOperationException($"{name}: {got} of {Packets} packets found their SA");
        OutboundEntry[] some = [.. entries.OrderBy(_ => random.Next()).Take(Math.Max(10, count / 10))];
        (double remove, double worstRemove) = Changes(some, table.Remove);
        Array.ForEach(entries, entry => entry.Dispose());
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{name,-42} {count,8} {found,9:0} {none,8:0} {add,8:0.00} {worstAdd,9:0} {remove,10:0.00} {worstRemove,9:0} {bytes / count,12}"));
    }

    private static (double MeanUs, double WorstUs) Changes(OutboundEntry[] entries, Action<OutboundEntry> change)
    {
        long worst = 0, start = Stopwatch.GetTimestamp(), last = start;
        foreach (OutboundEntry entry in entries)
        {
            change(entry);
            long now = Stopwatch.GetTimestamp();
            (worst, last) = (Math.Max(worst, now - last), now);
        }

        double tick = 1e6 / Stopwatch.Frequency;
        return ((last - start) * tick / entries.Length, worst * tick);
    }

    /// <summary>Nanoseconds each; the best of five rounds over the packets.</summary>
    private static double Lookups(SelectorTable table, byte[][] packets, out int got)
    {
        double best = double.MaxValue;
        got = 0;
        for (int round = 0; round < 6; round++)
        {
            got = 0;
            long start = Stopwatch.GetTimestamp();
            foreach (byte[] bytes in packets)
            {
                if (IpPacket.TryParse(bytes, out IpPacket packet) && table.Find(packet) is not null)
                    got++;
            }

            if (round > 0)
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / packets.Length);
        }

        return best;
    }

    private static byte[] Packet(Random random, OutboundEntry? entry)
    {
        (SaSelector source, SaSelector destination) = entry is null ? (V4(0xC0A80000, 16), V4(0xC0A90000, 16)) : (entry.Source[0], entry.Destination[0]);
        bool v4 = source.First.IsV4;
        int header = v4 ? 20 : 40;
        byte[] packet = new byte[header + 8];
        if (v4)
        {
            (packet[0], packet[9]) = (0x45, 17);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), 28);
        }
        else
        {
            (packet[0], packet[5], packet[6]) = (0x60, 8, 17);
        }

        int length = v4 ? 4 : 16, at = v4 ? 12 : 8;
        Within(random, source).TryWriteBytes(packet.AsSpan(at, length), out _);
        Within(random, destination).TryWriteBytes(packet.AsSpan(at + length, length), out _);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(header), source.FirstPort);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(header + 2), destination.FirstPort);
        return packet;
    }

    private static IPAddress Within(Random random, in SaSelector selector) =>
        (selector.First with { Low = selector.First.Low + (ulong)random.NextInt64((long)Math.Min(1L << 40, selector.Last.Low - selector.First.Low + 1)) }).ToIPAddress();

    private static SaSelector V4(uint address, int bits) => SaSelector.Of(new IPNetwork(IpAddress.V4(address).Masked(bits).ToIPAddress(), bits));

    private static SaSelector V6(ulong high, int bits) => SaSelector.Of(new IPNetwork(new IpAddress(high, 0).ToIPAddress(), bits));

    private static SaSelector Range(Random random, uint first, int count) =>
        new(17, (ushort)random.Next(1, 1_000), (ushort)random.Next(1_000, 60_000), IpAddress.V4(first), IpAddress.V4(first + (uint)count - 1));
}
