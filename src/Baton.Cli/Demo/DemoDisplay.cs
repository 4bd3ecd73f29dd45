using System.Diagnostics;
using System.Globalization;
using Baton.Cli.Demo.Scenario;
using Spectre.Console;

namespace Baton.Cli.Demo;

/// <summary>Tells what happens: with a terminal alive and in colour, without one as plain lines.</summary>
public sealed class DemoDisplay
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Lock _lock = new();
    private StatusContext? _live;

    public bool IsLive { get; } = !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi && AnsiConsole.Profile.Capabilities.Interactive;

    /// <summary>Shows <paramref name="work"/> while it runs.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        if (!IsLive) return await work().ConfigureAwait(false);
        return await AnsiConsole.Status().Spinner(Spinner.Known.Dots).StartAsync("starting", async context =>
        {
            _live = context;
            try
            {
                return await work().ConfigureAwait(false);
            }
            finally
            {
                _live = null;
            }
        }).ConfigureAwait(false);
    }

    /// <summary>What is going on now; without a terminal only when it is an event.</summary>
    public void Doing(string what)
    {
        lock (_lock)
        {
            if (_live is { } live) live.Status($"[grey]{Clock}[/]  {Markup.Escape(what)}");
        }
    }

    /// <summary>Something that stays.</summary>
    public void Say(string what, string? colour = null)
    {
        lock (_lock)
        {
            if (IsLive) AnsiConsole.MarkupLine($"[grey]{Clock}[/]  {(colour is null ? Markup.Escape(what) : $"[{colour}]{Markup.Escape(what)}[/]")}");
            else Console.WriteLine($"{Clock}  {what}");
        }
    }

    /// <param name="passing">What passes or not.</param>
    public void Event(EventResult one, string passing = "further SAs")
    {
        Say(string.Create(CultureInfo.InvariantCulture,
            $"  {one.Kind}: the call lost {one.CallLostToPeer} to the peer and {one.CallLostFromPeer} from it; outage {one.OutageToPeerMs:0.0} ms and {one.OutageFromPeerMs:0.0} ms; {(one.AllPass ? $"all {one.Sas} {passing} pass" : $"of {one.Sas} {passing} only {one.SasToPeer} and {one.SasFromPeer} pass")}{(one.Note is null ? "" : $"; {one.Note}")}"),
            one.AllPass ? "green" : "red");
    }

    public static void Table(DemoResult result)
    {
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"event",-22}{"call lost",12}{"probe lost",14}{"outage to peer",16}{"from peer",12}{"limit before",14}{"first after",13}  {"MOS to peer",-15}{"from peer",-15}{result.Passing}"));
        foreach (EventResult one in result.Events)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{one.Kind,-22}{$"{one.CallLostToPeer} / {one.CallLostFromPeer}",12}{$"{one.ProbeLostToPeer} / {one.ProbeLostFromPeer}",14}{one.OutageToPeerMs,13:0.0} ms{one.OutageFromPeerMs,9:0.0} ms{one.LimitBefore?.ToString(CultureInfo.InvariantCulture) ?? "-",14}{one.FirstAfter?.ToString(CultureInfo.InvariantCulture) ?? "-",13}  {one.QualityToPeer?.Scores ?? "-",-15}{one.QualityFromPeer?.Scores ?? "-",-15}{(one.AllPass ? "all pass" : $"{one.SasToPeer} / {one.SasFromPeer} of {one.Sas}")}"));
        }

        Console.WriteLine("(a / b: to the peer / from the peer; MOS before, during and after it, by ITU-T G.107: 4.36 is a call that loses nothing and waits 80 ms)");
        foreach (string note in result.Notes) Console.WriteLine(note);
        Console.WriteLine();
        foreach ((string text, bool held) in result.Promises) Console.WriteLine($"{(held ? "held  " : "BROKEN")}  {text}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"wire: {result.WireObserved:N0} packets; sync: {result.Sync.Messages:N0} messages, {result.Sync.Bytes:N0} bytes in {result.Sync.Ticks:N0} ticks; killed gateway: {result.MemoryOfKilledMiB:0} MiB; takeovers that nobody asked for: {result.FalseTakeovers}"));
    }

    private string Clock => string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(_start).TotalSeconds,5:0.0} s");
}
