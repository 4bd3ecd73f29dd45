using Baton.Srtp;
using Baton.Srtp.Sdes;

namespace Baton.Voice.Controller;

/// <summary>Which crypto suites a side is offered, and which of those that it offers is taken (RFC 4568 5.1). Pure.</summary>
internal static class SdesChoice
{
    /// <summary>The client wants no SDES.</summary>
    internal static bool IsOff(IReadOnlyList<string> words) => Has(words, "off") || Has(words, "no") || Has(words, "disable");

    /// <summary>What we offer.</summary>
    /// <param name="words">Of the request: only-SUITE, no-SUITE, nonew.</param>
    /// <param name="came">What the other side offered us; empty where it speaks no SRTP.</param>
    internal static List<SrtpSuite> Offered(IReadOnlyList<SrtpSuite> ours, IReadOnlyList<string> words, IReadOnlyList<CryptoAttribute> came)
    {
        bool only = words.Any(word => word.StartsWith("only-", StringComparison.OrdinalIgnoreCase));
        bool nothingNew = Has(words, "nonew") && came.Count > 0;
        return
        [
            .. ours.Where(suite => nothingNew ? came.Any(line => line.Key.Suite == suite)
                : only ? Has(words, "only-" + suite.SdesName())
                : !Has(words, "no-" + suite.SdesName())),
        ];
    }

    /// <summary>Every line of a media that we could take, in its writer's order of preference. The caller's, to dispose.</summary>
    internal static List<CryptoAttribute> Read(IReadOnlyList<SrtpSuite> ours, IEnumerable<string> values)
    {
        var lines = new List<CryptoAttribute>();
        foreach (string value in values)
        {
            if (CryptoAttribute.TryParse(value, out CryptoAttribute? line) != SdesVerdict.Parsed)
                continue;
            if (ours.Contains(line!.Key.Suite) && lines.Count < MostLines)
                lines.Add(line);
            else
                line.Dispose();
        }

        return lines;
    }

    private const int MostLines = 16;

    private static bool Has(IReadOnlyList<string> words, string word) => words.Contains(word, StringComparer.OrdinalIgnoreCase);
}
