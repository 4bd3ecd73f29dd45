using System.Globalization;

namespace Baton.Linux;

/// <summary>Rights that a process may have without being root (man 7 capabilities); the value is the bit.</summary>
public enum Capability
{
    /// <summary>Ports below 1024: UDP 500.</summary>
    NetBindService = 10,

    /// <summary>TUN devices, addresses, routes.</summary>
    NetAdmin = 12,

    /// <summary>Raw ESP, gratuitous ARP, probes of next hops.</summary>
    NetRaw = 13,

    /// <summary>Memory beyond the limit 'memlock' may be locked.</summary>
    IpcLock = 14,

    /// <summary>Real-time priority beyond the limit 'rtprio'.</summary>
    SysNice = 23,

    /// <summary>Raw ESP in runs.</summary>
    Bpf = 39,
}

/// <summary>What this process may do.</summary>
public static class Capabilities
{
    private static readonly Lazy<ulong> Effective = new(() => Read("CapEff:"));

    /// <summary>Is it in the effective set now?</summary>
    public static bool Has(Capability capability) => (Effective.Value >> (int)capability & 1) != 0;

    /// <summary>The kernel's name: CAP_NET_ADMIN.</summary>
    public static string NameOf(Capability capability) => capability switch
    {
        Capability.NetBindService => "CAP_NET_BIND_SERVICE",
        Capability.NetAdmin => "CAP_NET_ADMIN",
        Capability.NetRaw => "CAP_NET_RAW",
        Capability.IpcLock => "CAP_IPC_LOCK",
        Capability.Bpf => "CAP_BPF",
        _ => "CAP_SYS_NICE",
    };

    /// <summary>A soft limit of this process (man 5 proc, limits); null: without bound.</summary>
    public static long? Limit(string name)
    {
        foreach (string line in Lines("/proc/self/limits"))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
                return long.TryParse(line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(), CultureInfo.InvariantCulture, out long limit) ? limit : null;
        }

        return null;
    }

    internal static ulong Parse(IEnumerable<string> status, string set)
    {
        foreach (string line in status)
        {
            if (line.StartsWith(set, StringComparison.Ordinal))
                return ulong.TryParse(line[set.Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong bits) ? bits : 0;
        }

        return 0;
    }

    private static ulong Read(string set) => Parse(Lines("/proc/self/status"), set);

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
