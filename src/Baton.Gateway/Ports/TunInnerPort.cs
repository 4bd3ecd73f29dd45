using System.Net;
using Baton.Cluster.Configuration;
using Baton.Linux.Netlink;
using Baton.Linux.Tun;
using Baton.Wire;
using Baton.Wire.Offload;

namespace Baton.Gateway.Ports;

/// <summary>Inner packets through a TUN device: the kernel routes them, decrements their TTL and answers for what its MTU does not take.</summary>
internal sealed class TunInnerPort : IInnerPort
{
    private const TunOffloads AllOffloads = TunOffloads.Checksum | TunOffloads.Tcp | TunOffloads.Udp;

    private readonly TunDevice _device;
    private readonly TunReader _reader;
    private readonly TunWriter _writer;
    private readonly string _joined = "";
    private readonly Joining _joining;

    /// <summary>Makes or attaches the device and sets it up: MTU, addresses, routes.</summary>
    /// <exception cref="IOException">A right or the device is missing; the text says which.</exception>
    public TunInnerPort(InnerOptions options, int mtu)
    {
        _device = TunDevice.Open(options.Tun!, options.Offload ? AllOffloads : TunOffloads.None);
        try
        {
            if (options.Persistent)
                _device.SetPersistent(true);
            using var netlink = new RouteNetlink();
            int index = RouteNetlink.IndexOf(_device.Name);
            netlink.SetLink(index, up: true, mtu);
            foreach (HostAddress address in options.Addresses)
                netlink.AddAddress(index, address.Address, address.PrefixLength);
            foreach (IPNetwork route in options.TunRoutes)
                netlink.ReplaceRoute(new Route(route, index));
        }
        catch
        {
            _device.Dispose();
            throw;
        }

        var joined = new List<JoinedDevice>();
        foreach (string device in options.JoinAt)
        {
            // Without USO the kernel would cut again what it had joined.
            JoinedDevice? paced = null;
            string? why = Offloads.HasFlag(TunOffloads.Udp) ? DatagramJoining.TryEnable(device, out paced) : "the TUN device takes no super-packets of UDP";
            if (paced is not null)
                joined.Add(paced);
            _joined += why is null ? $", datagrams joined at {device}" : $", no datagrams joined at {device}: {why}";
        }

        _joining = new Joining(joined);
        _reader = new TunReader(_device);
        _writer = new TunWriter(_device, options.Offload);
    }

    public string Name => _device.Name;

    public TunOffloads Offloads => _device.Offloads;

    public string Description => $"{Name} with {(Offloads == TunOffloads.None ? "no offloads" : Offloads.ToString())}{_joined}";

    public Action<string>? Note
    {
        get => _writer.Note;
        set => _writer.Note = value;
    }

    public long Joined => _reader.Splits;

    public long Merged => _writer.Merged;

    public int Fd => _device.Fd;

    public long Drops => _device.WriteDrops;

    public long Refused
    {
        get
        {
            long sum = 0;
            for (OffloadVerdict verdict = OffloadVerdict.BadVirtioHeader; verdict <= OffloadVerdict.BadSegmentSize; verdict++)
                sum += _reader.Refused(verdict);
            return sum;
        }
    }

    public int Take()
    {
        long splits = _reader.Splits;
        int packets = _reader.Take();
        _joining.Took(_reader.Reads - (int)(_reader.Splits - splits), packets);
        return packets;
    }

    public bool MayHaveMore => _reader.MayHaveMore;

    public bool CanAskAgain => _reader.CanAskAgain;

    public Span<byte> Packet(int i) => _reader.Packet(i);

    /// <summary>The kernel's routes know.</summary>
    public void Learn(int i, in IpAddress source)
    {
    }

    public bool Give(ReadOnlySpan<byte> packet, in IpAddress destination)
    {
        _writer.Give(packet);
        return true;
    }

    public void Flush() => _writer.Flush();

    public void Dispose()
    {
        _joining.Dispose();
        _device.Dispose();
    }
}
