using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Baton.Lab.Scenarios;

/// <summary>Tells a scenario step by step. Loops are its business, everything else is in the <see cref="StepBook"/>.</summary>
/// <remarks>
/// <code>
///     repeat 10 times:                     for each suite of aes128gcm16 aes256gcm16:      with each row:
///         kill -9 the active                   the peer comes up with esp &lt;suite&gt;            | ike | esp |
///                                                                                              | ... | ... |
///                                                                                              the peer comes up with ike &lt;ike&gt;, esp &lt;esp&gt;
/// </code>
/// </remarks>
/// <param name="onRow">Is told how each row of a <c>with each row, noted:</c> ended: its cells, and null or why it failed. Later rows go on all the same.</param>
public sealed partial class Teller(StepBook book, TextWriter output, CancellationToken cancellation, Action<string, string?>? onRow = null)
{
    private const string EachRow = "with each row:";
    private const string EachRowNoted = "with each row, noted:";

    private static readonly Dictionary<string, string> Nothing = [];

    public void Tell(Scenario scenario)
    {
        foreach (Line line in scenario.Steps) Tell(line, Nothing, 1);
    }

    /// <summary>Sentences that no step knows, as they will be told.</summary>
    public static IEnumerable<Line> Unknown(Scenario scenario, StepBook book) => Sentences(scenario.Steps, Nothing).Where(line => !book.Knows(line.Text));

    private void Tell(Line line, Dictionary<string, string> words, int depth)
    {
        cancellation.ThrowIfCancellationRequested();
        string text = Filled(line, words);
        if (Repeat().Match(text) is { Success: true } repeat)
        {
            for (int n = 1; n <= int.Parse(repeat.Groups[1].Value, CultureInfo.InvariantCulture); n++)
            {
                Say(depth, $"time {n}:");
                foreach (Line inner in line.Body) Tell(inner, words, depth + 1);
            }
        }
        else if (ForEach().Match(text) is { Success: true } each)
        {
            foreach ((string value, Dictionary<string, string> named) in Values(each, words)) TellBody(line.Body, named, $"{each.Groups[1].Value} {value}:", depth);
        }
        else if (text is EachRow or EachRowNoted)
        {
            (string Row, Dictionary<string, string> Named)[] rows = [.. Rows(line, words)];
            int failed = rows.Count(row => !TryTellRow([.. line.Body.Where(inner => !IsRow(inner))], row.Named, row.Row, depth, text == EachRowNoted));
            if (failed > 0) throw new LabException($"line {line.Number}: {failed} of {rows.Length} rows failed");
        }
        else
        {
            Do(line, text, depth);
        }
    }

    private bool TryTellRow(List<Line> body, Dictionary<string, string> words, string row, int depth, bool isNoted)
    {
        try
        {
            TellBody(body, words, row, depth);
            if (isNoted) onRow?.Invoke(row, null);
            return true;
        }
        catch (LabException e) when (isNoted)
        {
            Say(depth, $"FAILED {e.Message}");
            onRow?.Invoke(row, e.Message);
            return false;
        }
    }

    private void TellBody(IEnumerable<Line> body, Dictionary<string, string> words, string heading, int depth)
    {
        Say(depth, heading);
        foreach (Line inner in body) Tell(inner, words, depth + 1);
    }

    private void Do(Line line, string text, int depth)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            book.Perform(text);
            Say(depth, $"{text}  ({Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s)");
        }
        catch (LabException e)
        {
            throw new LabException($"line {line.Number}: {text}: {e.Message}", e);
        }
    }

    private void Say(int depth, string text) => output.WriteLine($"{new string(' ', 2 * depth)}{text}");

    private static bool IsRow(Line line) => line.Text.StartsWith('|');

    /// <summary>Every sentence with its words filled in; what is repeated once.</summary>
    private static IEnumerable<Line> Sentences(IEnumerable<Line> lines, Dictionary<string, string> words) => lines.Where(line => !IsRow(line)).SelectMany(line =>
    {
        string text = Filled(line, words);
        return Repeat().IsMatch(text) ? Sentences(line.Body, words)
            : ForEach().Match(text) is { Success: true } each ? Values(each, words).SelectMany(value => Sentences(line.Body, value.Named))
            : text is EachRow or EachRowNoted ? Rows(line, words).SelectMany(row => Sentences(line.Body, row.Named))
            : [line with { Text = text }];
    });

    private static string Filled(Line line, Dictionary<string, string> words) =>
        Placeholder().Replace(line.Text, match => words.GetValueOrDefault(match.Groups[1].Value, match.Value));

    private static IEnumerable<(string Value, Dictionary<string, string> Named)> Values(Match each, Dictionary<string, string> words) =>
        each.Groups[2].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(value => (value, new Dictionary<string, string>(words) { [each.Groups[1].Value] = value }));

    /// <summary>The rows of a table below a line; the first one names the columns.</summary>
    private static IEnumerable<(string Row, Dictionary<string, string> Named)> Rows(Line line, Dictionary<string, string> words)
    {
        string[][] rows = [.. line.Body.Where(IsRow).Select(row => row.Text.Trim('|').Split('|', StringSplitOptions.TrimEntries))];
        foreach (string[] row in rows.Skip(1))
        {
            var named = new Dictionary<string, string>(words);
            for (int column = 0; column < row.Length; column++) named[rows[0][column]] = row[column];
            yield return (string.Join(" | ", row), named);
        }
    }

    [GeneratedRegex(@"^repeat (\d+) times:$")]
    private static partial Regex Repeat();

    [GeneratedRegex(@"^for each (\w+) of (.+):$")]
    private static partial Regex ForEach();

    [GeneratedRegex("<([A-Za-z0-9 ]+)>")]
    private static partial Regex Placeholder();
}
