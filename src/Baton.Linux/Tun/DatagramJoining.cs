namespace Baton.Linux.Tun;

/// <summary>Lets the kernel join UDP datagrams that come in at a network device before it routes them on, so that a TUN device hands them over as super-packets.</summary>
/// <remarks>
/// A host sends packet by packet; the kernel's receive offload (GRO) can join those of a flow, but for datagrams that are only passed on it does so when it is told to
/// ("rx-udp-gro-forwarding" of man 8 ethtool, Linux 5.12). A device that is polled for each packet (veth) has nothing to join then, unless the kernel keeps packets back for
/// <see cref="Patience"/> (Documentation/networking/napi.rst, "Software IRQ coalescing"), which <see cref="JoinedDevice.KeepBack"/> asks for while many come: one that is alone
/// waits for all of the idle polls. What cutting restores is what was joined, checksums and order included.
/// The settings are the device's: they stay when this process ends. Needs CAP_NET_ADMIN and the /sys of this network namespace.
/// </remarks>
public static class DatagramJoining
{
    /// <summary>How long a packet waits for the next of its flow, at a device that did not coalesce before, before the first of two idle polls.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMicroseconds(50);

    /// <summary>Polls that may find nothing before the device goes back to interrupts; the wait is over before.</summary>
    private const int IdlePolls = 2;

    private static readonly (string Name, bool On)[] s_wanted = [("rx-gro", true), ("rx-udp-gro-forwarding", true)];

    /// <summary>Switches it on. Null: it is on; else in words for the log why not.</summary>
    /// <param name="paced">What can be told to keep packets back; null where the device coalesces already as somebody wanted, or cannot.</param>
    public static string? TryEnable(string device, out JoinedDevice? paced) => TryEnable(device, "/sys", out paced);

    internal static string? TryEnable(string device, string system, out JoinedDevice? paced)
    {
        paced = null;
        return Libc.InterfaceIndex(device) == 0 ? "there is no such device" : DeviceFeatures.TrySet(device, s_wanted) ?? Coalesce(device, system, out paced);
    }

    /// <summary>What somebody has set already stays; our own of a life before does not.</summary>
    private static string? Coalesce(string name, string system, out JoinedDevice? paced)
    {
        paced = null;
        try
        {
            string folder = Path.Combine(system, "class", "net", name);
            string timeout = Path.Combine(folder, "gro_flush_timeout");
            if (File.ReadAllText(timeout).Trim() is var set && set != "0" && set != JoinedDevice.Kept)
                return null;
            File.WriteAllText(Path.Combine(folder, "napi_defer_hard_irqs"), $"{IdlePolls}");
            var device = new JoinedDevice(timeout);
            device.Set(keep: false);
            paced = device;
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"its packets cannot be kept back ({e.Message})";
        }
    }
}
