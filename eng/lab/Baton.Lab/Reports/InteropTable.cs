using System.Text;

namespace Baton.Lab.Reports;

/// <summary>One tunnel of the table: what was asked for, what both ends agreed on, what was done with it, and how it ended.</summary>
public sealed record InteropRow(string Scenario, string Asked, string Negotiated, string Result);

/// <summary>Writes docs/interop.md from what the scenarios with the tag <c>interop</c> saw. No times in it, so that only a change of behaviour changes the file.</summary>
public static class InteropTable
{
    public static string Write(string peer, IEnumerable<(string Name, string Title, string Steps)> scenarios, IReadOnlyList<InteropRow> rows)
    {
        var text = new StringBuilder($"""
            # Interoperability

            Written by `eng/lab/run --interop`, which raises a Baton cluster and {peer} as peer on hosts made of network namespaces ([the lab](../eng/lab/README.md)).
            A row is a tunnel; "passed" means that every step of its section came out as it says, at both ends. SRTP has [a page of its own](interop-srtp.md).

            """);
        foreach ((string name, string title, string steps) in scenarios)
        {
            text.Append($"""

                ## {title}

                [{name}](../eng/lab/scenarios/{name}.lab): {steps}

                | asked for | negotiated (as the peer sees it) | result |
                | --- | --- | --- |

                """);
            foreach (InteropRow row in rows.Where(row => row.Scenario == name)) text.AppendLine($"| {row.Asked.Replace(" | ", ", ", StringComparison.Ordinal)} | {row.Negotiated} | {row.Result} |");
        }

        return text.ToString();
    }
}
