using System.Text.RegularExpressions;

namespace Baton.Architecture.Tests;

public sealed partial class SourceRulesTests
{
    private const int LongestFile = 600;

    private static readonly string[] MayImport = ["src/Baton.Linux/", "src/Baton.Crypto/"];

    private static readonly string[] Cores = ["Baton.Wire", "Baton.Esp", "Baton.Ike", "Baton.Redundancy", "Baton.Srtp", "Baton.Media"];

    public static TheoryData<string> Projects => [.. Repository.Projects];

    [Fact]
    public void Only_Linux_and_Crypto_import_native_functions()
    {
        // Elsewhere a wrong size or a lost handle would hide among protocol code that nobody reads with a man page open.
        foreach (string file in Repository.Sources("src").Where(file => !MayImport.Any(Repository.Relative(file).StartsWith)))
            Assert.False(NativeImport().IsMatch(File.ReadAllText(file)), $"{Repository.Relative(file)} imports a native function");
    }

    /// <summary>Decision 25.</summary>
    [Fact]
    public void Nothing_that_is_installed_takes_the_cipher_away()
    {
        foreach (string file in Repository.Sources("src").Where(file => !file.EndsWith("/CipherProvider.cs", StringComparison.Ordinal)))
            Assert.False(File.ReadAllText(file).Contains("CipherProvider.Substitute", StringComparison.Ordinal), $"{Repository.Relative(file)} replaces the cipher: only bench/Baton.NullCipher may");
    }

    [Fact]
    public void Native_functions_are_imported_at_compile_time()
    {
        foreach (string file in Repository.Sources("src"))
            Assert.False(File.ReadAllText(file).Contains("[DllImport", StringComparison.Ordinal), $"{Repository.Relative(file)}: use LibraryImport, which shows its marshalling");
    }

    [Fact]
    public void No_core_talks_itself_out_of_the_banned_symbols()
    {
        foreach (string core in Cores)
        {
            foreach (string file in Repository.Sources($"src/{core}"))
            {
                string text = File.ReadAllText(file);
                Assert.False(text.Contains("RS0030", StringComparison.Ordinal), $"{Repository.Relative(file)} suppresses RS0030: a core takes time and randomness as arguments");
            }

            string project = Path.Combine(Repository.Root, "src", core, $"{core}.csproj");
            if (File.Exists(project)) Assert.DoesNotContain("NoWarn", File.ReadAllText(project), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_is_one_idea()
    {
        foreach (string file in Repository.Sources("src", "tests", "bench"))
        {
            int lines = File.ReadLines(file).Count();
            Assert.True(lines <= LongestFile, $"{Repository.Relative(file)} has {lines} lines; split it by concern");
        }
    }

    [Theory, MemberData(nameof(Projects))]
    public void Every_project_states_its_invariant(string project) =>
        Assert.True(File.Exists(Path.Combine(Repository.Root, "src", project, "README.md")), $"src/{project}/README.md is missing: the invariant, and a map of the files");

    [Fact]
    public void Folder_equals_namespace()
    {
        foreach (string file in Repository.Sources("src"))
        {
            Match declared = NamespaceLine().Match(File.ReadAllText(file));
            if (!declared.Success) continue;
            string expected = Path.GetDirectoryName(Path.GetRelativePath(Path.Combine(Repository.Root, "src"), file))!.Replace('/', '.');
            if (declared.Groups[1].Value == string.Join('.', expected.Split('.').Take(2))) continue;    // a front door of the project
            Assert.True(declared.Groups[1].Value == expected, $"{Repository.Relative(file)} declares {declared.Groups[1].Value}, its folder says {expected}");
        }
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("ARCHITECTURE.md")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("SECURITY.md")]
    [InlineData("CHANGELOG.md")]
    [InlineData("LICENSE")]
    [InlineData("docs/claims.md")]
    [InlineData("docs/operations/install.md")]
    [InlineData("docs/rfc/4303.md")]
    public void The_repository_has(string path) => Assert.True(File.Exists(Path.Combine(Repository.Root, path)), $"{path} is missing");

    [Fact]
    public void A_link_between_documents_leads_somewhere()
    {
        IEnumerable<string> documents = Directory.EnumerateFiles(Repository.Root, "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories));
        foreach (string document in documents)
        {
            foreach (Match link in DocumentLink().Matches(File.ReadAllText(document)))
            {
                string target = Path.Combine(Path.GetDirectoryName(document)!, link.Groups[1].Value);
                Assert.True(Path.Exists(target), $"{Repository.Relative(document)} links to {link.Groups[1].Value}, which is not there");
            }
        }
    }

    [GeneratedRegex(@"^\s*\[(?:\w+:\s*)?(?:System\.Runtime\.InteropServices\.)?(?:DllImport|LibraryImport)\(", RegexOptions.Multiline)]
    private static partial Regex NativeImport();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"\]\((?!https?:|mailto:|#)([^)#\s]+)")]
    private static partial Regex DocumentLink();
}
