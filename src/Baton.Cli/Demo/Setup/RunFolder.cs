namespace Baton.Cli.Demo.Setup;

/// <summary>Everything that one run writes, except for its report. It holds keys: mode 0700, and gone at the end.</summary>
public sealed class RunFolder : IDisposable
{
    public RunFolder() => Path = Directory.CreateTempSubdirectory("baton-demo-").FullName;

    public string Path { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void CopyLogs(string folder)
    {
        foreach (string log in Directory.EnumerateFiles(Path, "*.log"))
            System.IO.File.Copy(log, System.IO.Path.Combine(folder, System.IO.Path.GetFileName(log)), overwrite: true);
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"demo: {Path} cannot be removed: {e.Message}");
        }
    }
}
