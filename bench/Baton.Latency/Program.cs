using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Baton.Lab;
using Baton.Latency;
using Baton.Throughput;

const string Usage = """
    bench/run-latency [--rounds N] [--seconds N] [--load MBIT] [--rekeys N] [--json FILE] [--write]

    Stamped packets one way between the two inner hosts, beside a load (650 Mbit/s, a tenth of what one TCP flow has), through bare veth and through Baton
    in turn, without and with IKE rekeys (50 a second, two exchanges each). Prints percentiles, what the gateways add, and the gaps between arrivals.
    --write puts the result and its pictures into docs/performance-latency.md. Needs root.
    """;

// The ends of the flows, which run on hosts of the lab.
switch (args)
{
    case ["probe-send", var target, var every, var length]:
        return ProbeEnds.Send(IPEndPoint.Parse(target), TimeSpan.FromMicroseconds(Parse(every)), TimeSpan.FromSeconds(Parse(length)));
    case ["probe-sink", var local, var file]:
        return ProbeEnds.Sink(IPEndPoint.Parse(local), file);
    case ["load", var target, var rate, var length]:
        return UdpEnds.Send(IPEndPoint.Parse(target), (int)Parse(rate), Parse(length), runs: true, Plan.LoadPayload);
    case ["load-sink", var local]:
        return UdpEnds.Sink(IPEndPoint.Parse(local));
}

if (args.Contains("--help"))
{
    Console.WriteLine(Usage);
    return 0;
}

if (LabProgram.WhyNot() is { } missing)
{
    Console.Error.WriteLine($"bench: {missing}");
    return 2;
}

var plan = new Plan(Every: TimeSpan.FromMicroseconds(507), During: TimeSpan.FromSeconds(Number("--seconds", 8)), Warm: TimeSpan.FromSeconds(1), LoadMbit: Number("--load", 650), RekeysPerSecond: Number("--rekeys", 50));
int count = Number("--rounds", 5);
using var stop = new CancellationTokenSource();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
var rounds = new Rounds(plan, Console.Out, stop.Token);
try
{
    for (int round = 1; round <= count; round++)
    {
        Console.WriteLine($"round {round}");
        rounds.Play();
    }
}
catch (Exception e) when (e is LabException or OperationCanceledException)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 1;
}

var report = new LatencyReport(plan, rounds);
Console.WriteLine();
Console.Write(report.ToTables());
if (Value("--json") is { } json) File.WriteAllText(json, report.ToJson() + "\n");
if (args.Contains("--write")) report.Write(Path.Combine(LabProgram.Folder, "..", "..", "docs"));
return report.IsMet ? 0 : 1;

string? Value(string option) => Array.IndexOf(args, option) is >= 0 and int at && at + 1 < args.Length ? args[at + 1] : null;

int Number(string option, int usual) => Value(option) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;

static double Parse(string text) => double.Parse(text, CultureInfo.InvariantCulture);

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
