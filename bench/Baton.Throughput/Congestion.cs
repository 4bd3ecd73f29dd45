using Baton.Lab.Hosts;

namespace Baton.Throughput;

/// <summary>TCP's congestion control of the inner hosts.</summary>
public static class Congestion
{
    private const string Setting = "/proc/sys/net/ipv4/tcp_congestion_control";

    /// <summary>What a new host has.</summary>
    public static string Usual => File.ReadAllText(Setting).Trim();

    public static void Set(Network network, string name)
    {
        foreach (Host host in (Host[])[network.PeerHost, network.Inner]) host.Run("sh", "-c", $"echo {name} >{Setting}");
    }
}
