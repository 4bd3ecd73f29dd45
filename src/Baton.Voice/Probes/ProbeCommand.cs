using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Linux;
using Baton.Voice.Probes;
using Baton.Voice.Shell;
using Baton.Wire;

namespace Baton.Voice;

/// <summary><c>baton probe</c>: measures both directions to the packet; told by its stdin, answers on its stdout.</summary>
public static class ProbeCommand
{
    public static Task<int> RunAsync(ProbeOptions options, CancellationToken cancellation) =>
        RunAsync(options, CommandLoop.OnConsole(), cancellation);

    public static Task<int> RunAsync(ProbeOptions options, TextReader input, TextWriter output, CancellationToken cancellation) =>
        RunAsync(options, new CommandLoop(input, output), cancellation);

    private static async Task<int> RunAsync(ProbeOptions options, CommandLoop commands, CancellationToken cancellation)
    {
        if (options.Flows is < 0 or > DemoAddresses.MaxFlows || options.Rate < 0 || options.FlowPeriodSeconds <= 0)
        {
            await Console.Error.WriteLineAsync($"probe: flows are 0 to {DemoAddresses.MaxFlows}, the rate 0 or more, the flow period above 0")
                .ConfigureAwait(false);
            return 1;
        }

        if (options is { Plain: true, Flows: > 0 })
        {
            await Console.Error.WriteLineAsync("probe: further flows need addresses inside the tunnel; they do not go with --plain").ConfigureAwait(false);
            return 1;
        }

        try
        {
            using var probe = new Probe(options);
            probe.Start();
            commands.Ready(probe.PeerLocal, probe.ClusterLocal);
            await commands.RunAsync((name, command) => Handle(probe, options, name, command), cancellation).ConfigureAwait(false);
            probe.Stop();
            commands.Finish(ProbeReport.Mark(probe, null, MonotonicClock.Now));
            return 0;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            await Console.Error.WriteLineAsync($"probe: {options.PeerLocal}, {options.ClusterLocal}: {e.Message}").ConfigureAwait(false);
            return 1;
        }
    }

    private static JsonObject? Handle(Probe probe, ProbeOptions options, string name, JsonElement command)
    {
        switch (name)
        {
            case "mark":
                return ProbeReport.Mark(probe, command.Text("name"), MonotonicClock.Now);

            case "check":
                Instant start = MonotonicClock.Now;
                FlowCheck check = probe.Check(TimeSpan.FromMilliseconds(command.Number("timeout", 3000)));
                return ProbeReport.Check(check, options.Flows, MonotonicClock.Now - start);

            case "rate":
                int rate = (int)command.Number("rate", -1);
                if (rate is < 0 or > 100_000)
                    throw new ArgumentException("rate: 0 to 100000 packets a second");
                probe.Rate = rate;
                return new JsonObject { ["rate"] = rate };

            case "gaps":
                return ProbeReport.Gaps(probe, TimeSpan.FromMilliseconds(command.Number("thresholdMs", 5)));

            default:
                return null;
        }
    }
}
