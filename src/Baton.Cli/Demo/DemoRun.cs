using System.Diagnostics;
using System.Globalization;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Scenario;
using Baton.Cli.Demo.Setup;
using Baton.Cli.Demo.Watching;

namespace Baton.Cli.Demo;

/// <summary><c>baton demo</c>: sets the stage, lets the scenario run, and leaves nothing behind but the report.</summary>
internal static class DemoRun
{
    public static async Task<int> RunAsync(DemoOptions options, CancellationToken cancellation)
    {
        var display = new DemoDisplay();
        string report = Path.GetFullPath(options.Report ?? $"baton-report-{DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}");
        try
        {
            Directory.CreateDirectory(report);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"the report's folder {report} cannot be made: {e.Message}");
        }

        DemoResult? result = null;
        using var folder = new RunFolder();
        using (AddressBlock block = AddressBlock.Claim())
        using (var launcher = new Launcher(folder.Path))
        {
            try
            {
                result = await display.RunAsync(() => PlayAsync(options, folder, block, launcher, display, report, cancellation)).ConfigureAwait(false);
            }
            catch (DemoException e)
            {
                display.Say($"the demo failed: {e.Message}", "red");
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                display.Say("interrupted");
            }
        }

        bool held = result?.AllHeld ?? false;
        if (!held || options.KeepLogs) folder.CopyLogs(report);
        if (result is null)
        {
            if (cancellation.IsCancellationRequested) TryRemove(report, options);
            else Console.Error.WriteLine($"demo: the logs of every process are in {report}");
            return ExitCode.Failed;
        }

        if (options.Soak is not null)
        {
            TryRemove(report, options);
            return result.FalseTakeovers == 0 && result.DeliveredTwice == 0 ? ExitCode.Ok : ExitCode.Failed;
        }

        DemoDisplay.Table(result);
        if (options.Json is { } json) result.WriteJson(json);
        Console.WriteLine($"report: {Path.Combine(report, "report.html")}");
        if (!held) Console.WriteLine("a promise was broken; the logs of every process are beside the report");
        return held ? ExitCode.Ok : ExitCode.Failed;
    }

    private static async Task<DemoResult> PlayAsync(
        DemoOptions options, RunFolder folder, AddressBlock block, Launcher launcher, DemoDisplay display, string report, CancellationToken cancellation)
    {
        DateTimeOffset started = DateTimeOffset.Now;
        long startNs = Stopwatch.GetTimestamp();
        var topology = new Topology(block);
        var keys = new NegotiatedSas(options.Sas, options.Seed);
        var files = new NodeFiles(folder, topology);
        files.Write(keys);
        display.Say($"addresses {block}, seed {options.Seed}");

        using var watch = new ClusterWatch(folder, topology, keys.Pairs * 2);
        var cast = new Cast(launcher, files, topology, keys, watch, options);
        var scenario = new DemoScenario(cast, watch, keys, folder, display, options);

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task guard = cast.GuardAsync(end.Token);
        Task play = options.Soak is { } soak ? scenario.SoakAsync(report, soak, end.Token) : scenario.RunAsync(report, end.Token);
        try
        {
            if (await Task.WhenAny(play, guard).ConfigureAwait(false) == guard)
            {
                await end.CancelAsync().ConfigureAwait(false);
                await play.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await guard.ConfigureAwait(false);              // throws what ended
            }

            await play.ConfigureAwait(false);
        }
        finally
        {
            if (!play.IsCompletedSuccessfully || !scenario.Result.AllHeld || options.KeepLogs) await watch.WriteStatesAsync(folder.Path).ConfigureAwait(false);
        }

        display.Doing("the report is written");
        if (options.Soak is null) await new ReportBuilder(cast, keys, scenario, options, block.ToString()).WriteAsync(report, started, startNs, cancellation).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        await guard.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return scenario.Result;
    }

    /// <summary>An interrupted run leaves nothing: the folder of its report was made by it, unless the user named one.</summary>
    private static void TryRemove(string report, DemoOptions options)
    {
        if (options.Report is not null) return;
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
