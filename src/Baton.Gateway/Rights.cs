using Baton.Cluster.Configuration;
using Baton.Linux;

namespace Baton.Gateway;

/// <summary>The rights that a node needs for what its file asks, and what is lost without each. Baton needs no root.</summary>
public static class Rights
{
    /// <summary>A right that is missing, what it costs, and how to give it.</summary>
    /// <param name="Stops">Without it the node does not start; else it only works less well.</param>
    public sealed record Lack(string Right, string Price, string Remedy, bool Stops)
    {
        public override string ToString() => $"{Right} is missing: {Price}; {Remedy}";
    }

    /// <summary>The real-time priority that a limit 'rtprio' must allow, where CAP_SYS_NICE is not given.</summary>
    public const int RealTimePriority = 30;

    /// <summary>Does a limit 'rtprio' of so much, or the capability, allow the priorities that the threads and the sentinel ask for?</summary>
    public static bool MayRealTime(long limit, Func<Capability, bool> has) => limit >= RealTimePriority || has(Capability.SysNice);

    /// <summary>Does a limit 'memlock' of so many bytes, or the capability, allow to lock memory? All of a process' memory is locked, what it only reserves
    /// counted in: no bound is large enough for sure (man 2 mlockall).</summary>
    public static bool MayLockMemory(long limitBytes, Func<Capability, bool> has) => limitBytes == long.MaxValue || has(Capability.IpcLock);

    /// <summary>What this process lacks. Empty: nothing.</summary>
    public static IReadOnlyList<Lack> Missing(NodeOptions options) => Missing(
        options, Capabilities.Has, Capabilities.Limit("Max realtime priority") ?? long.MaxValue, Capabilities.Limit("Max locked memory") ?? long.MaxValue, UnprivilegedPortsFrom());

    internal static IReadOnlyList<Lack> Missing(NodeOptions options, Func<Capability, bool> has, long realTime, long locked, int portsFrom)
    {
        var lacks = new List<Lack>();
        if (options.Inner?.Tun is { } tun && !has(Capability.NetAdmin))
            Add(Capability.NetAdmin, $"the TUN device {tun} cannot be made, nor addresses and routes set", stops: true);
        if (options.Virtual.Addresses.Count > 0 && !has(Capability.NetAdmin))
            Add(Capability.NetAdmin, "the virtual addresses cannot move", stops: true);
        if (options.Virtual.Addresses.Count > 0 && !has(Capability.NetRaw))
            Add(Capability.NetRaw, "neighbours cannot be told that a virtual address moved", stops: true);
        if (options.Outer is { RawEsp: true } && !has(Capability.NetRaw))
            Add(Capability.NetRaw, "no ESP as protocol 50 ([outer] esp)", stops: true);
        if (options.Outer is { RawEsp: true, Offload: true } && !has(Capability.Bpf))
            Add(Capability.Bpf, "ESP as protocol 50 goes packet by packet, at a bit more than half the rate", stops: false, "or 'offload = false' in [outer], which says that it shall");
        if (options.Track.NextHops.Count > 0 && !has(Capability.NetRaw))
            Add(Capability.NetRaw, "next hops cannot be asked ([track])", stops: true);
        if (options.Outer is not null && !has(Capability.NetBindService))
        {
            foreach (System.Net.IPEndPoint listen in options.Outer.AllListens.Where(l => l.Port > 0 && l.Port < portsFrom))
                Add(Capability.NetBindService, $"UDP {listen} cannot be bound", stops: true);
        }

        if (options.Role is NodeRole.Gateway or NodeRole.Peer or NodeRole.Router or NodeRole.Media)
        {
            if (!MayRealTime(realTime, has))
                Add(Capability.SysNice, "no real-time priority: under full load heartbeats are late and a standby takes over without need", stops: false, $"or a limit 'rtprio' of {RealTimePriority}");
            if (!MayLockMemory(locked, has))
                Add(Capability.IpcLock, "memory is not locked: keys might be swapped out, and a page that must be read back delays a heartbeat", stops: false, "or a limit 'memlock' of infinity");
        }

        return lacks;

        void Add(Capability capability, string price, bool stops, string? or = null)
        {
            string name = Capabilities.NameOf(capability);
            lacks.Add(new Lack(name, price, $"give it ('AmbientCapabilities={name}' in the unit{(or is null ? "" : ", " + or)})", stops));
        }
    }

    private static int UnprivilegedPortsFrom()
    {
        try
        {
            return int.Parse(File.ReadAllText("/proc/sys/net/ipv4/ip_unprivileged_port_start"), System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return 1_024;
        }
    }
}
