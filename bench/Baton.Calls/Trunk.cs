using System.Globalization;
using System.Text.Json;
using Baton.Lab;
using Baton.Lab.Batons;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Lab.Steps;

namespace Baton.Calls;

/// <summary>Very many calls through one SA each way, between a cluster with its standby in sync and a peer, on hosts of the lab.</summary>
internal static class Trunk
{
    public static List<Figure> Measure(string name, int calls, int seconds)
    {
        if (LabProgram.WhyNot() is { } why)
            throw new LabException(why);
        using var room = new LabRoom(keepFolder: false, CancellationToken.None);
        using var story = new Story(room, Console.Out);
        new StageSteps(story).HostsWithRuns("a and b");
        var cluster = new ClusterSteps(story);
        cluster.RaiseStatic($"{Network.PeerAddress}:4500", [Network.ClusterNet], Network.PeerNet, "aes-gcm-128", null);
        cluster.Ready();
        room.Wait.Until("the inner hosts reach each other", TimeSpan.FromSeconds(20),
            () => Command.Try("ip", story.Network.PeerHost.Inside("ping", "-c", "1", "-W", "1", Network.HostInner).Skip(1)).Status == 0);
        LabProcess[] ends = [End(story.Network.PeerHost, Network.PeerHostInner, Network.HostInner), End(story.Network.Inner, Network.HostInner, Network.PeerHostInner)];
        Host[] hosts = [story.Network.PeerHost, story.Network.Inner, story.Network.Peer, .. story.Network.Members];
        Dictionary<string, long> before = Drops(hosts);
        (string Name, OperatedNode? Node)[] gateways = [("active", story.BatonCluster.ActiveNode), ("peer", story.BatonPeer.Node)];
        Dictionary<string, double> countedBefore = Counted(gateways), usedBefore = Used([story.Network.Handler, story.Network.Peer, .. story.Network.Members]);
        foreach (LabProcess end in ends)
            end.WaitForExit(TimeSpan.FromSeconds(seconds + 20));
        Dictionary<string, long> after = Drops(hosts);
        Dictionary<string, double> counted = Counted(gateways), used = Used([story.Network.Handler, story.Network.Peer, .. story.Network.Members]);
        TrunkReport[] said = [.. ends.Select(end => JsonSerializer.Deserialize<TrunkReport>(end.LastWords(1))!)];
        long sent = said.Sum(one => one.Sent), heard = said.Sum(one => one.Heard);
        List<Figure> figures =
        [
            new(name, "calls heard at both ends", said.Min(one => one.CallsHeard), ""),
            new(name, "packets a second, both ways", sent / (double)seconds, ""),
            new(name, "packets sent", sent, ""),
            new(name, "sent by the peer's end", said[0].Sent, ""),
            new(name, "sent by the cluster's end", said[1].Sent, ""),
            new(name, "heard by the peer's end", said[0].Heard, ""),
            new(name, "heard by the cluster's end", said[1].Heard, ""),
            new(name, "packets not heard", sent - heard, ""),
            new(name, "loss", 100.0 * (sent - heard) / Math.Max(1, sent), "%"),
            new(name, "loss of the worst call, one way", said.Max(one => one.MostLostOfACall), "packets"),
            new(name, "dropped by the ends' sockets on sending", said.Sum(one => one.SendDrops), ""),
            new(name, "a packet was sent late by at most", said.Max(one => one.LateMs), "ms"),
        ];
        figures.AddRange(from drop in after where drop.Value > before.GetValueOrDefault(drop.Key) select new Figure(name, drop.Key, drop.Value - before.GetValueOrDefault(drop.Key), ""));
        figures.AddRange(counted.Select(counter => new Figure(name, counter.Key, counter.Value - countedBefore.GetValueOrDefault(counter.Key), "")));
        figures.AddRange(used.Select(process => new Figure(name, $"processor time of {process.Key}", process.Value - usedBefore.GetValueOrDefault(process.Key), "s")));
        figures.Add(new Figure(name, "processor time of the peer's end", said[0].ProcessorSeconds, "s"));
        figures.Add(new Figure(name, "processor time of the cluster's end", said[1].ProcessorSeconds, "s"));
        return figures;

        LabProcess End(Host host, string local, string remote)
        {
            LabProcess end = host.Start("trunk", [Environment.ProcessPath!, "trunk", local, remote, $"{calls}", $"{seconds}"]);
            room.Wait.Until("an end of the trunk is ready", TimeSpan.FromSeconds(10), () => end.LastWords().Contains("ready", StringComparison.Ordinal), () => end.LastWords());
            return end;
        }
    }

    /// <summary>What went in and out of the gateways, and what they dropped.</summary>
    private static Dictionary<string, double> Counted((string Name, OperatedNode? Node)[] gateways)
    {
        var counted = new Dictionary<string, double>();
        foreach ((string name, OperatedNode? node) in gateways)
        {
            if (node?.Look() is not { } look)
                continue;
            foreach (JsonProperty counter in look.GetProperty("counters").EnumerateObject())
            {
                if (counter.Name is "esp.delivered" or "esp.sealed" or "esp.held-overflow" or "esp.replayed" or "inner.drops" or "outer.send-drops")
                    counted.Add($"{name}: {counter.Name}", double.Parse(counter.Value.ToString(), CultureInfo.InvariantCulture));
            }
        }

        return counted;
    }

    /// <summary>Seconds of processor time of each process on these hosts, by host and command.</summary>
    private static Dictionary<string, double> Used(IEnumerable<Host> hosts)
    {
        var used = new Dictionary<string, double>();
        foreach (Host host in hosts)
        {
            foreach (int id in host.ProcessIds())
            {
                string command = File.ReadAllText($"/proc/{id}/cmdline").Split('\0') is [_, var verb, ..] ? verb : $"{id}";
                using var process = System.Diagnostics.Process.GetProcessById(id);
                used[$"{host.Name}: {command}"] = process.TotalProcessorTime.TotalSeconds;
            }
        }

        return used;
    }

    private static Dictionary<string, long> Drops(IEnumerable<Host> hosts) =>
        hosts.SelectMany(DropCounters.Read).Append(DropCounters.Backlog()).GroupBy(counter => counter.Name).ToDictionary(same => same.Key, same => same.Sum(counter => counter.Value));
}
