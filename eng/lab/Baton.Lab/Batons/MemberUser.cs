namespace Baton.Lab.Batons;

/// <summary>Who the members' processes are: a user without root, with the rights that docs/operations/install.md lists and no other.</summary>
public static class MemberUser
{
    /// <summary>Nobody else's: it needs no name.</summary>
    public const int Id = 64_111;

    private static readonly string[] Rights = ["net_admin", "net_raw", "net_bind_service", "sys_nice", "ipc_lock"];

    /// <summary>The command as that user runs it, without one of its rights if so wished.</summary>
    public static IEnumerable<string> Command(IEnumerable<string> command, string? without = null)
    {
        string rights = string.Concat(Rights.Where(right => right != without).Select(right => $",+{right}"));
        return ["setpriv", $"--reuid={Id}", $"--regid={Id}", "--clear-groups", "--no-new-privs",
            $"--inh-caps=-all{rights}", $"--ambient-caps=-all{rights}", $"--bounding-set=-all{rights}", .. command];
    }

    /// <summary>A folder and what is in it: keys are readable by their owner only.</summary>
    public static void Owns(string folder) => Processes.Command.Run("chown", "-R", $"{Id}:{Id}", folder);

    /// <summary>Does this process run as that user?</summary>
    public static bool Runs(int process) => File.ReadLines($"/proc/{process}/status").Any(line => line.StartsWith($"Uid:\t{Id}\t{Id}\t{Id}\t", StringComparison.Ordinal));
}
