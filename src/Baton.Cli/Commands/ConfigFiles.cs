using Baton.Cluster.Configuration;

namespace Baton.Cli.Commands;

/// <summary>Reads a node's file and shows everything that is wrong with it at once.</summary>
internal static class ConfigFiles
{
    /// <summary>Null when the file has errors, which have been printed.</summary>
    public static NodeOptions? Load(string path)
    {
        ConfigResult result = ConfigFile.Load(path);
        foreach (string warning in result.Warnings) Console.Error.WriteLine($"baton: {path}: {warning}");
        foreach (ConfigError error in result.Errors) Console.Error.WriteLine($"baton: {path}: {error}");
        return result.Errors.Count == 0 ? result.Options : null;
    }
}
