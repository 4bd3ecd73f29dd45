using System.Runtime.InteropServices;
using System.Text;

namespace Baton.Linux.Tun;

/// <summary>Lets the kernel join UDP datagrams that come in at a network device before it routes them on, so that a TUN device hands them over as super-packets.</summary>
/// <remarks>
/// A host sends packet by packet; the kernel's receive offload (GRO) can join those of a flow, but for datagrams that are only passed on it does so when it is told to
/// ("rx-udp-gro-forwarding" of man 8 ethtool, Linux 5.12). A device that is polled for each packet (veth) has nothing to join then: the kernel keeps packets back for
/// <see cref="Patience"/> (Documentation/networking/napi.rst, "Software IRQ coalescing"). What cutting restores is what was joined, checksums and order included.
/// The settings are the device's: they stay when this process ends. Needs CAP_NET_ADMIN and the /sys of this network namespace.
/// </remarks>
public static unsafe class DatagramJoining
{
    /// <summary>How long a packet waits at most for the next of its flow, at a device that did not coalesce before.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMicroseconds(50);

    /// <summary>Polls that may find nothing before the device goes back to interrupts; the wait is over before.</summary>
    private const int IdlePolls = 2;

    private const uint GetStringSetInfo = 0x37, GetStrings = 0x1b, GetFeatures = 0x3a, SetFeatures = 0x3b;
    private const int FeatureNames = 4, NameBytes = 32;
    private static readonly string[] s_wanted = ["rx-gro", "rx-udp-gro-forwarding"];

    /// <summary>Switches it on. Null: it is on; else in words for the log why not.</summary>
    public static string? TryEnable(string device) => TryEnable(device, "/sys");

    internal static string? TryEnable(string device, string system)
    {
        if (Absence(device) is { } absent)
            return absent;
        int fd = Libc.Socket(Libc.AF_INET, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        if (fd < 0)
            return $"no socket to ask it by (errno {Marshal.GetLastPInvokeError()})";
        try
        {
            return SwitchOn(fd, device) ?? Coalesce(device, system);
        }
        finally
        {
            _ = Libc.Close(fd);
        }
    }

    private static string? Absence(string device) => Libc.InterfaceIndex(device) == 0 ? "there is no such device" : null;

    private static string? SwitchOn(int fd, string device)
    {
        int count = CountOf(fd, device);
        int blocks = (count + 31) / 32;

        // struct ethtool_gstrings, ethtool_gfeatures, ethtool_sfeatures: two or three words, then the array.
        uint[] names = new uint[3 + (count * NameBytes / 4)];
        (names[0], names[1], names[2]) = (GetStrings, FeatureNames, (uint)count);
        uint[] have = new uint[2 + (blocks * 4)];
        (have[0], have[1]) = (GetFeatures, (uint)blocks);
        if (count == 0 || !Ask(fd, device, names) || !Ask(fd, device, have))
            return $"the kernel does not tell its offloads (errno {Marshal.GetLastPInvokeError()})";
        uint[] set = new uint[2 + (blocks * 2)];
        (set[0], set[1]) = (SetFeatures, (uint)blocks);
        foreach (string wanted in s_wanted)
        {
            int bit = IndexOf(MemoryMarshal.AsBytes(names.AsSpan(3)), wanted);
            if (bit < 0 || (have[2 + (bit / 32 * 4)] >> (bit % 32) & 1) == 0)
                return $"the kernel or the device has no {wanted}";
            set[2 + (bit / 32 * 2)] |= 1u << (bit % 32);      // valid
            set[2 + (bit / 32 * 2) + 1] |= 1u << (bit % 32);  // requested
        }

        return Ask(fd, device, set) ? null : $"its offloads cannot be set (errno {Marshal.GetLastPInvokeError()}; it takes CAP_NET_ADMIN)";
    }

    /// <summary>What somebody has set already stays.</summary>
    private static string? Coalesce(string device, string system)
    {
        try
        {
            string folder = Path.Combine(system, "class", "net", device);
            string timeout = Path.Combine(folder, "gro_flush_timeout");
            if (File.ReadAllText(timeout).Trim() != "0")
                return null;
            File.WriteAllText(timeout, $"{Patience.Ticks * 100}");
            File.WriteAllText(Path.Combine(folder, "napi_defer_hard_irqs"), $"{IdlePolls}");
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"its packets cannot be kept back ({e.Message})";
        }
    }

    private static int CountOf(int fd, string device)
    {
        uint[] info = [GetStringSetInfo, 0, 1 << FeatureNames, 0, 0];  // struct ethtool_sset_info with one answer
        return Ask(fd, device, info) && info[2] != 0 ? (int)info[4] : 0;
    }

    private static int IndexOf(ReadOnlySpan<byte> names, string name)
    {
        ReadOnlySpan<byte> wanted = Encoding.ASCII.GetBytes(name + '\0');
        for (int i = 0; i < names.Length / NameBytes; i++)
        {
            if (names.Slice(i * NameBytes, NameBytes).StartsWith(wanted))
                return i;
        }

        return -1;
    }

    private static bool Ask(int fd, string device, uint[] question)
    {
        fixed (uint* data = question)
        {
            var request = new Libc.InterfaceRequest { Data = (nint)data };
            Encoding.UTF8.GetBytes(device, new Span<byte>(request.Name, 15));
            return Libc.Control(fd, Libc.SIOCETHTOOL, &request) >= 0;
        }
    }
}
