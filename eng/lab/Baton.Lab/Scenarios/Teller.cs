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

    /// <summary>Sentences that no step knows.</summary>
    public static IEnumerable<Line> Unknown(Scenario scenario, StepBook book) => Leaves(scenario.Steps).Where(line => !book.Knows(line.Text));

    private void Tell(Line line, Dictionary<string, string> words, int depth)
    {
        cancellation.ThrowIfCancellationRequested();
        string text = Placeholder().Replace(line.Text, match => words.GetValueOrDefault(match.Groups[1].Value, match.Value));
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
            foreach (string value in each.Groups[2].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                TellBody(line.Body, new Dictionary<string, string>(words) { [each.Groups[1].Value] = value }, $"{each.Groups[1].Value} {value}:", depth);
        }
        else if (text is EachRow or EachRowNoted)
        {
            int failed = 0;
            string[][] rows = [.. line.Body.Where(IsRow).Select(row => row.Text.Trim('|').Split('|', StringSplitOptions.TrimEntries))];
            foreach (string[] row in rows.Skip(1))
            {
                var named = new Dictionary<string, string>(words);
                for (int column = 0; column < row.Length; column++) named[rows[0][column]] = row[column];
                if (!TryTellRow([.. line.Body.Where(inner => !IsRow(inner))], named, string.Join(" | ", row), depth, text == EachRowNoted)) failed++;
            }

            if (failed > 0) throw new LabException($"line {line.Number}: {failed} of {rows.Length - 1} rows failed");
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

    private static IEnumerable<Line> Leaves(IEnumerable<Line> lines) => lines.SelectMany(line =>
        IsRow(line) ? [] : Repeat().IsMatch(line.Text) || ForEach().IsMatch(line.Text) || line.Text is EachRow or EachRowNoted ? Leaves(line.Body) : [line]);

    [GeneratedRegex(@"^repeat (\d+) times:$")]
    private static partial Regex Repeat();

    [GeneratedRegex(@"^for each (\w+) of (.+):$")]
    private static partial Regex ForEach();

    [GeneratedRegex("<([A-Za-z0-9 ]+)>")]
    private static partial Regex Placeholder();
}
