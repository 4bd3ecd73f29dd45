using System.Globalization;
using System.Runtime.InteropServices;
using Baton.Lab;
using Baton.Lab.Hosts;
using Baton.Lab.Steps;
using Baton.Throughput;
using Baton.Throughput.Systems;

const string Usage = """
    bench/run --quick [--json FILE] [--rounds N] [--seconds N] [--only SYSTEM,...]

    TCP, one flow, through each system in turn, round by round: baton, strongswan, wireguard-go, and bare veth. Prints medians and ratios.
    Needs root, iperf3, strongSwan and wireguard-go; bench/run installs them on Debian.
    """;

// A peer that is missing is an error: a ratio to nothing says nothing.
if (args.Contains("--help"))
{
    Console.WriteLine(Usage);
    return 0;
}

int rounds = Number("--rounds", 5);
int seconds = Number("--seconds", 4);
TunnelSystem[] all = [new BareSystem(), new BatonSystem(), new WireGuardSystem(), new StrongSwanSystem()];
TunnelSystem[] systems = Value("--only") is { } only ? [.. all.Where(s => only.Split(',').Contains(s.Name))] : all;
string? missing = !File.Exists(Iperf.Program) ? "iperf3 is not installed" : systems.Select(s => s.WhyNot()).FirstOrDefault(why => why is not null) ?? LabProgram.WhyNot();
if (missing is not null)
{
    Console.Error.WriteLine($"bench: {missing}");
    return 2;
}

using var stop = new CancellationTokenSource();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
var results = new Results("tcp1", "Mbit/s");
try
{
    for (int round = 1; round <= rounds; round++)
    {
        foreach (TunnelSystem system in systems)
        {
            using var room = new LabRoom(keepFolder: false, stop.Token);
            using var story = new Story(room, Console.Out);
            try
            {
                system.Raise(story);
                double measured = Iperf.Tcp(story, flows: 1, seconds);
                results.Add(system.Name, measured);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}  {system.Name,-13} {measured,8:0} Mbit/s  {system.Notes(story)}"));
            }
            catch (LabException)
            {
                foreach (string tail in room.LogTails())
                    Console.Error.WriteLine(tail);
                throw;
            }
        }
    }
}
catch (Exception e) when (e is LabException or OperationCanceledException)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 1;
}

Console.WriteLine();
Console.Write(results.ToTable());
if (Value("--json") is { } file)
    File.WriteAllText(file, results.ToJson() + "\n");
return 0;

string? Value(string option) => Array.IndexOf(args, option) is >= 0 and int at && at + 1 < args.Length ? args[at + 1] : null;

int Number(string option, int usual) => Value(option) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
