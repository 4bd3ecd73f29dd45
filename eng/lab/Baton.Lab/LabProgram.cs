using System.Runtime.InteropServices;
using Baton.Lab.Captures;
using Baton.Lab.Hosts;
using Baton.Lab.Reports;
using Baton.Lab.Scenarios;
using Baton.Lab.Steps;
using Baton.Lab.StrongSwan;
using Baton.Lab.Voice;

namespace Baton.Lab;

/// <summary><c>eng/lab/run</c>: tells scenarios on hosts that are raised for them and taken down again, however they end.</summary>
public static class LabProgram
{
    private const string Usage = """
        eng/lab/run SCENARIO... [--keep]   tell these (names of eng/lab/scenarios, or files)
        eng/lab/run --all                  tell all
        eng/lab/run --short                tell those that ./test tells
        eng/lab/run --interop              tell those that fill docs/interop.md, and write it
        eng/lab/run --list                 the scenarios
        eng/lab/run --steps                the sentences that a scenario may use

        --keep leaves logs and captures in their folder; the hosts go in any case. Needs root.
        """;

    public static string Folder { get; } = FindFolder();

    public static IEnumerable<Scenario> Scenarios =>
        Directory.EnumerateFiles(Path.Combine(Folder, "scenarios"), "*.lab").Order(StringComparer.Ordinal).Select(Scenario.Read);

    /// <summary>Null: the lab can be raised here. Otherwise what is missing.</summary>
    public static string? WhyNot()
    {
        if (!Environment.IsPrivilegedProcess) return "network namespaces need root";
        if (!File.Exists("/dev/net/tun")) return "there is no /dev/net/tun";
        if (!Charon.IsInstalled) return "strongSwan is not installed (strongswan-charon, libcharon-extra-plugins)";
        if (!Capture.IsInstalled) return "dumpcap is not installed (tshark)";
        string[] tools = ["/usr/sbin/nft", "/usr/bin/ip:/usr/sbin/ip:/sbin/ip", "/usr/bin/ping:/bin/ping"];
        foreach (string tool in tools)
        {
            if (!tool.Split(':').Any(File.Exists)) return $"{tool.Split(':')[0]} is not installed";
        }

        return null;
    }

    /// <summary>The same for one story: what it needs beyond the lab's own tools.</summary>
    public static string? WhyNot(Scenario scenario) => WhyNot() ?? (scenario.Tags.Contains("voice") ? VoicePackages.WhyNot() : null);

    public static int Run(string[] arguments, TextWriter output)
    {
        bool keep = arguments.Contains("--keep");
        string[] names = [.. arguments.Where(argument => !argument.StartsWith('-'))];
        if (arguments.Contains("--list")) return List(output);
        if (arguments.Contains("--steps")) return ListSteps(output);
        Scenario[] chosen =
            arguments.Contains("--all") ? [.. Scenarios]
            : arguments.Contains("--interop") ? [.. Scenarios.Where(scenario => scenario.Tags.Contains("interop"))]
            : arguments.Contains("--short") ? [.. Scenarios.Where(scenario => scenario.Tags.Contains("short"))]
            : [.. names.Select(name => Scenario.Read(File.Exists(name) ? name : Path.Combine(Folder, "scenarios", $"{name}.lab")))];
        if (chosen.Length == 0)
        {
            output.WriteLine(Usage);
            return 2;
        }

        if (WhyNot() is { } why)
        {
            output.WriteLine($"lab: {why}");
            return 2;
        }

        using var stop = new CancellationTokenSource();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        int failed = 0;
        var rows = new List<InteropRow>();
        foreach (Scenario scenario in chosen)
        {
            if (!TryTell(scenario, keep, output, stop.Token, rows)) failed++;
            if (stop.IsCancellationRequested) return 130;
        }

        if (arguments.Contains("--interop"))
            File.WriteAllText(Path.Combine(Folder, "..", "..", "docs", "interop.md"), InteropTable.Write(Charon.Version(), chosen.Select(Described), rows));

        output.WriteLine($"{chosen.Length - failed} told, {failed} failed");
        return failed == 0 ? 0 : 1;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    /// <summary>True: it came out as it says. What was seen is written to <paramref name="output"/>.</summary>
    public static bool TryTell(Scenario scenario, bool keep, TextWriter output, CancellationToken cancellation, List<InteropRow>? rows = null)
    {
        output.WriteLine($"== {scenario.Name}: {scenario.Title}");
        bool came = false;
        try
        {
            using var room = new LabRoom(keep, cancellation);
            using var story = new Story(room, output);
            if (keep) output.WriteLine($"   logs and captures: {room.Folder}");
            try
            {
                new Teller(Book(story), output, cancellation, (row, failure) =>
                    rows?.Add(new InteropRow(scenario.Name, row, story.Negotiated, failure is null ? "passed" : $"failed: {failure.Split('\n')[0]}"))).Tell(scenario);
                came = true;
            }
            catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
            {
                output.WriteLine($"   FAILED {scenario.Name}: {(e is LabException ? e.Message : e.ToString())}");
                foreach (string tail in keep ? [] : room.LogTails()) output.WriteLine(tail);
                output.WriteLine(keep ? $"   look into {room.Folder}: a folder for each host" : $"   the whole logs, and captures: eng/lab/run {scenario.Name} --keep");
            }
            catch (OperationCanceledException)
            {
                output.WriteLine($"   {scenario.Name} was stopped");
            }
        }
        catch (LabException e)
        {
            output.WriteLine($"   FAILED {scenario.Name}: {e.Message}");
            came = false;
        }

        return came;
    }

    public static StepBook Book(Story story)
    {
        var traffic = new TrafficSteps(story);
        return new StepBook(
            new StageSteps(story), new ClusterSteps(story), new EndSteps(story), new ExpectSteps(story, traffic), new FloodSteps(story), new FurtherTunnels(story), new NatSteps(story), traffic, new VoiceSteps(story), new WireSteps(story, traffic));
    }

    /// <summary>The sentences of the noted block: what was done with each row's tunnel.</summary>
    private static (string Name, string Title, string Steps) Described(Scenario scenario)
    {
        Line? block = scenario.Steps.FirstOrDefault(line => line.Text.EndsWith("noted:", StringComparison.Ordinal));
        return (scenario.Name, scenario.Title.TrimEnd('.'), string.Join("; ", (block?.Body ?? []).Where(line => !line.Text.StartsWith('|')).Select(line => line.Text)));
    }

    private static int List(TextWriter output)
    {
        foreach (Scenario scenario in Scenarios) output.WriteLine($"{scenario.Name,-28} {scenario.Title}{(scenario.Tags.Count == 0 ? "" : $" [{string.Join(' ', scenario.Tags)}]")}");
        return 0;
    }

    private static int ListSteps(TextWriter output)
    {
        foreach (string sentence in Book(null!).Sentences) output.WriteLine(sentence);
        return 0;
    }

    private static string FindFolder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Baton.slnx"))) return Path.Combine(folder.FullName, "eng", "lab");
        }

        throw new LabException("the lab runs inside the repository");
    }
}
