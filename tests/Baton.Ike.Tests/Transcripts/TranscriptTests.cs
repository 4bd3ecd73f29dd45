using System.Text.RegularExpressions;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Simulation;

namespace Baton.Ike.Tests.Transcripts;

/// <summary>Whole stories as text: what is done above the line, what both sides then say below it. REWRITE=1 writes them anew; the difference is the change in behaviour.</summary>
/// <remarks>
/// <code>
///     # a comment
///     left rekey-child | rekey-ike | delete-child | delete-ike | probe        right takes over        run MILLISECONDS
///     ----
/// </code>
/// Identities that are drawn at random are numbered in the order of their first use.
/// </remarks>
public sealed partial class TranscriptTests
{
    private static string Folder => Path.Combine(Root(), "tests", "Baton.Ike.Tests", "Transcripts");

    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder, "*.txt").Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Files))]
    public void SaysTheSame(string file)
    {
        string path = Path.Combine(Folder, file);
        string[] parts = File.ReadAllText(path).Split("----\n", 2);
        string said = Play(parts[0]);
        if (Environment.GetEnvironmentVariable("REWRITE") == "1")
            File.WriteAllText(path, $"{parts[0]}----\n{said}");
        Assert.Equal(File.ReadAllText(path).Split("----\n", 2)[1], said);
    }

    private static string Play(string script)
    {
        Lab lab = Setups.Standard(1, leftReplicated: true);
        lab.Start();
        foreach (string line in script.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(each => each[0] != '#'))
        {
            lab.Log($"-- {line}");
            string[] words = line.Split(' ');
            Site site = words[0] == "left" ? lab.Left : lab.Right;
            switch (words)
            {
                case ["run", string milliseconds]:
                    lab.Run(double.Parse(milliseconds));
                    break;
                case [_, "takes", "over"]:
                    site.TakeOver(applyOfPending: 0);
                    break;
                case [_, string operation]:
                    Operations.Ask(site, Enum.Parse<Operation>(operation.Replace("-", "", StringComparison.Ordinal), ignoreCase: true));
                    break;
            }
        }

        return Numbered(lab.TraceText);
    }

    private static string Numbered(string text)
    {
        var names = new Dictionary<string, string>();
        return Drawn().Replace(text, match =>
        {
            if (!names.TryGetValue(match.Value, out string? name)) names.Add(match.Value, name = $"#{names.Count + 1}");
            return name;
        });
    }

    [GeneratedRegex(@"(ike|child):[0-9a-f]{16}|\b[0-9a-f]{8}\b")]
    private static partial Regex Drawn();

    private static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Baton.slnx"))) return folder.FullName;
        }

        throw new InvalidOperationException("the transcripts are in the repository");
    }
}
