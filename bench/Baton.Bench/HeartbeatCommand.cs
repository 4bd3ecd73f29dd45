using System.Diagnostics;
using System.Globalization;
using System.Net;
using Baton.Cluster.Heartbeats;
using Baton.Gateway.Sentinel;
using Baton.Linux;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Bench;

/// <summary>A real sentinel process and a real failure detector at 10 ms x 3, while every processor is busy: how late are heartbeats, and is anybody suspected?</summary>
internal static class HeartbeatCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);
    private const int Multiplier = 3;

    private static long _stolen;

    public static int Run(string[] arguments)
    {
        int seconds = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 60;
        string own = Environment.ProcessPath!;
        string[] prefix = Path.GetFileNameWithoutExtension(own) == "dotnet" ? [typeof(HeartbeatCommand).Assembly.Location] : [];
        var load = new List<Process>();
        byte[] key = new byte[32];
        Random.Shared.NextBytes(key);
        using var socket = new UdpBatch(new IPEndPoint(IPAddress.Loopback, 0), count: 32, packetBytes: 512, kernelBufferBytes: 1 << 18);
        using var listener = new HeartbeatListener(key, 1, ["a"], Interval, Multiplier);
        using var sentinel = new SentinelClient(
            block => new SentinelOptions
            {
                Block = block,
                Member = "a",
                Nonce = 1,
                ClusterKey = key,
                KeyId = 1,
                Targets = [socket.Local.ToString()],
                From = "127.0.0.1:0",
                IntervalMicroseconds = (int)Interval.TotalMicroseconds,
                HangAfterMicroseconds = 25_000,
                GatewayStartedUnixMs = 1,
                GatewayStartedMonotonicNs = 0,
            },
            (own, [.. prefix, "sentinel"]), Console.Error.WriteLine);
        bool over = false;
        var engine = new Thread(() =>
        {
            _ = Scheduling.TryRealTime(10);
            Instant next = MonotonicClock.Now;
            while (!Volatile.Read(ref over))
            {
                sentinel.ReportProgress();
                MonotonicClock.SleepUntil(next = Instant.Max(next + TimeSpan.FromMilliseconds(5), MonotonicClock.Now));
            }
        });
        var gaps = new List<long>(seconds * 120);
        long suspicions = 0;
        string? refused = null;
        var watcher = new Thread(() =>
        {
            refused = Scheduling.TryRealTime(10);
            using var poller = new Poller(socket.Fd);
            var views = new List<(Incarnation Of, WitnessView View)>();
            Instant last = default;
            Instant from = MonotonicClock.Now + WarmUp;  // the code of a process that just started is compiled first
            Instant nextTick = MonotonicClock.Now;
            while (!Volatile.Read(ref over))
            {
                poller.Wait(nextTick);
                Instant now = MonotonicClock.Now;
                long before = listener.Accepted;
                int got = socket.Receive();
                for (int i = 0; i < got; i++)
                    listener.Take(socket.Packet(i), now, views);
                if (listener.Accepted > before)
                {
                    if (last > from && gaps.Count < gaps.Capacity)
                        gaps.Add(now.Nanoseconds - last.Nanoseconds);
                    last = now;
                }

                if (now >= nextTick)
                {
                    listener.Detector.Tick(now, views);
                    nextTick = now + Interval;
                }

                suspicions += now < from ? 0 : views.Count(v => v.View is WitnessView.Suspected or WitnessView.Dead);
                views.Clear();
            }
        });
        try
        {
            for (int i = 0; i < Environment.ProcessorCount * 2; i++)
            {
                var start = new ProcessStartInfo(own, [.. prefix, "burn", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)]);
                load.Add(Process.Start(start)!);
            }

            engine.Start();
            watcher.Start();
            Thread.Sleep(WarmUp);
            long stolen = Stolen();
            Thread.Sleep(TimeSpan.FromSeconds(seconds));
            _stolen = Stolen() - stolen;
            Volatile.Write(ref over, true);
            engine.Join();
            watcher.Join();
        }
        finally
        {
            load.ForEach(p => p.Kill());
        }

        gaps.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{seconds} s, {Environment.ProcessorCount} processors, {load.Count} busy processes, real-time priority: watcher {(refused is null ? "yes" : "no")}, sentinel {(sentinel.HasRealTime ? "yes" : "no")}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"heartbeats {gaps.Count}; gap ms: p50 {At(0.5):F2}, p99 {At(0.99):F2}, p99.9 {At(0.999):F2}, worst {At(1):F2}, over 20 ms: {gaps.Count(g => g > 20_000_000)}; sentinel's worst lateness, start included, {sentinel.WorstLateness.TotalMilliseconds:F2} ms; taken by the hypervisor {_stolen} ms; suspicions {suspicions}; hangs seen {sentinel.Hangs}"));
        return suspicions == 0 ? 0 : 1;

        double At(double share) => gaps.Count == 0 ? double.NaN : gaps[Math.Min(gaps.Count - 1, (int)(gaps.Count * share))] / 1e6;
    }

    /// <summary>Milliseconds that the hypervisor gave to others (man 5 proc_stat, steal).</summary>
    private static long Stolen() => long.Parse(File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[8], CultureInfo.InvariantCulture) * 10;

    /// <summary>One busy process: computes and allocates, as a neighbour on the machine would.</summary>
    public static int Burn(string parent)
    {
        ProcessTie.DieWithParent(int.Parse(parent, CultureInfo.InvariantCulture));
        byte[][] kept = new byte[64][];
        for (uint i = 0; ; i++)
        {
            kept[i % 64] = new byte[4_096];
            for (int k = 0; k < 4_096; k++)
                kept[i % 64][k] = (byte)(k * i);
        }
    }
}
