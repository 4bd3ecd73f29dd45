using Tomlyn.Syntax;

namespace Baton.Cluster.Configuration;

/// <summary>Where in the file each key stands, by its full name (<c>cluster.member[1].sync</c>).</summary>
internal static class ConfigLines
{
    public static Dictionary<string, int> Of(DocumentSyntax document)
    {
        var lines = new Dictionary<string, int>();
        var counts = new Dictionary<string, int>();
        Add("", document.KeyValues);
        foreach (TableSyntaxBase table in document.Tables)
        {
            string name = Text(table.Name);
            if (table is TableArraySyntax)
            {
                int number = counts.GetValueOrDefault(name);
                counts[name] = number + 1;
                name = $"{name}[{number}]";
            }

            lines.TryAdd(name, table.Span.Start.Line + 1);
            Add(name + ".", table.Items);
        }

        return lines;

        void Add(string prefix, IEnumerable<KeyValueSyntax> items)
        {
            foreach (KeyValueSyntax item in items) lines.TryAdd(prefix + Text(item.Key), item.Span.Start.Line + 1);
        }
    }

    private static string Text(SyntaxNode? name) => name?.ToString()?.Trim().Replace("\"", "", StringComparison.Ordinal) ?? "";
}
