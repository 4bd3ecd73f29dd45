using System.Diagnostics;

namespace Baton.Claims;

/// <summary>One run of the demo as blades of a chassis, with an eye on every process of it: which sockets does it have?</summary>
[CollectionDefinition(nameof(BladesRun))]
public sealed class BladesRun() : DemoResults("--profile", "blades"), ICollectionFixture<BladesRun>
{
    private static readonly string[] IpTables = ["tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6"];

    private readonly Dictionary<string, int> _seenOnBackplane = [];
    private readonly HashSet<string> _seenOnIp = [];

    /// <summary>Members, handler and peer were seen with sockets of the backplane, again and again, and no process of the run ever had one of IP.</summary>
    public void AssertNoIpBetweenThem()
    {
        Assert.Empty(_seenOnIp);
        foreach (string blade in new[] { "handler h", "gateway a", "gateway b", "peer p", "router r" })
            Assert.True(_seenOnBackplane.GetValueOrDefault(blade) > 10, $"{blade} was seen {_seenOnBackplane.GetValueOrDefault(blade)} times on the backplane");
    }

    protected override async Task LookAsync(Process demo, CancellationToken cancellation)
    {
        while (!demo.HasExited)
        {
            Dictionary<long, string> unix = Table("unix", row => row.Length > 7 && row[7].Contains("/backplane/", StringComparison.Ordinal) ? row[6] : null);
            Dictionary<long, string> ip = [];
            foreach (string table in IpTables)
            {
                foreach (long inode in Table(table, row => row.Length > 9 ? row[9] : null).Keys)
                    ip[inode] = table;
            }

            foreach ((int pid, string blade) in Descendants(demo.Id))
            {
                bool isOnBackplane = false;
                foreach (long inode in Sockets(pid))
                {
                    if (ip.TryGetValue(inode, out string? protocol)) _seenOnIp.Add($"{blade}: {protocol}");
                    isOnBackplane |= unix.ContainsKey(inode);
                }

                if (isOnBackplane) _seenOnBackplane[blade] = _seenOnBackplane.GetValueOrDefault(blade) + 1;
            }

            await Task.Delay(200, cancellation);
        }
    }

    /// <summary>The inodes of /proc/net/NAME (man 5 proc).</summary>
    private static Dictionary<long, string> Table(string name, Func<string[], string?> inode)
    {
        string path = $"/proc/net/{name}";
        if (!File.Exists(path)) return [];
        return File.ReadLines(path).Skip(1).Select(line => inode(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
            .OfType<string>().Select(long.Parse).Where(one => one != 0).Distinct().ToDictionary(one => one, _ => name);
    }

    /// <summary>The processes below the demo, each with its role and name ("gateway a"), by its command line.</summary>
    private static IEnumerable<(int Pid, string Blade)> Descendants(int root)
    {
        var parents = new Dictionary<int, int>();
        foreach (int pid in Directory.EnumerateDirectories("/proc").Select(folder => Path.GetFileName(folder)).Where(name => int.TryParse(name, out _)).Select(int.Parse))
        {
            string stat = Read($"/proc/{pid}/stat");
            string[] afterName = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (afterName.Length > 1) parents[pid] = int.Parse(afterName[1]);
        }

        foreach (int pid in parents.Keys)
        {
            for (int up = pid; parents.TryGetValue(up, out int parent); up = parent)
            {
                if (parent != root) continue;
                string[] words = Read($"/proc/{pid}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
                if (words.Length > 1) yield return (pid, string.Join(' ', words.Skip(1).Take(2).Select(Path.GetFileNameWithoutExtension)));
                break;
            }
        }
    }

    private static IEnumerable<long> Sockets(int pid)
    {
        string[] files;
        try
        {
            files = Directory.GetFiles($"/proc/{pid}/fd");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            yield break;                                // it has ended
        }

        foreach (string file in files)
        {
            string? target = null;
            try
            {
                target = new FileInfo(file).LinkTarget;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Closed meanwhile.
            }

            if (target is not null && target.StartsWith("socket:[", StringComparison.Ordinal)) yield return long.Parse(target["socket:[".Length..^1]);
        }
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";                                  // it has ended
        }
    }
}
