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

    /// <summary>What a process has said so far; it may still be writing.</summary>
    public string Log(string process)
    {
        string path = File($"{process}.log");
        if (!System.IO.File.Exists(path)) return "";
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The last lines of every process, for whoever looks for the cause of a failure.</summary>
    public string LastWords(int lines = 40) => string.Join('\n', Directory.EnumerateFiles(Path, "*.log").Select(System.IO.Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)
        .Select(process => $"== {process}.log\n{string.Join('\n', Log(process!).Split('\n').TakeLast(lines))}"));

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
