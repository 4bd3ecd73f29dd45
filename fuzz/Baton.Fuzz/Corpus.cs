namespace Baton.Fuzz;

/// <summary>The seeds of a target: fuzz/corpus/TARGET, one file each.</summary>
public static class Corpus
{
    public static string Folder(string target)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string corpus = Path.Combine(folder.FullName, "fuzz", "corpus", target);
            if (Directory.Exists(corpus))
                return corpus;
        }

        throw new DirectoryNotFoundException($"There is no fuzz/corpus/{target} above {AppContext.BaseDirectory}.");
    }

    /// <summary>In an order that is the same everywhere.</summary>
    public static IReadOnlyList<byte[]> Load(string target) =>
        [.. Directory.GetFiles(Folder(target)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).Where(bytes => bytes.Length > 0)];
}
