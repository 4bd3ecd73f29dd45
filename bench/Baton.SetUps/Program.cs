using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Baton.Lab;
using Baton.Lab.Hosts;
using Baton.Lab.Steps;
using Baton.SetUps;
using Baton.SetUps.Systems;

const string Usage = """
    bench/run-setups [--rounds N] [--sas N] [--group x25519|ecp256|ecp384] [--only SYSTEM,...] [--json FILE] [--write]

    IKE SAs with a child set up between two charons, and between baton peer and a cluster with the ledger as it is and 10 ms slower; the systems take
    turns, N rounds. --write puts the result into docs/performance-setups.md. Needs root and strongSwan; bench/run-setups installs it on Debian.
    """;

const int SlowerBy = 10;

if (SlowHandler.IsAsked(args))
{
    await SlowHandler.RunAsync(args);
    return 0;
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

int rounds = Number("--rounds", 3);
int most = Number("--sas", 2_500);
string group = Value("--group") ?? "x25519";
string[] only = Value("--only")?.Split(',') ?? [];
IReadOnlyList<Batch> batches = Batch.Up(warm: 200, Batch.Marks.Where(mark => mark < most).Append(most));
SetUpSystem[] systems = [.. new SetUpSystem[] { new CharonSystem(), new BatonSystem(0), new BatonSystem(SlowerBy) }.Where(system => only.Length == 0 || only.Contains(system.Name.Contains("slower") ? "slow" : system.Name))];
var report = new Report(systems, batches, group);
using var stop = new CancellationTokenSource();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    for (int round = 1; round <= rounds; round++)
    {
        foreach (SetUpSystem system in systems)
        {
            List<Sample> samples = Measure(system);
            report.Add(system, samples);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}  {system.Name,-26} {Report.Rate(samples),6:0} set-ups/s"));
        }
    }
}
catch (Exception e) when (e is LabException or OperationCanceledException)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 1;
}

Console.WriteLine();
Console.Write(report.ToTables());
if (Value("--json") is { } file) File.WriteAllText(file, report.ToJson() + "\n");
if (args.Contains("--write")) File.WriteAllText(Path.Combine(LabProgram.Folder, "..", "..", "docs", "performance-setups.md"), report.ToPage());
return 0;

List<Sample> Measure(SetUpSystem system)
{
    using var room = new LabRoom(args.Contains("--keep"), stop.Token);
    using var story = new Story(room, Console.Out);
    try
    {
        system.Raise(story, batches, group);
        return [.. batches.Select(batch => SetUp(system, batch, room.Wait))];
    }
    catch (LabException)
    {
        foreach (string tail in room.LogTails()) Console.Error.WriteLine(tail);
        throw;
    }
}

static Sample SetUp(SetUpSystem system, Batch batch, Baton.Lab.Processes.Wait wait)
{
    int total = batch.First + batch.Count, up = 0;
    IReadOnlyDictionary<string, double> before = system.Cpu();
    long started = Stopwatch.GetTimestamp();
    system.Begin(batch);
    wait.Until($"{total} tunnels are up", TimeSpan.FromMinutes(2), () => (up = system.Up()) >= total, () => $"{up} are; of those {string.Join(", ", system.Standing().Select(each => $"{each.Count} stand at the {each.End}"))}");
    double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
    Dictionary<string, double> cpu = system.Cpu().ToDictionary(of => of.Key, of => of.Value - before.GetValueOrDefault(of.Key));

    // What was counted must be there, at every end.
    foreach ((string end, int count) in system.Standing())
    {
        if (count != total) throw new LabException($"{system.Name}: {end} has {count} tunnels of {total}");
    }

    return new Sample(batch, seconds, cpu);
}

string? Value(string option) => Array.IndexOf(args, option) is >= 0 and int at && at + 1 < args.Length ? args[at + 1] : null;

int Number(string option, int usual) => Value(option) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
