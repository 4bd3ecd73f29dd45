using System.Globalization;
using System.Runtime.InteropServices;

namespace Baton.Throughput;

/// <summary>What a page says of the machine that its figures come from.</summary>
public static class Machine
{
    /// <summary>Processor, cores, kernel, runtime.</summary>
    public static string Text => string.Create(CultureInfo.InvariantCulture,
        $"{Processor()}, {Environment.ProcessorCount} cores, Linux {Environment.OSVersion.Version.ToString(2)}, .NET {Environment.Version.Major}, {System()}");

    private static string Processor() =>
        Field("/proc/cpuinfo", "model name", ':') is { Length: > 0 } name ? name : RuntimeInformation.ProcessArchitecture.ToString();

    private static string System() => Field("/etc/os-release", "PRETTY_NAME", '=').Trim('"');

    private static string Field(string file, string name, char separator) => !File.Exists(file) ? ""
        : File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(separator, 2)[1].Trim() ?? "";
}
