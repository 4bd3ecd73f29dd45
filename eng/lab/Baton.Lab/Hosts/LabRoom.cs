using System.Globalization;
using System.Security.Cryptography;
using Baton.Lab.Processes;

namespace Baton.Lab.Hosts;

/// <summary>What one run owns: a tag, a folder, hosts. Goes away with all that is in it; two runs have nothing in common.</summary>
/// <remarks>A run that was killed with -9 leaves its folder with the id of its process; the next one to start clears that away. A folder that
/// is kept names nobody.</remarks>
public sealed class LabRoom : IDisposable
{
    private const string Prefix = "baton-lab-";
    private const string OwnerFile = "owner";

    private readonly List<Host> _hosts = [];
    private readonly List<IDisposable> _instruments = [];
    private readonly bool _keep;

    public LabRoom(bool keepFolder, CancellationToken cancellation)
    {
        ClearLeftovers();
        _keep = keepFolder;
        Cancellation = cancellation;
        Wait = new Wait(cancellation);
        Tag = $"bl{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3))}";
        Folder = Path.Combine(Path.GetTempPath(), Prefix + Tag);
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, OwnerFile), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
    }

    public string Tag { get; }

    public string Folder { get; }

    public Wait Wait { get; }

    public CancellationToken Cancellation { get; }

    public IReadOnlyList<Host> Hosts => _hosts;

    public Host AddHost(string name)
    {
        var host = new Host(name, $"{Tag}-{name}", Path.Combine(Folder, name));
        _hosts.Add(host);
        Command.Run("ip", "netns", "add", host.Space);
        return host;
    }

    /// <summary>Something that ends before the hosts do.</summary>
    public T Keep<T>(T instrument)
        where T : IDisposable
    {
        _instruments.Add(instrument);
        return instrument;
    }

    /// <summary>The end of every log, for a failure whose folder goes away.</summary>
    public IEnumerable<string> LogTails(int lines = 15) =>
        from log in Directory.EnumerateFiles(Folder, "*.log", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        let tail = File.ReadLines(log).TakeLast(lines).ToArray()
        where tail.Length > 0
        select $"-- {Path.GetRelativePath(Folder, log)}\n{string.Join('\n', tail)}";

    public void Dispose()
    {
        var failures = new List<Exception>();
        foreach (IDisposable thing in Enumerable.Reverse(_instruments).Concat(Enumerable.Reverse(_hosts)))
        {
            try
            {
                thing.Dispose();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                failures.Add(e);                                // the rest goes all the same
            }
        }

        if (_keep) File.Delete(Path.Combine(Folder, OwnerFile));
        else Directory.Delete(Folder, recursive: true);
        if (failures.Count > 0) throw new LabException($"taking down: {failures[0].Message}", failures[0]);
    }

    /// <summary>Removes what runs left whose process is gone.</summary>
    public static void ClearLeftovers()
    {
        foreach (string folder in Directory.GetDirectories(Path.GetTempPath(), $"{Prefix}*"))
        {
            try
            {
                if (IsLeft(folder)) Clear(folder);
            }
            catch (IOException)
            {
                // Its own run, or another one that starts now, takes it away at this moment.
            }
        }
    }

    /// <summary>A run that just starts may not have written its id yet.</summary>
    private static bool IsLeft(string folder) => Path.Combine(folder, OwnerFile) is var owner && File.Exists(owner)
        && int.TryParse(File.ReadAllText(owner), out int pid) && !Directory.Exists($"/proc/{pid}");

    private static void Clear(string folder)
    {
        string tag = Path.GetFileName(folder)[Prefix.Length..];
        foreach (string line in Command.Run("ip", "netns", "list").Split('\n'))
        {
            string space = line.Split(' ')[0];
            if (space.StartsWith($"{tag}-", StringComparison.Ordinal)) Host.Remove(space);
        }

        Directory.Delete(folder, recursive: true);
    }
}
