namespace Baton.Lab.Traffic;

/// <summary>Where the one executable is that the lab tests.</summary>
public static class BatonTool
{
    public static string Path { get; } = Environment.GetEnvironmentVariable("BATON_EXE") is { Length: > 0 } given ? given : Find();

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = System.IO.Path.Combine(folder.FullName, "artifacts", "baton", "baton");
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Baton.slnx"))) return candidate;
        }

        throw new LabException("the lab runs inside the repository, or with BATON_EXE set");
    }
}
