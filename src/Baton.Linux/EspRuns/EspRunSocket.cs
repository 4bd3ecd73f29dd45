using System.Runtime.InteropServices;
using Baton.Linux.Sockets;

namespace Baton.Linux.EspRuns;

/// <summary>Raw ESP in runs: what UDP_SEGMENT and UDP_GRO are for ESP in UDP. Beside the ordinary raw sockets, to which goes, and at which comes, all that it does not know. One owner thread.</summary>
/// <remarks>
/// The wire sees bare ESP (protocol 50), each packet in a frame of its own. Ordinary: fragments and IP options, what is longer than the link takes, peers that are not behind an Ethernet
/// device or are on this machine, addresses that came to another device after the start, and errors (ICMP). The kernel's packet filter sees neither way (as with any packet socket).
/// </remarks>
public sealed unsafe partial class EspRunSocket : IOuterSocket
{
    private const int VirtioBytes = 10, Ethernet = 14, V4 = 20, V6 = 40, Udp = 8;

    /// <summary>virtio, Ethernet, IPv6, UDP.</summary>
    private const int HeaderRoom = 80;
    private const int LongestMessage = VirtioBytes + Ethernet + 65_535;

    private readonly EspPair _pair;
    private readonly EspRoutes _routes;
    private readonly OuterSocket[] _ordinary;
    private readonly int _linkMtu;
    private readonly MessageRing _in;
    private readonly MessageRing _out;
    private int _fd;

    private EspRunSocket(EspPair pair, int fd, IReadOnlyList<OuterSocket> ordinary, int linkMtu, int count)
    {
        (_pair, _fd, _ordinary, _linkMtu) = (pair, fd, [.. ordinary], linkMtu);
        _routes = new EspRoutes(pair.Link.Index);
        PacketBytes = ordinary[0].PacketBytes;
        _in = new MessageRing(count, LongestMessage);
        _arrivals = new ArrivalOf[count];
        _out = new MessageRing(count * 4, PacketBytes);
        _runs = new Run[_out.Count];
        _headers = (byte*)NativeMemory.AllocZeroed((nuint)_out.Count, HeaderRoom);
        _vectors = (Libc.IoVector*)NativeMemory.AllocZeroed((nuint)_out.Count * 2, (nuint)sizeof(Libc.IoVector));
        for (int i = 0; i < _out.Count; i++)
            _out.Messages[i] = new Libc.Message { Vectors = _vectors + (i * 2), VectorCount = 2 };
        for (int i = 0; i < count; i++)
            _in.Messages[i] = new Libc.Message { Vectors = _in.Vectors + i, VectorCount = 1 };
    }

    /// <summary>Makes one for these raw sockets, each bound to an address of its own.</summary>
    /// <param name="devices">Where ESP for them comes in.</param>
    /// <param name="linkMtu">What is longer, IP header included, goes the ordinary way.</param>
    /// <param name="why">Why there is none, for the log.</param>
    public static EspRunSocket? TryOpen(IReadOnlyList<OuterSocket> ordinary, IReadOnlyCollection<int> devices, int linkMtu, out string why, int kernelBufferBytes = 8 << 20, int count = 64)
    {
        why = "";
        if (ordinary.Any(s => s.IsAnyAddress))
            why = "it needs addresses in [outer] listen, not any";
        else if (devices.Count == 0)
            why = "no Ethernet device has the outer address";
        else if (!BitConverter.IsLittleEndian || RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64))
            why = "not on this processor";
        if (why.Length > 0)
            return null;
        EspPair? pair = null;
        try
        {
            pair = new EspPair([.. ordinary.Select(s => s.Local.Address.ToIPAddress())], devices);
            return new EspRunSocket(pair, Open(pair.Link.Index, kernelBufferBytes), ordinary, linkMtu, count);
        }
        catch (IOException e)
        {
            pair?.Dispose();
            why = e.Message;
            return null;
        }
    }

    public OuterKind Kind => OuterKind.RawEsp;

    public int Fd => _fd;

    public int PacketBytes { get; }

    public long SendDrops { get; private set; }

    public long Truncated { get; private set; }

    /// <summary>Packets that went the ordinary way.</summary>
    public long Ordinary { get; private set; }

    /// <summary>Somebody removed the pair or set it down: all goes, and comes, the ordinary way from then on.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Told once, in words for the log, when that is so.</summary>
    public Action<string>? Note { get; set; }

    private void Heed(int errno)
    {
        if (IsGone || errno is not (Libc.ENXIO or Libc.ENODEV or Libc.ENETDOWN))
            return;
        IsGone = true;
        _pair.TakeProgramsOff();
        Note?.Invoke($"raw ESP goes packet by packet from now on: {_pair.Link.Name} is gone or down, and somebody else did it");
    }

    public void Dispose()
    {
        if (_fd < 0)
            return;
        _ = Libc.Close(_fd);
        _fd = -1;
        _pair.Dispose();
        _routes.Dispose();
        _in.Dispose();
        _out.Dispose();
        NativeMemory.Free(_headers);
        NativeMemory.Free(_vectors);
    }

    private static int Open(int device, int kernelBufferBytes)
    {
        int fd = Libc.Socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, 0);
        if (fd < 0)
            throw Libc.Failure("no packet socket (CAP_NET_RAW)", Marshal.GetLastPInvokeError());
        int on = 1;
        int room = kernelBufferBytes;
        _ = Libc.SetSocketOption(fd, Libc.SOL_SOCKET, Libc.SO_RCVBUFFORCE, &room, 4);
        _ = Libc.SetSocketOption(fd, Libc.SOL_SOCKET, Libc.SO_SNDBUFFORCE, &room, 4);
        var address = new Libc.PacketAddress { Family = Libc.AF_PACKET, Protocol = Libc.ETH_P_ALL << 8, Index = device };
        if (Libc.SetSocketOption(fd, Libc.SOL_PACKET, Libc.PACKET_VNET_HDR, &on, 4) == 0
            && Libc.SetSocketOption(fd, Libc.SOL_PACKET, Libc.PACKET_IGNORE_OUTGOING, &on, 4) == 0
            && Libc.Bind(fd, (byte*)&address, (uint)sizeof(Libc.PacketAddress)) == 0)
        {
            return fd;
        }

        int errno = Marshal.GetLastPInvokeError();
        _ = Libc.Close(fd);
        throw Libc.Failure("no packet socket with virtio headers", errno);
    }
}
