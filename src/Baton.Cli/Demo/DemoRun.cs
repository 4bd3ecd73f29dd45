using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Baton.Cli.Demo.Calls;
using Baton.Cli.Demo.Scenario;
using Baton.Cli.Demo.Setup;

namespace Baton.Cli.Demo;

/// <summary><c>baton demo</c>: sets the stage, lets the scenario run, and leaves nothing behind but the report.</summary>
internal static class DemoRun
{
    public static async Task<int> RunAsync(DemoOptions options, CancellationToken cancellation)
    {
        if (options.Json is { } results) TryWrite(results);
        (string report, bool isOurs) = MakeReport(options);
        Console.SetOut(new PatientWriter(Console.Out));
        var display = new DemoDisplay();
        using var asked = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;                             // the terminal is gone: the run has nobody to tell, and leaves nothing
            _ = asked.CancelAsync();
        });
        cancellation = asked.Token;
        DemoResult? result = null;
        using var folder = new RunFolder();
        try
        {
            using IDemoPlay play = options.Profile == DemoProfile.Controller ? new CallsPlay(folder, display, options) : new GatewayPlay(folder, display, options);
            result = await display.RunAsync(() => PlayAsync(options, play, folder, display, report, cancellation)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DemoException or OperationCanceledException && cancellation.IsCancellationRequested)
        {
            // Ctrl-C reaches every process of the terminal: that one of them ended first is no failure.
            display.Say("interrupted");
        }
        catch (DemoException e)
        {
            display.Say($"the demo failed: {e.Message}", "red");
        }

        bool interrupted = result is null && cancellation.IsCancellationRequested;
        bool soaked = options.Soak is not null;
        bool held = result is not null && (soaked ? result is { FalseTakeovers: 0, DeliveredTwice: 0, NumbersRepeated: 0 } : result.AllHeld);
        bool logs = options.KeepLogs || (!held && !interrupted);
        if (logs) folder.CopyLogs(report);
        else if (isOurs && (interrupted || soaked)) TryRemove(report);
        if (result is not null && !soaked)
        {
            DemoDisplay.Table(result);
            if (options.Json is { } json) result.WriteJson(json);
            Console.WriteLine($"report: {Path.Combine(report, "report.html")}");
            if (!held) Console.WriteLine("a promise was broken; the logs of every process are beside the report");
        }
        else if (logs)
        {
            Console.Error.WriteLine($"demo: the logs of every process are in {report}");
        }

        return held ? ExitCode.Ok : ExitCode.Failed;
    }

    private static async Task<DemoResult> PlayAsync(DemoOptions options, IDemoPlay play, RunFolder folder, DemoDisplay display, string report, CancellationToken cancellation)
    {
        DateTimeOffset started = DateTimeOffset.Now;
        long startNs = Stopwatch.GetTimestamp();
        display.Say($"addresses {play.Addresses}, seed {options.Seed}");

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task guard = play.GuardAsync(end.Token);
        Task run = play.RunAsync(report, end.Token);
        try
        {
            if (await Task.WhenAny(run, guard).ConfigureAwait(false) == guard)
            {
                await end.CancelAsync().ConfigureAwait(false);
                await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await guard.ConfigureAwait(false);              // throws what ended
            }

            await run.ConfigureAwait(false);
        }
        finally
        {
            if (!run.IsCompletedSuccessfully || !play.Result.AllHeld || options.KeepLogs) await play.WriteStatesAsync(folder.Path).ConfigureAwait(false);
        }

        display.Doing("the report is written");
        if (options.Soak is null) await play.WriteReportAsync(report, started, startNs, cancellation).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        await guard.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return play.Result;
    }

    /// <summary>Said before the run, not after it.</summary>
    private static void TryWrite(string json)
    {
        try
        {
            bool isThere = File.Exists(json);
            File.Open(json, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            if (!isThere) File.Delete(json);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"the results cannot be written to \"{json}\": {e.Message}");
        }
    }

    private static (string Folder, bool IsOurs) MakeReport(DemoOptions options)
    {
        string report = options.Report ?? $"baton-report-{DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        try
        {
            string folder = Path.GetFullPath(report);
            bool isThere = Directory.Exists(folder);
            Directory.CreateDirectory(folder);
            return (folder, !isThere);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"the report's folder \"{report}\" cannot be made: {e.Message}");
        }
    }

    /// <summary>An interrupted run leaves nothing.</summary>
    private static void TryRemove(string report)
    {
        try
        {
            Directory.Delete(report, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"demo: {report} cannot be removed: {e.Message}");
        }
    }
}
