namespace Baton.Lab.Scenarios;

/// <summary>A story in a file: comments first, then a step a line; an indented body belongs to the line above it.</summary>
/// <remarks>
/// <code>
///     # What the story is about: the title.
///     # tags: short needs-baton
///
///     a cluster of a and b with a strongswan peer
///     call starts
///     repeat 10 times:
///         kill -9 the active
///         ...
/// </code>
/// </remarks>
public sealed record Scenario(string Name, string Title, IReadOnlySet<string> Tags, IReadOnlyList<Line> Steps)
{
    public static Scenario Read(string path)
    {
        string[] lines = File.ReadAllLines(path);
        string[] comments = [.. lines.TakeWhile(line => line.StartsWith('#')).Select(line => line[1..].Trim())];
        string tags = comments.FirstOrDefault(comment => comment.StartsWith("tags:", StringComparison.Ordinal)) ?? "tags:";
        var numbered = new Queue<(int Number, string Text)>(
            lines.Select((text, index) => (index + 1, text.TrimEnd()))
                .Where(line => line.Item2.Trim() is { Length: > 0 } text && !text.StartsWith('#')));
        return new Scenario(
            Path.GetFileNameWithoutExtension(path),
            comments.FirstOrDefault() ?? throw new LabException($"{path}: the first line is a comment that says what the story is about"),
            tags["tags:".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet(),
            Block(numbered, 0));
    }

    private static List<Line> Block(Queue<(int Number, string Text)> lines, int indent)
    {
        var block = new List<Line>();
        while (lines.TryPeek(out (int Number, string Text) next) && Indent(next.Text) >= indent)
        {
            lines.Dequeue();
            bool deeper = lines.TryPeek(out (int Number, string Text) below) && Indent(below.Text) > Indent(next.Text);
            block.Add(new Line(next.Number, next.Text.Trim(), deeper ? Block(lines, Indent(below.Text)) : []));
        }

        return block;
    }

    private static int Indent(string text) => text.Length - text.TrimStart().Length;
}
