using System.Globalization;
using System.Net;
using Baton.Linux.Bpf;
using Baton.Linux.Netlink;

namespace Baton.Linux.EspRuns;

/// <summary>A pair of Ethernet devices of our own, between which ESP lies in UDP, and the programs that take that on and off. Gone when disposed of; what a killed process left
/// does nothing (its programs went with it) and is replaced by the next.</summary>
/// <remarks>
/// <code>
///   packet socket == near (joins, cuts) ==== far == Outward == any outer device, by the kernel's routes and neighbours
///                                            far == Inward == the outer devices that had our addresses at the start
/// </code>
/// What makes the difference: near cannot send runs of UDP, so the kernel cuts them as they leave, and all packets of a run go through the stack within one turn of it, not each by
/// itself; and it joins what comes in (rx-udp-gro-forwarding), which veth does where the other end cannot cut TCP.
/// </remarks>
internal sealed class EspPair : IDisposable
{
    private const int Mtu = 65_535;
    private readonly List<DeviceProgram> _programs = [];
    private readonly RouteNetlink _netlink = new();
    private readonly string _near;
    private readonly string _far;
    private int _index;

    /// <exception cref="IOException">Something that it takes is not here; the message says what.</exception>
    public EspPair(IReadOnlyCollection<IPAddress> own, IReadOnlyCollection<int> devices)
    {
        (_near, _far) = Names(own);
        try
        {
            Raise();
            Link = _netlink.Link(_index)!;
            int far = RouteNetlink.IndexOf(_far);
            _programs.Add(new DeviceProgram(EspPrograms.Nothing(), Link.Index));
            _programs.Add(new DeviceProgram(EspPrograms.Outward(), far));
            foreach (int device in devices)
                _programs.Add(new DeviceProgram(EspPrograms.Inward(own, far, Link.Hardware), device));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The near end.</summary>
    public LinkState Link { get; }

    /// <summary>ESP comes to the raw sockets again.</summary>
    public void TakeProgramsOff()
    {
        _programs.ForEach(p => p.Dispose());
        _programs.Clear();
    }

    public void Dispose()
    {
        TakeProgramsOff();
        if (_index != 0)
            _netlink.RemoveLink(_index);
        _index = 0;
        _netlink.Dispose();
    }

    /// <summary>Of the addresses, so that the next process that has them finds what this one may leave.</summary>
    private static (string Near, string Far) Names(IEnumerable<IPAddress> own)
    {
        uint hash = 2_166_136_261;
        foreach (byte each in own.SelectMany(a => a.GetAddressBytes()))
            hash = (hash ^ each) * 16_777_619;
        string text = hash.ToString("x8", CultureInfo.InvariantCulture);
        return ($"esp{text}a", $"esp{text}b");
    }

    private void Raise()
    {
        if (RouteNetlink.IndexOf(_near) is > 0 and var left)
            _netlink.RemoveLink(left);
        _netlink.AddPair(_near, _far);
        _index = RouteNetlink.IndexOf(_near);
        foreach (string device in (string[])[_near, _far])
        {
            // No address of its own, so that it says nothing by itself; before it is up.
            string setting = $"/proc/sys/net/ipv6/conf/{device}/addr_gen_mode";
            if (File.Exists(setting))
                Write(setting, "1");
        }

        Set(_near, ("tx-udp-segmentation", false), ("tx-checksum-ip-generic", false), ("rx-gro", true), ("rx-udp-gro-forwarding", true));
        Set(_far, ("tx-tcp-segmentation", false), ("tx-tcp-ecn-segmentation", false), ("tx-tcp-mangleid-segmentation", false), ("tx-tcp6-segmentation", false));
        foreach (string device in (string[])[_near, _far])
            _netlink.SetLink(RouteNetlink.IndexOf(device), up: true, Mtu);
    }

    private static void Write(string path, string text)
    {
        try
        {
            File.WriteAllText(path, text);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private static void Set(string device, params ReadOnlySpan<(string Name, bool On)> features)
    {
        if (DeviceFeatures.TrySet(device, features) is { } why)
            throw new IOException($"{device}: {why}");
    }
}
