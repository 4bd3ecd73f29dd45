using Baton.Cluster.Configuration;

namespace Baton.Cli;

/// <summary>Which shell runs which role.</summary>
internal static class NodeProcesses
{
    public static Task<int> RunAsync(NodeOptions options, CancellationToken cancellation)
    {
        _ = cancellation;
        Console.Error.WriteLine($"baton: {Enum.GetName(options.Role)!.ToLowerInvariant()} is not built into this version");
        return Task.FromResult(ExitCode.Failed);
    }
}
