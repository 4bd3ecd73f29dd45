using Baton.Cluster.Configuration;

namespace Baton.Cli.Commands;

/// <summary>Reads a node's file and shows everything that is wrong with it at once.</summary>
internal static class ConfigFiles
{
    private const int Shown = 20;

    /// <summary>Null when the file has errors, which have been printed.</summary>
    public static NodeOptions? Load(string path)
    {
        ConfigResult result = ConfigFile.Load(path);
        foreach (string warning in result.Warnings) Console.Error.WriteLine($"baton: {path}: {warning}");
        Write(result.Errors, line => Console.Error.WriteLine($"baton: {path}: {line}"));
        return result.Errors.Count == 0 ? result.Options : null;
    }

    /// <summary>The first of them, and how many more: what comes after so many is mostly the fault of those before.</summary>
    public static void Write(IReadOnlyList<ConfigError> errors, Action<string> line)
    {
        foreach (ConfigError error in errors.Take(Shown)) line(error.ToString());
        if (errors.Count > Shown) line($"and {errors.Count - Shown} more; repair these first");
    }
}
