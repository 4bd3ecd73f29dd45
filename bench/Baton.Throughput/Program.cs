using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Baton.Lab;
using Baton.Lab.Hosts;
using Baton.Lab.Steps;
using Baton.Linux;
using Baton.Throughput;
using Baton.Throughput.Systems;
using Baton.Wire;

const string Usage = """
    bench/run [--quick] [--json FILE] [--rounds N] [--seconds N] [--only SYSTEM,...] [--case CASE,...] [--congestion NAME] [--append FILE [--minutes N]] [--write]

    iperf3 through each system in turn, round by round: baton, baton-null (without its cipher), strongswan, wireguard-go, openvpn, and bare veth.
    Prints medians and ratios.
    Cases: tcp1, tcp8 (eight flows; of baton over eight SAs), tcp1-v6 (IPv6 inside), tcp1-gcm256, raw-esp (ESP without UDP),
    udp200 (the highest rate of 200-byte packets with less than 0.5 % lost), udp200-uso (the same from a sender with UDP segmentation).
    --quick: tcp1 of baton, strongswan and wireguard-go.
    --append keeps each figure in a file, and goes on where that ends; with --minutes a part ends after about so long (exit status 3: rounds are left).
    --congestion is TCP's congestion control at the inner hosts (usual: the machine's). --write puts the result into docs/performance.md, with pictures.
    A system that does not know a case's kind of tunnel is left out of it.
    Needs root, iperf3, strongSwan, wireguard-go and OpenVPN; bench/run installs them on Debian.
    """;

// The ends of a flow of small packets, which run on hosts of the lab.
if (args is ["udp-sink", var local])
    return UdpEnds.Sink(IPEndPoint.Parse(local));
if (args is ["udp-send", var target, var rate, var length, var way])
    return UdpEnds.Send(IPEndPoint.Parse(target), int.Parse(rate, CultureInfo.InvariantCulture), double.Parse(length, CultureInfo.InvariantCulture), way == "runs");

// A peer that is missing is an error: a ratio to nothing says nothing.
if (args.Contains("--help"))
{
    Console.WriteLine(Usage);
    return 0;
}

int rounds = Number("--rounds", 5);
int seconds = Number("--seconds", 4);
bool quick = args.Contains("--quick");
TunnelSystem[] all = [new BareSystem(), new BatonSystem(), new BatonSystem("baton-null", NullProgram()), new WireGuardSystem(), new StrongSwanSystem(), new OpenVpnSystem()];
string[]? names = quick ? [BenchCase.Tcp1.Name] : Value("--case")?.Split(',');
BenchCase[] cases = [.. BenchCase.All.Where(c => names is null || names.Contains(c.Name))];
TunnelSystem[] systems = (Value("--only") ?? (quick ? "baton,strongswan,wireguard-go" : null)) is { } only ? [.. all.Where(s => only.Split(',').Contains(s.Name))] : all;
string? missing = !File.Exists(Iperf.Program) ? "iperf3 is not installed" : systems.Select(s => s.WhyNot()).FirstOrDefault(why => why is not null) ?? LabProgram.WhyNot();
if (missing is not null)
{
    Console.Error.WriteLine($"bench: {missing}");
    return 2;
}

using var stop = new CancellationTokenSource();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
RoundsFile file;
bool isWhole = false;
try
{
    file = RoundsFile.Open(Value("--append"), new Circumstances(Machine.Text, seconds, Value("--congestion") ?? Congestion.Usual));
    isWhole = Play();
}
catch (Exception e) when (e is LabException or OperationCanceledException)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 1;
}

Results results = file.ToResults();
Console.WriteLine();
Console.Write(results.ToTable());
if (Value("--json") is { } json)
    File.WriteAllText(json, results.ToJson() + "\n");
if (!isWhole)
    return 3;
if (args.Contains("--write"))
    new Page(file, $"bench/run {string.Join(' ', args.Where((word, at) => word != "--append" && (at == 0 || args[at - 1] != "--append")))}").Write(Path.Combine(LabProgram.Folder, "..", "..", "docs"));
return 0;

// False: the time is over before the rounds are.
bool Play()
{
    Instant until = Number("--minutes", 0) is > 0 and int minutes ? MonotonicClock.Now + TimeSpan.FromMinutes(minutes) : Instant.Never;
    for (int round = 1; round <= rounds; round++)
    {
        foreach (BenchCase of in cases)
        {
            foreach (TunnelSystem system in systems.Where(s => s.Knows(of.Kind)))
            {
                if (file.Measured.Count(one => one.Case == of.Name && one.System == system.Name) >= round)
                    continue;
                if (MonotonicClock.Now >= until)
                    return false;
                Measure(of, system, round);
            }
        }
    }

    return true;
}

void Measure(BenchCase of, TunnelSystem system, int round)
{
    using var room = new LabRoom(keepFolder: false, stop.Token);
    using var story = new Story(room, Console.Out);
    try
    {
        system.Raise(story, of.Kind);
        if (Value("--congestion") is { } congestion)
            Congestion.Set(story.Network, congestion);
        double measured = of.Measure(story, of.Kind, seconds);
        file.Add(new Measured(of.Name, system.Name, Math.Round(measured, 1), DateTimeOffset.UtcNow));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}  {of.Name,-11} {system.Name,-13} {measured,8:0} {of.Unit}  {system.Notes(story)}"));
    }
    catch (LabException)
    {
        foreach (string tail in room.LogTails())
            Console.Error.WriteLine(tail);
        throw;
    }
}

static string NullProgram() => Path.GetFullPath(Path.Combine(LabProgram.Folder, "..", "..", "artifacts", "baton-null", "baton-null"));

string? Value(string option) => Array.IndexOf(args, option) is >= 0 and int at && at + 1 < args.Length ? args[at + 1] : null;

int Number(string option, int usual) => Value(option) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
