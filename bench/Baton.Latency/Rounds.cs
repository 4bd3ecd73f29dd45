using System.Globalization;
using System.Net;
using Baton.Lab;
using Baton.Lab.Batons;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Lab.Steps;
using Baton.Throughput;
using Baton.Throughput.Systems;

namespace Baton.Latency;

/// <summary>What is sent while it is measured.</summary>
/// <param name="Every">Between two probes. No part or multiple of a millisecond, the grid of the load: probes meet every moment of it.</param>
/// <param name="LoadMbit">What flows beside the probes, in the same SA: packets of <see cref="LoadPayload"/> bytes in a run each millisecond.</param>
/// <param name="RekeysPerSecond">Two exchanges each.</param>
public sealed record Plan(TimeSpan Every, TimeSpan During, TimeSpan Warm, double LoadMbit, int RekeysPerSecond)
{
    public const int LoadPayload = 1_300;

    public int LoadRate => (int)(LoadMbit * 1e6 / 8 / (LoadPayload + 28));
}

/// <summary>Plays one way after the other, and tells what came of it.</summary>
public sealed class Rounds(Plan plan, TextWriter output, CancellationToken cancellation)
{
    private const int ProbePort = 5_310;
    private const int LoadPort = 5_311;

    public Way Veth { get; } = new("veth", "bare veth, by itself");

    public Way Quiet { get; } = new("baton", "Baton, no IKE");

    public Way QuietBeside { get; } = new("veth beside baton", "veth at the same time");

    public Way Rekeying { get; } = new("baton, rekeying", "Baton, while IKE rekeys");

    public Way RekeyingBeside { get; } = new("veth beside baton, rekeying", "veth at the same time");

    public IEnumerable<Way> Ways => [Veth, QuietBeside, Quiet, RekeyingBeside, Rekeying];

    /// <summary>IKE exchanges a second that took place, in each round.</summary>
    public List<double> Exchanges { get; } = [];

    /// <summary>Mbit/s of load that came, of all rounds and ways.</summary>
    public List<double> Loads { get; } = [];

    public void Play()
    {
        Stand(new BareSystem(), story => Measure(story, (Veth, Network.HostInner)));
        var cluster = new IkeCluster(plan.RekeysPerSecond);
        Stand(cluster, story =>
        {
            Measure(story, (Quiet, Network.HostInner), (QuietBeside, IkeCluster.Beside));
            long before = Rekeys.Exchanges(story.BatonPeer.Node);
            long began = System.Diagnostics.Stopwatch.GetTimestamp();
            using (new Rekeys(story.BatonPeer.Node, cluster.Connections, plan.RekeysPerSecond))
            {
                Measure(story, (Rekeying, Network.HostInner), (RekeyingBeside, IkeCluster.Beside));
            }

            Exchanges.Add((Rekeys.Exchanges(story.BatonPeer.Node) - before) / System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"      {Exchanges[^1]:0} IKE exchanges a second"));
            output.WriteLine($"      active: {Turns(story.BatonCluster.ActiveNode!)}");
            output.WriteLine($"      peer: {Turns(story.BatonPeer.Node)}");
        });
    }

    private void Stand(TunnelSystem system, Action<Story> play)
    {
        using var room = new LabRoom(keepFolder: false, cancellation);
        using var story = new Story(room, output);
        try
        {
            system.Raise(story, TunnelKind.Usual);
            play(story);
        }
        catch (LabException)
        {
            foreach (string tail in room.LogTails()) output.WriteLine(tail);
            throw;
        }
    }

    private void Measure(Story story, params (Way Way, string Target)[] ways)
    {
        string self = Environment.ProcessPath!;
        string tag = Guid.NewGuid().ToString("n");
        LabProcess[] sinks =
        [
            story.Network.Inner.Start($"load-sink-{tag}", [self, "load-sink", $"{Network.HostInner}:{LoadPort}"]),
            .. ways.Select((way, i) => story.Network.Inner.Start($"sink-{i}-{tag}", [self, "probe-sink", $"{way.Target}:{ProbePort}", FileOf(i)])),
        ];
        story.Room.Wait.Until("the sinks listen", TimeSpan.FromSeconds(10), () => sinks.All(sink => sink.LastWords().Contains("listening", StringComparison.Ordinal)), () => sinks[0].LastWords());
        double seconds = plan.During.TotalSeconds;
        LabProcess load = story.Network.PeerHost.Start($"load-{tag}", [self, "load", $"{Network.HostInner}:{LoadPort}", Text(plan.LoadRate), Text(seconds + 1)]);
        LabProcess[] senders = [.. ways.Select((way, i) => story.Network.PeerHost.Start($"sender-{i}-{tag}",
            [self, "probe-send", $"{way.Target}:{ProbePort}", Text(plan.Every.TotalMicroseconds), Text(seconds)]))];
        foreach (LabProcess process in (LabProcess[])[.. senders, load, .. sinks]) process.WaitForExit(plan.During + TimeSpan.FromSeconds(20));
        string[] loadWent = load.LastWords(1).Split(' ');
        double came = Number(sinks[0].LastWords(1)), went = Number(loadWent[0]);
        Loads.Add(came * (Plan.LoadPayload + 28) * 8 / 1e6 / Number(loadWent[1]));
        foreach ((int i, (Way way, _)) in ways.Index())
        {
            way.Add(ProbeEnds.Read(FileOf(i)), (long)Number(senders[i].LastWords(1)), plan.Warm);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"      {way.Name,-28} p50 {way.OfRounds(50).Last(),5:0} us, p99 {way.OfRounds(99).Last(),5:0}, p99.9 {way.OfRounds(99.9).Last(),5:0}, most {way.OfRounds(100).Last(),6:0}; load {Loads[^1]:0} Mbit/s, {went - came:0} of it lost"));
        }

        string FileOf(int way) => Path.Combine(story.Room.Folder, $"{tag}-{way}");
    }

    /// <summary>What a gateway says of its own turns, since it began.</summary>
    private static string Turns(OperatedNode node) => string.Join(", ",
        from counter in node.Counters()
        where counter.Value != 0 && (counter.Name.StartsWith("engine.", StringComparison.Ordinal) || counter.Name.StartsWith("collector.", StringComparison.Ordinal) || counter.Name.StartsWith("esp.", StringComparison.Ordinal) || counter.Name.StartsWith("offload.", StringComparison.Ordinal) || counter.Name.StartsWith("held.", StringComparison.Ordinal))
        select $"{counter.Name} {counter.Value}");

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
