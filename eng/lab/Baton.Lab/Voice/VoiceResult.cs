using System.Globalization;
using System.Text.Json;

namespace Baton.Lab.Voice;

/// <summary>A call at a takeover: both ways.</summary>
public readonly record struct CallThroughBlow(SeenCall Call, WayThroughBlow ToCaller, WayThroughBlow ToCalled)
{
    public bool GoesOn => ToCaller.GoesOn && ToCalled.GoesOn;
}

/// <summary>What the captures tell of every call, and what baresip says itself: a table for readers, JSON for programs.</summary>
public sealed class VoiceResult
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly string _system;
    private readonly IReadOnlyList<(TimeSpan At, TimeSpan Until)> _blows;
    private readonly IReadOnlyList<(int Takeover, string Phone, BaresipReport Report, int SrtpErrors)> _told;
    private readonly List<CallThroughBlow[]> _through;

    private VoiceResult(string system, List<SeenCall> calls, Dictionary<SeenCall, Authenticity> authentic, int reinvites,
        IReadOnlyList<(TimeSpan At, TimeSpan Until)> blows, IReadOnlyList<(int Takeover, string Phone, BaresipReport Report, int SrtpErrors)> told)
    {
        (_system, Calls, Authentic, Reinvites, _blows, _told) = (system, calls, authentic, reinvites, blows, told);
        _through = [.. blows.Select(blow => calls.Where(call => call.ToCaller.RunsAt(blow.At) && call.ToCalled.RunsAt(blow.At))
            .Select(call => new CallThroughBlow(call, call.ToCaller.Through(blow.At, blow.Until), call.ToCalled.Through(blow.At, blow.Until))).ToArray())];
    }

    public List<SeenCall> Calls { get; }

    public Dictionary<SeenCall, Authenticity> Authentic { get; }

    public int Reinvites { get; }

    public static VoiceResult Of(string folder, string system, IReadOnlyList<VoiceTrace> traces, IReadOnlyList<(TimeSpan At, TimeSpan Until)> blows,
        IReadOnlyList<(int Takeover, string Phone, BaresipReport Report, int SrtpErrors)> told)
    {
        List<SeenCall> calls = SeenCall.Find(traces[0], [.. traces.Skip(1)]);
        return new VoiceResult(system, calls, SrtpWitness.Judge(folder, calls, blows.Select(blow => blow.At)), traces.Sum(trace => trace.Sip.Count(message => message.IsReinvite)), blows, told);
    }

    /// <summary>The calls that ran when the blow fell.</summary>
    /// <param name="takeover">From 1.</param>
    public IReadOnlyList<CallThroughBlow> Through(int takeover) => _through[takeover - 1];

    public IEnumerable<string> Table()
    {
        yield return "| takeover | calls | go on | lost to who calls | lost to who is called | longest gap to who calls, ms | to who is called, ms | SRTP opened by libsrtp after it | not | baresip lost |";
        yield return "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |";
        for (int takeover = 1; takeover <= _blows.Count; takeover++)
        {
            IReadOnlyList<CallThroughBlow> calls = Through(takeover);
            int phase = takeover;
            yield return string.Create(CultureInfo.InvariantCulture,
                $"| {takeover} | {calls.Count} | {calls.Count(call => call.GoesOn)} | {Lost(calls, call => call.ToCaller)} | {Lost(calls, call => call.ToCalled)} | {Spread(calls.Select(call => call.ToCaller.GapMs))} | {Spread(calls.Select(call => call.ToCalled.GapMs))} | {calls.Sum(call => Authentic[call.Call].Opened[phase])} | {calls.Sum(call => Authentic[call.Call].Failed[phase])} | {string.Join(", ", _told.Where(told => told.Takeover == phase).Select(told => told.Report.Lost))} |");
        }

        SeenCall[] turned = [.. Calls.Where(call => call.ToCalled.Turns > 0)];
        yield return string.Create(CultureInfo.InvariantCulture, $"{Calls.Count} calls; re-INVITEs: {Reinvites}; SEQ turned towards {turned.Length} SRTP phones, {Calls.Count(call => call.ToCaller.Turns > 0)} plain ones;")
            + string.Create(CultureInfo.InvariantCulture, $" calls with SRTP that did not authenticate: {turned.Count(call => Authentic[call].Failed.Sum() > 0)} of those that turned, {Calls.Except(turned).Count(call => Authentic[call].Failed.Sum() > 0)} of the others; heard twice: {Calls.Sum(call => call.ToCaller.Twice + call.ToCalled.Twice)};")
            + string.Create(CultureInfo.InvariantCulture, $" more than one SSRC heard: {Calls.Count(call => call.ToCaller.Sources.Count > 1 || call.ToCalled.Sources.Count > 1)}; lost in the whole call, all calls: {Calls.Sum(call => call.ToCaller.Lost)} to who calls, {Calls.Sum(call => call.ToCalled.Lost)} to who is called");
    }

    /// <summary>Writes artifacts/voice-SYSTEM.json: every call at every takeover.</summary>
    /// <returns>Where.</returns>
    public string Write()
    {
        string path = Path.Combine(LabProgram.Folder, "..", "..", "artifacts", $"voice-{_system}.json");
        File.WriteAllText(path, JsonSerializer.Serialize(new
        {
            system = _system,
            reinvites = Reinvites,
            takeovers = Enumerable.Range(1, _blows.Count).Select(takeover => new
            {
                calls = Through(takeover).Select(call => new
                {
                    id = call.Call.CallId,
                    caller = call.Call.Caller.ToString(),
                    called = call.Call.Called.ToString(),
                    goesOn = call.GoesOn,
                    lostToCaller = call.ToCaller.Lost,
                    lostToCalled = call.ToCalled.Lost,
                    gapToCallerMs = Math.Round(call.ToCaller.GapMs, 1),
                    gapToCalledMs = Math.Round(call.ToCalled.GapMs, 1),
                    turnsToCalled = call.Call.ToCalled.Turns,
                    srtpOpened = Authentic[call.Call].Opened[takeover],
                    srtpFailed = Authentic[call.Call].Failed[takeover],
                }),
            }),
            baresip = _told.Select(told => new { takeover = told.Takeover, phone = told.Phone, received = told.Report.Received, sent = told.Report.Sent, lost = told.Report.Lost, notAuthentic = told.SrtpErrors }),
        }, Indented));
        return Path.GetRelativePath(Environment.CurrentDirectory, path);
    }

    private static string Lost(IReadOnlyList<CallThroughBlow> calls, Func<CallThroughBlow, WayThroughBlow> way)
    {
        double[] lost = [.. calls.Select(way).Where(through => through.Lost is not null).Select(through => (double)through.Lost!.Value)];
        return lost.Length == 0 ? "all" : Spread(lost);
    }

    /// <summary>The median, and in brackets least and most.</summary>
    private static string Spread(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{(sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2:0.#} ({sorted[0]:0.#} to {sorted[^1]:0.#})");
    }
}
