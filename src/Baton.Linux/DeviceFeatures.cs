using System.Runtime.InteropServices;
using System.Text;

namespace Baton.Linux;

/// <summary>The offloads of a network device, by the names that man 8 ethtool shows (-k).</summary>
internal static unsafe class DeviceFeatures
{
    private const uint GetStringSetInfo = 0x37, GetStrings = 0x1b, GetFeatures = 0x3a, SetFeatures = 0x3b;
    private const int FeatureNames = 4, NameBytes = 32;

    /// <summary>Switches some on and others off. Null: they are so; else in words for the log why not. Needs CAP_NET_ADMIN.</summary>
    public static string? TrySet(string device, params ReadOnlySpan<(string Name, bool On)> wanted)
    {
        int fd = Libc.Socket(Libc.AF_INET, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        if (fd < 0)
            return $"no socket to ask it by (errno {Marshal.GetLastPInvokeError()})";
        try
        {
            return TrySet(fd, device, wanted);
        }
        finally
        {
            _ = Libc.Close(fd);
        }
    }

    private static string? TrySet(int fd, string device, ReadOnlySpan<(string Name, bool On)> wanted)
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
        foreach ((string name, bool on) in wanted)
        {
            int bit = IndexOf(MemoryMarshal.AsBytes(names.AsSpan(3)), name);
            if (bit < 0 || (have[2 + (bit / 32 * 4)] >> (bit % 32) & 1) == 0)
                return $"the kernel or the device has no {name}";
            set[2 + (bit / 32 * 2)] |= 1u << (bit % 32);          // valid
            set[2 + (bit / 32 * 2) + 1] |= on ? 1u << (bit % 32) : 0;
        }

        return Ask(fd, device, set) ? null : $"its offloads cannot be set (errno {Marshal.GetLastPInvokeError()}; it takes CAP_NET_ADMIN)";
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
