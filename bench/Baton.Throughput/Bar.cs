using System.Globalization;

namespace Baton.Throughput;

/// <summary>What we want to reach: a figure of ours, or its ratio to another one.</summary>
/// <param name="To">Null: the figure itself counts.</param>
/// <param name="RoundByRound">It must hold in four of five rounds, each figure beside the other's of the same round; else between the medians.</param>
public sealed record Bar(string Text, (string Case, string System) Of, (string Case, string System)? To, double Least, bool RoundByRound)
{
    private const double EnoughRounds = 0.8;

    public static readonly IReadOnlyList<Bar> All =
    [
        new("one TCP flow, to strongSwan", ("tcp1", "baton"), ("tcp1", "strongswan"), 12, true),
        new("one TCP flow, to wireguard-go", ("tcp1", "baton"), ("tcp1", "wireguard-go"), 2.5, true),
        new("one TCP flow, to our own path without its cipher", ("tcp1", "baton"), ("tcp1", "baton-null"), 0.8, true),
        new("our own path without its cipher, to bare veth", ("tcp1", "baton-null"), ("tcp1", "veth"), 0.45, true),
        new("eight flows over eight SAs, to one flow", ("tcp8", "baton"), ("tcp1", "baton"), 0.85, false),
        new("IPv6 inside, to one flow of IPv4", ("tcp1-v6", "baton"), ("tcp1", "baton"), 0.85, false),
        new("AES-256-GCM, to one flow of AES-128-GCM", ("tcp1-gcm256", "baton"), ("tcp1", "baton"), 0.85, false),
        new("raw ESP, to strongSwan", ("raw-esp", "baton"), ("tcp1", "strongswan"), 5, false),
        new("200-byte packets sent singly, to strongSwan", ("udp200", "baton"), ("udp200", "strongswan"), 8, false),
        new("200-byte packets from a sender with USO, thousand a second", ("udp200-uso", "baton"), null, 1_200, false),
    ];

    /// <summary>A row of the page's table; null: not measured.</summary>
    public string? Row(Results results)
    {
        IReadOnlyList<double> of = results.Of(Of.Case, Of.System);
        IReadOnlyList<double> to = To is { } other ? results.Of(other.Case, other.System) : [.. of.Select(_ => 1.0)];
        int rounds = Math.Min(of.Count, to.Count);
        if (rounds == 0) return null;
        double[] each = [.. Enumerable.Range(0, rounds).Select(round => of[round] / to[round])];
        double between = Spread.Of(of).Median / Spread.Of(to).Median;
        int held = each.Count(ratio => ratio >= Least);
        bool isMet = RoundByRound ? held >= EnoughRounds * rounds : between >= Least;
        string wanted = RoundByRound ? $"{Number(Least)} in four of five rounds" : Number(Least);
        string verdict = (isMet ? "met" : "**not met**") + (RoundByRound ? $", in {held} of {rounds}" : "");
        return $"| {Text} | {wanted} | {Number(between)} | {string.Join(", ", each.Select(Number))} | {verdict} |";
    }

    private static string Number(double ratio) => ratio.ToString(ratio >= 100 ? "0" : ratio >= 5 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
