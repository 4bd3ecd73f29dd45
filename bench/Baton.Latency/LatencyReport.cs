using System.Globalization;
using System.Text;
using System.Text.Json;
using Baton.Throughput;
using HdrHistogram;

namespace Baton.Latency;

/// <summary>What the rounds showed: for the terminal, for docs/performance-latency.md, and for programs.</summary>
public sealed class LatencyReport(Plan plan, Rounds rounds)
{
    /// <summary>Packets pass two: the peer's gateway and the cluster's active.</summary>
    private const int Gateways = 2;

    private const double MedianBar = 60;
    private const double TailBar = 1_000;
    private const double TailRatioBar = 1.5;

    private static readonly double[] Percentiles = [50, 90, 99, 99.9, 100];

    private Way Baton => rounds.Rekeying;

    /// <summary>Of a gateway, while IKE rekeys.</summary>
    private double Added => (Baton.At(50) - rounds.Veth.At(50)) / Gateways;

    private bool IsMedianMet => Added < MedianBar;

    private bool IsTailMet => Baton.At(99.9) < TailBar || Baton.At(99.9) < TailRatioBar * rounds.Veth.At(99.9);

    public bool IsMet => IsMedianMet && IsTailMet;

    public string ToTables()
    {
        var text = new StringBuilder();
        Line(text, $"| one way, microseconds | p50 | p90 | p99 | p99.9 | most | p50 of the rounds | p99.9 of the rounds | probes | lost |");
        Line(text, $"| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (Way way in rounds.Ways)
            Line(text, $"| {way.Text} | {Columns(way.At)} | {Spread(way, 50)} | {Spread(way, 99.9)} | {way.Latency.TotalCount} | {way.Lost} |");
        Line(text, $"");
        Line(text, $"| bar, while IKE rekeys | seen | |");
        Line(text, $"| --- | --- | --- |");
        Line(text, $"| added at p50 by a gateway under {MedianBar} us | {Added:0} us: ({Baton.At(50):0} - {rounds.Veth.At(50):0}) / {Gateways} gateways on the way | {Met(IsMedianMet)} |");
        Line(text, $"| p99.9 under {TailBar / 1000} ms, or {TailRatioBar} x that of bare veth | {Baton.At(99.9):0} us through both gateways, all of the way counted; veth {rounds.Veth.At(99.9):0} us by itself, {rounds.RekeyingBeside.At(99.9):0} us at the same time | {Met(IsTailMet)} |");
        Line(text, $"");
        Line(text, $"| gaps between arrivals (a probe leaves each {plan.Every.TotalMicroseconds:0}), microseconds | p50 | p90 | p99 | p99.9 | most | over 1 ms | over 2 ms | over 5 ms |");
        Line(text, $"| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (Way way in rounds.Ways)
            Line(text, $"| {way.Text} | {Columns(way.GapAt)} | {Over(way, 1)} | {Over(way, 2)} | {Over(way, 5)} |");
        Line(text, $"");
        return text.ToString();
    }

    public string ToJson() => JsonSerializer.Serialize(new
    {
        loadMbit = Math.Round(rounds.Loads.Average(), 1),
        ikeExchangesPerSecond = Math.Round(rounds.Exchanges.Average(), 1),
        addedByAGatewayUs = Math.Round(Added, 1),
        met = IsMet,
        cases = rounds.Ways.Select(way => new
        {
            system = way.Name,
            unit = "us",
            runs = way.Rounds,
            probes = way.Latency.TotalCount,
            lost = way.Lost,
            latency = Points(way.At),
            gaps = Points(way.GapAt),
        }),
    });

    /// <summary>The page, and its pictures beside it.</summary>
    public void Write(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "performance-latency.svg"), PercentilePicture.Draw("One way between the inner hosts, microseconds", Pictured.Select(way => (way.Text, way.Latency))));
        File.WriteAllText(Path.Combine(folder, "performance-gaps.svg"), PercentilePicture.Draw("Gaps between arrivals, microseconds", Pictured.Select(way => (way.Text, way.Gaps))));
        File.WriteAllText(Path.Combine(folder, "performance-latency.md"), ToPage());
    }

    private IEnumerable<Way> Pictured => [rounds.Veth, rounds.Quiet, rounds.Rekeying];

    private string ToPage() => string.Create(CultureInfo.InvariantCulture, $"""
        # Latency through two gateways

        `bench/run-latency --rounds {Baton.Rounds} --seconds {plan.During.TotalSeconds:0} --write` measured this and wrote this page, between hosts of the lab on {Machine.Text}, which everything shares. Stamped packets
        of {ProbeEnds.PacketBytes} bytes go one way, from the host behind the peer to the host behind the cluster, one each {plan.Every.TotalMicroseconds:0} microseconds; both ends read CLOCK_MONOTONIC, and have real-time priority below the
        gateways'. Beside them, and in the same SA, flows a load of {rounds.Loads.Average():0} Mbit/s, a tenth of what one TCP flow has here, as packets of {Plan.LoadPayload} bytes in a run each millisecond. Baton is a peer, and a cluster with
        its standby in sync; AES-128-GCM with ESN, keyed by IKE. While IKE rekeys, {rounds.Exchanges.Average():0} exchanges a second take place between peer and active ({plan.RekeysPerSecond} rekeys of children asked for, that of the
        traffic among them, each with x25519; each is in the ledger and at the standby before it counts). The ways take turns in each round. "At the same time" are packets beside the tunnel, by the same hosts
        and cables, while Baton works: what the machine does to a packet then.

        The tail while IKE rekeys: the collector, which stops the active or the standby for some milliseconds while IKE allocates; a fresh SA's first packets wait for about one. Decision 39 has the trace.

        {ToTables()}
        ![latency by percentile](performance-latency.svg)

        ![gaps by percentile](performance-gaps.svg)
        """);

    private string Columns(Func<double, double> at) => string.Join(" | ", Percentiles.Select(percentile => at(percentile).ToString("0", CultureInfo.InvariantCulture)));

    private static string Spread(Way way, double percentile) => string.Create(CultureInfo.InvariantCulture, $"{way.OfRounds(percentile).Min():0} to {way.OfRounds(percentile).Max():0}");

    private static long Over(Way way, int milliseconds) => way.Gaps.RecordedValues().Where(step => step.ValueIteratedTo > milliseconds * 1_000_000L).Sum(step => step.CountAddedInThisIterationStep);

    private static Dictionary<string, double> Points(Func<double, double> at) =>
        Percentiles.ToDictionary(percentile => percentile == 100 ? "max" : string.Create(CultureInfo.InvariantCulture, $"p{percentile}"), percentile => Math.Round(at(percentile), 1));

    private static string Met(bool met) => met ? "met" : "**not met**";

    private static void Line(StringBuilder text, FormattableString line) => text.AppendLine(FormattableString.Invariant(line));
}
