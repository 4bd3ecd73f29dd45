using System.Globalization;
using System.Text.Json;
using Baton.Lab;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Lab.Steps;
using Baton.Throughput.Systems;

namespace Baton.Throughput;

/// <summary>iperf3 from the host behind the peer to the host behind the cluster.</summary>
public static class Iperf
{
    public const string Program = "/usr/bin/iperf3";

    /// <summary>Mbit/s as the receivers count them, of a flow to each of the kind's hosts at the same time. The first second is left out.</summary>
    public static double Tcp(Story story, TunnelKind kind, int seconds)
    {
        IReadOnlyList<string> targets = kind.Targets;
        LabProcess[] servers = [.. targets.Select((target, i) => story.Network.Inner.Start($"iperf3-{i}", [Program, "-s", "-1", "-B", target, "--forceflush"]))];
        story.Room.Wait.Until("iperf3 listens", TimeSpan.FromSeconds(5),
            () => servers.All(server => server.LastWords().Contains("listening", StringComparison.Ordinal)), () => servers[0].LastWords());
        LabProcess[] clients = [.. targets.Select((target, i) => story.Network.PeerHost.Start($"iperf3-{i}", [Program, "-c", target, "-J", "-t", Text(seconds), "-O", "1"]))];
        double sum = 0;
        foreach (LabProcess client in clients)
        {
            client.WaitForExit(TimeSpan.FromSeconds(seconds + 30));
            sum += Received(File.ReadAllText(client.Log));
        }

        foreach (LabProcess server in servers)
            server.WaitForExit(TimeSpan.FromSeconds(5));
        return sum;
    }

    private static double Received(string said)
    {
        try
        {
            using var document = JsonDocument.Parse(said);
            return document.RootElement.GetProperty("end").GetProperty("sum_received").GetProperty("bits_per_second").GetDouble() / 1e6;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException)
        {
            throw new LabException($"iperf3: {said.Trim()}");
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
