using System.Globalization;
using Baton.Cli.Demo.Scenario;
using Baton.Cluster.Protos;

namespace Baton.Calls;

/// <summary>A figure of a case, in the order in which it is shown.</summary>
internal sealed record Figure(string Case, string What, double Value, string Unit);

/// <summary>What is measured on loopback, with processes of their own for every part.</summary>
internal static class Cases
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(1);

    /// <summary>So many G.711 calls at once through one media gateway with its standby: loss at every place.</summary>
    public static async Task<List<Figure>> LoadAsync(string name, int calls, bool srtp, int seconds)
    {
        await using var stage = new CallStage(calls, srtp);
        await stage.RaiseAsync();
        NodeStatus before = (await stage.StatusAsync(stage.Active))!;
        double used = stage.ProcessorSeconds(stage.Active), usedStandby = stage.ProcessorSeconds(stage.Standby);
        long drops = KernelDrops();
        stage.Begin();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        BankReport report = await stage.EndAsync();
        drops = KernelDrops() - drops;
        used = stage.ProcessorSeconds(stage.Active) - used;
        usedStandby = stage.ProcessorSeconds(stage.Standby) - usedStandby;
        NodeStatus after = (await stage.StatusAsync(stage.Active))!;
        return
        [
            new(name, "packets sent", report.Sent, ""),
            new(name, "packets relayed while that was read", (double)Tally.Counter(after, "media.relayed") - Tally.Counter(before, "media.relayed"), ""),
            new(name, "packets not heard", report.Lost, ""),
            new(name, "loss", 100.0 * report.Lost / Math.Max(1, report.Sent), "%"),
            new(name, "loss of the worst phone", report.LostEach.Max(), "packets"),
            new(name, "not genuine, or twice", report.Wrong + report.Twice, ""),
            new(name, "dropped by the phones' sockets on sending", report.SendDrops, ""),
            new(name, "dropped by the gateway's sockets on sending", (double)Tally.Counter(after, "media.send-drops") - Tally.Counter(before, "media.send-drops"), ""),
            new(name, "dropped by receive queues of this host's UDP sockets", drops, ""),
            new(name, "longest gap between two packets of a call", report.GapEachMs.Max(), "ms"),
            new(name, "a packet was sent late by at most", report.LateMs, "ms"),
            new(name, "longest turn of the active", Tally.Counter(after, "engine.turn-longest-us") / 1000.0, "ms"),
            new(name, "processor time of the active", 100 * used / (seconds + 0.5), "%"),
            new(name, "processor time of the standby", 100 * usedStandby / (seconds + 0.5), "%"),
        ];
    }

    /// <summary>kill -9 of the active, several times. The outage of a call: what its phones lost each way, a packet being 20 ms; and by its longest gap.</summary>
    public static async Task<List<Figure>> KillAsync(string name, int calls, int kills)
    {
        await using var stage = new CallStage(calls, srtp: true);
        await stage.RaiseAsync();
        var lost = new List<int>();
        var gaps = new List<double>();
        var means = new List<double>();
        int wrong = 0;
        for (int i = 0; i < kills; i++)
        {
            await Task.Delay(Calm);
            stage.Begin();
            await Task.Delay(Calm / 4);
            await stage.KillAsync();
            await Task.Delay(Calm);
            BankReport report = await stage.EndAsync();
            lost.AddRange(report.LostEach);
            gaps.AddRange(report.GapEachMs);
            means.Add(report.LostEach.Average() * 20);
            wrong += report.Wrong + report.Twice;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name} kill {i + 1}: mean outage {means[^1]:0.0} ms, worst {report.LostEach.Max()} packets, longest gap {report.GapEachMs.Max():0.0} ms, {report.Wrong} wrong, {report.Twice} twice, late {report.LateMs:0.0} ms"));
            if (Environment.GetEnvironmentVariable("KEEP_LOGS") is not null)
                Console.WriteLine(stage.LastWords(stage.Active));
            if (i + 1 < kills)
                await stage.RestartAsync();
        }

        return
        [
            new(name, "kills", kills, ""),
            new(name, "outage of a call, mean", means.Average(), "ms"),
            new(name, "outage of a call, median of the kills' means", Median(means), "ms"),
            new(name, "outage of a call, the worst kill's mean", means.Max(), "ms"),
            new(name, "packets lost each way, median", Median([.. lost.Select(each => (double)each)]), "packets"),
            new(name, "packets lost each way, worst", lost.Max(), "packets"),
            new(name, "longest gap beyond 20 ms, median", Math.Max(0, Median(gaps) - 20), "ms"),
            new(name, "longest gap beyond 20 ms, worst", Math.Max(0, gaps.Max() - 20), "ms"),
            new(name, "not genuine, or twice", wrong, ""),
        ];
    }

    private static double Median(List<double> values)
    {
        List<double> ordered = [.. values.Order()];
        return (ordered[(ordered.Count - 1) / 2] + ordered[ordered.Count / 2]) / 2;
    }

    /// <summary>RcvbufErrors of UDP (man 7 udp), of the whole namespace.</summary>
    private static long KernelDrops()
    {
        string[] udp = [.. File.ReadLines("/proc/net/snmp").Where(line => line.StartsWith("Udp:", StringComparison.Ordinal))];
        int at = Array.IndexOf(udp[0].Split(' '), "RcvbufErrors");
        return long.Parse(udp[1].Split(' ')[at], CultureInfo.InvariantCulture);
    }
}
