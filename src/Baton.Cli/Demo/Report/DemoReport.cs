using Baton.Cli.Demo.Scenario;

namespace Baton.Cli.Demo.Report;

/// <summary>All that the report shows. Times are CLOCK_MONOTONIC nanoseconds, the same in every process of the demo.</summary>
public sealed record DemoReport
{
    public required string Title { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Second 0 of every picture.</summary>
    public required long StartNs { get; init; }

    public required long EndNs { get; init; }

    public IReadOnlyList<ReportEvent> Events { get; init; } = [];

    /// <summary>Each packet of the call's SA from the cluster to the peer, as the observer saw it, in order.</summary>
    public IReadOnlyList<SequenceSample> Samples { get; init; } = [];

    public IReadOnlyList<LeaseLimit> Limits { get; init; } = [];

    /// <summary>The longer silences between two arrivals of the probe.</summary>
    public IReadOnlyList<ProbeGap> Gaps { get; init; } = [];

    public IReadOnlyList<CallRecording> Calls { get; init; } = [];

    public IReadOnlyList<ReportPromise> Promises { get; init; } = [];

    public IReadOnlyList<ReportFact> Totals { get; init; } = [];

    public IReadOnlyList<ReportFact> Environment { get; init; } = [];

    public double Seconds(long nanoseconds) => (nanoseconds - StartNs) / 1e9;
}

/// <summary>One event of the run and what it cost.</summary>
/// <param name="Kind">As in the JSON: kill, restart, switchover, pause, handler-kill, kill-without-handler, stop.</param>
public sealed record ReportEvent(
    string Kind,
    string Title,
    long AtNs,
    long? LostToPeer,
    long? LostFromPeer,
    double? OutageToPeerMs,
    double? OutageFromPeerMs,
    ulong? LimitBefore = null,
    ulong? FirstAfter = null,
    long? IkeExchanges = null,
    string? Note = null)
{
    /// <summary>What each of <see cref="DemoReport.Calls"/> had of it, in their order.</summary>
    public IReadOnlyList<EarQuality> Qualities { get; init; } = [];
}

/// <summary>One packet: when, which number, which member's. <paramref name="Member"/> is "A" or "B".</summary>
public readonly record struct SequenceSample(long AtNs, ulong Number, string Member);

/// <summary>Up to which number a member was allowed to go, and for how long that was so.</summary>
public sealed record LeaseLimit(long StartNs, long EndNs, ulong Limit, string Member, ulong Term);

/// <param name="Direction">"toPeer" or "fromPeer".</param>
public readonly record struct ProbeGap(long StartNs, double Milliseconds, string Direction);

/// <summary>The call as heard at one end: sample k of the WAV file at <paramref name="StartNs"/> + k / 8000 s.</summary>
public sealed record CallRecording(string Name, string WavPath, long StartNs);

public sealed record ReportPromise(string Text, bool Held);

public sealed record ReportFact(string Name, string Value);
