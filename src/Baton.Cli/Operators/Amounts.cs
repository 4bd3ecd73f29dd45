using System.Globalization;
using Baton.Cluster.Protos;

namespace Baton.Cli.Operators;

/// <summary>Spans and amounts as people read them.</summary>
internal static class Amounts
{
    /// <summary>Numbers of which more are left than this are no news.</summary>
    private const ulong ManyNumbers = 1UL << 40;

    public static string Span(TimeSpan span) => span switch
    {
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes:0} min"),
        { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:0} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:0} d"),
    };

    public static string Count(ulong amount) => amount switch
    {
        < 10_000 => amount.ToString(CultureInfo.InvariantCulture),
        < 10_000_000 => string.Create(CultureInfo.InvariantCulture, $"{amount / 1e3:0} k"),
        < 10_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{amount / 1e6:0} M"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{amount / 1e9:0} G"),
    };

    /// <summary>What is left of a life: until the rekey, whichever comes first, and until the end.</summary>
    public static string Life(LifeLeft? left)
    {
        if (left is null) return "";
        var rekey = new List<string>();
        if (left.HasRekeyMs) rekey.Add(Milliseconds(left.RekeyMs));
        if (left.HasRekeyBytes) rekey.Add($"{Count(left.RekeyBytes)} bytes");
        if (left.HasRekeyPackets) rekey.Add($"{Count(left.RekeyPackets)} packets");
        if (left is { HasRekeyNumbers: true, RekeyNumbers: < ManyNumbers }) rekey.Add($"{Count(left.RekeyNumbers)} numbers");
        var end = new List<string>();
        if (left.HasEndMs) end.Add(Milliseconds(left.EndMs));
        if (left is { HasEndNumbers: true, EndNumbers: < ManyNumbers }) end.Add($"{Count(left.EndNumbers)} numbers");
        string[] both = [rekey.Count > 0 ? $"rekey in {string.Join(" or ", rekey)}" : "replaced", end.Count > 0 ? $"end in {string.Join(" or ", end)}" : ""];
        return string.Join(", ", both.Where(part => part.Length > 0));
    }

    private static string Milliseconds(ulong span) => Span(TimeSpan.FromMilliseconds(span));
}
