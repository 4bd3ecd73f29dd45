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

    /// <summary>Mbit/s as the receiver counts them. The first second is left out.</summary>
    public static double Tcp(Story story, TunnelKind kind, int flows, int seconds) =>
        Run(story, kind, "-P", Text(flows), "-t", Text(seconds), "-O", "1").GetProperty("sum_received").GetProperty("bits_per_second").GetDouble() / 1e6;

    /// <summary>What the client says of the end of its run.</summary>
    private static JsonElement Run(Story story, TunnelKind kind, params string[] arguments)
    {
        using LabProcess server = story.Network.Inner.Start("iperf3", [Program, "-s", "-1", "--forceflush"]);
        story.Room.Wait.Until("iperf3 listens", TimeSpan.FromSeconds(5), () => File.Exists(server.Log) && server.LastWords().Contains("listening", StringComparison.Ordinal), () => server.LastWords());
        (int status, string output) = Command.Try("ip", story.Network.PeerHost.Inside([Program, "-c", kind.Target, "-J", .. arguments]).Skip(1));
        if (status != 0)
            throw new LabException($"iperf3: {output.Trim()}");
        server.WaitForExit(TimeSpan.FromSeconds(5));
        using var document = JsonDocument.Parse(output);
        return document.RootElement.GetProperty("end").Clone();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
