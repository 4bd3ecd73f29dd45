using System.Globalization;
using System.Runtime.InteropServices;
using Baton.Gateway;
using Baton.Linux;

namespace Baton.Cli.Commands;

/// <summary>What the machine allows, and what a gateway loses where it does not.</summary>
internal static class SystemCheck
{
    public static void Print(TextWriter output)
    {
        Line(output, true, $"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}");

        Limits(Capabilities.Has, Capabilities.Limit("Max realtime priority") ?? long.MaxValue, Capabilities.Limit("Max locked memory") ?? long.MaxValue, (good, text) => Line(output, good, text));

        bool ipsecMb = NativeLibrary.TryLoad("libIPSec_MB.so.1", out nint library) || NativeLibrary.TryLoad("libIPSec_MB.so.2", out library);
        if (ipsecMb) NativeLibrary.Free(library);
        Line(output, ipsecMb, ipsecMb ? "ipsec-mb is installed" : "ipsec-mb is not installed: ciphers come from OpenSSL, which is slower; apt-get install libipsec-mb1");

        long buffer = ReadLong("/proc/sys/net/core/rmem_max");
        Line(output, buffer >= 4 << 20, string.Create(CultureInfo.InvariantCulture,
            $"socket buffers up to {buffer / 1024} KiB{(buffer >= 4 << 20 ? "" : ": bursts may be lost; sysctl -w net.core.rmem_max=8388608")}"));

        string core = Read("/proc/sys/kernel/core_pattern").Trim();
        string coreLimit = Limit("Max core file size");
        Line(output, coreLimit == "0", coreLimit == "0"
            ? "no core dumps"
            : $"core dumps are on ({core}): a crash is noticed only when the dump is written, which can take seconds");
        NetworkCheck.Machine((good, text) => Line(output, good, text));
    }

    /// <summary>By the rule of <see cref="Rights"/>, by which a node warns at its start.</summary>
    internal static void Limits(Func<Capability, bool> has, long realTime, long locked, Action<bool, string> line)
    {
        bool mayRealTime = Rights.MayRealTime(realTime, has);
        line(mayRealTime, mayRealTime
            ? "real-time priority is allowed"
            : $"no real-time priority: under load a standby may take over without need (harmless, but it costs packets); give CAP_SYS_NICE or a limit 'rtprio' of {Rights.RealTimePriority}");
        bool mayLock = Rights.MayLockMemory(locked, has);
        line(mayLock, mayLock
            ? "memory can be locked"
            : $"memory that can be locked: {locked} bytes; keys might be swapped out; give CAP_IPC_LOCK or a limit 'memlock' of infinity");
    }

    internal static void Line(TextWriter output, bool good, string text) => output.WriteLine($"{(good ? "ok  " : "note")}  {text}");

    private static string Limit(string name)
    {
        foreach (string line in Read("/proc/self/limits").Split('\n'))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
                return line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault("?");
        }

        return "?";
    }

    private static long ReadLong(string path) => long.TryParse(Read(path).Trim(), out long value) ? value : 0;

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
