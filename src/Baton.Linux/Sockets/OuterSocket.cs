using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Baton.Wire;

namespace Baton.Linux.Sockets;

public enum OuterKind
{
    /// <summary>ESP in UDP (RFC 3948), or IKE.</summary>
    Udp,

    /// <summary>ESP as protocol 50 (RFC 4303), for peers without NAT between.</summary>
    RawEsp,

    /// <summary>Datagrams framed as in UDP, through a Unix socket of a backplane.</summary>
    Backplane,
}

/// <summary>How a UDP socket hands many datagrams to the kernel, or takes them, in one message (man 7 udp).</summary>
[Flags]
public enum OuterOffloads
{
    None = 0,

    /// <summary>UDP_SEGMENT.</summary>
    Send = 1,

    /// <summary>UDP_GRO.</summary>
    Receive = 2,

    All = Send | Receive,
}

/// <summary>Told that a path takes no more than so many bytes an IP packet; <paramref name="quoted"/> is what the sender of the news shows of our packet's payload.</summary>
/// <param name="isLocal">Our own kernel says it (the link's MTU); else an ICMP message that anybody could have sent.</param>
public delegate void PathMtuNews(in IpAddress destination, int mtu, ReadOnlySpan<byte> quoted, bool isLocal);

/// <summary>A socket on the outer side, in batches: tells which of our addresses a packet came to and its traffic class, and sets both on what goes out. One owner thread.</summary>
/// <remarks>
/// IP_PKTINFO: the answer leaves from the address that the packet came to, which may be a virtual one. IP_FREEBIND: it may be bound before the address is here.
/// A packet of a raw socket over IPv4 is read with its IP header, which is cut off. The bytes to send lie one behind the other, so that a run of equal ones can
/// become one UDP_SEGMENT message. With UDP_GRO what comes is many datagrams a message, looked at where they lie. Nothing blocks, nothing is allocated a packet; what the kernel does not take is dropped and counted.
/// Raw sockets need CAP_NET_RAW, ports below 1024 CAP_NET_BIND_SERVICE.
/// </remarks>
public sealed unsafe partial class OuterSocket : IOuterSocket
{
    /// <summary>The largest packet where nothing else is asked for.</summary>
    public const int UsualPacketBytes = 2_048;

    private readonly MessageRing _in;
    private readonly MessageRing _out;
    private readonly bool _isV4;
    private readonly BackplaneEndPoint? _unix;
    private int _fd;

    /// <param name="local">The port is ignored for raw ESP. Port 0: the kernel's choice.</param>
    /// <param name="packetBytes">The largest packet, IP header of a raw IPv4 one included; longer ones are counted and dropped.</param>
    /// <param name="count">Messages a batch; each may be many packets where the kernel has the offloads.</param>
    /// <param name="offloads">What to use at most of what the kernel has.</param>
    public OuterSocket(
        IPEndPoint local, OuterKind kind, int count = 64, int packetBytes = UsualPacketBytes, int kernelBufferBytes = 8 << 20, OuterOffloads offloads = OuterOffloads.All)
    {
        _unix = local as BackplaneEndPoint;
        Kind = kind = _unix is null ? kind : OuterKind.Backplane;
        _isV4 = local.AddressFamily == AddressFamily.InterNetwork;
        _fd = _unix is null ? Open(kind, _isV4) : Backplane.OpenDatagram(_unix);
        if (!Set(Libc.SOL_SOCKET, Libc.SO_RCVBUFFORCE, kernelBufferBytes))
            Set(Libc.SOL_SOCKET, Libc.SO_RCVBUF, kernelBufferBytes);  // without CAP_NET_ADMIN: as much as net.core.rmem_max grants
        if (!Set(Libc.SOL_SOCKET, Libc.SO_SNDBUFFORCE, kernelBufferBytes))
            Set(Libc.SOL_SOCKET, Libc.SO_SNDBUF, kernelBufferBytes);
        Local = _unix is null ? BindIp(local) : UdpEndpoint.From(local);
        IsAnyAddress = local.Address.Equals(IPAddress.Any) || local.Address.Equals(IPAddress.IPv6Any);
        Offloads = kind == OuterKind.Udp ? Probe(offloads) : OuterOffloads.None;
        PacketBytes = packetBytes;
        _in = new MessageRing(count, Offloads.HasFlag(OuterOffloads.Receive) ? LongestMessage : packetBytes, _unix is not null);
        _filled = count;  // prepares all of them
        _arrivals = new ArrivalOf[count];
        _out = new MessageRing(Math.Max(count, Offloads.HasFlag(OuterOffloads.Send) ? count * 4 : count), packetBytes, _unix is not null);
        _runs = new Run[_out.Count];
    }

    private static int Open(OuterKind kind, bool isV4)
    {
        (int type, int protocol) = kind == OuterKind.Udp ? (Libc.SOCK_DGRAM, 0) : (Libc.SOCK_RAW, Libc.IPPROTO_ESP);
        int fd = Libc.Socket(isV4 ? Libc.AF_INET : Libc.AF_INET6, type | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, protocol);
        return fd >= 0 ? fd
            : throw Libc.Failure(kind == OuterKind.Udp ? "Cannot open a UDP socket" : "Cannot open a raw socket for ESP (CAP_NET_RAW)", Marshal.GetLastPInvokeError());
    }

    private UdpEndpoint BindIp(IPEndPoint local)
    {
        foreach ((int level, int option) in _isV4
            ? [(Libc.SOL_IP, Libc.IP_PKTINFO), (Libc.SOL_IP, Libc.IP_RECVTOS), (Libc.SOL_IP, Libc.IP_RECVERR), (Libc.SOL_IP, Libc.IP_FREEBIND)]
            : (ReadOnlySpan<(int, int)>)[(Libc.SOL_IPV6, Libc.IPV6_V6ONLY), (Libc.SOL_IPV6, Libc.IPV6_RECVPKTINFO), (Libc.SOL_IPV6, Libc.IPV6_RECVTCLASS),
                (Libc.SOL_IPV6, Libc.IPV6_RECVERR), (Libc.SOL_IPV6, Libc.IPV6_FREEBIND)])
        {
            Set(level, option, 1);
        }

        SetDontFragment(true);
        byte* name = stackalloc byte[UdpEndpoint.StorageLength];
        uint length = new UdpEndpoint(IpAddress.From(local.Address), Kind == OuterKind.Udp ? (ushort)local.Port : (ushort)0).Write(name, _isV4);
        if (Libc.Bind(_fd, name, length) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            _ = Libc.Close(_fd);
            throw Libc.Failure(Kind == OuterKind.Udp ? $"Cannot bind UDP {local}" : $"Cannot bind raw ESP to {local.Address}", errno);
        }

        length = UdpEndpoint.StorageLength;
        _ = Libc.GetSocketName(_fd, name, &length);
        UdpEndpoint bound = UdpEndpoint.Read(name);
        return Kind == OuterKind.RawEsp ? bound with { Port = 0 } : bound;
    }

    public OuterKind Kind { get; }

    public bool IsV4 => _isV4;

    /// <summary>Port 0 for raw ESP.</summary>
    public UdpEndpoint Local { get; }

    /// <summary>Bound to no address of its own: takes what comes to any.</summary>
    public bool IsAnyAddress { get; }

    /// <summary>For <see cref="Poller"/>.</summary>
    public int Fd => _fd;

    public int PacketBytes { get; }

    /// <summary>What this kernel has of what was asked for; less after one was refused while sending.</summary>
    public OuterOffloads Offloads { get; private set; }

    /// <summary>Packets that the kernel did not take: its queue full, the source address not here, no route.</summary>
    public long SendDrops { get; private set; }

    /// <summary>Packets longer than a buffer.</summary>
    public long Truncated { get; private set; }

    /// <summary>Something may wait in the error queue: ask <see cref="TakeErrors"/>.</summary>
    public bool HasErrors { get; private set; }

    /// <summary>Takes the error queue; tells what it says of path MTUs.</summary>
    public void TakeErrors(PathMtuNews news)
    {
        HasErrors = false;
        byte* bytes = stackalloc byte[512];
        byte* control = stackalloc byte[512];
        byte* name = stackalloc byte[UdpEndpoint.StorageLength];
        for (int i = 0; i < 256; i++)
        {
            var vector = new Libc.IoVector { Base = bytes, Length = 512 };
            var message = new Libc.Message
            {
                Name = name,
                NameLength = UdpEndpoint.StorageLength,
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = 512,
            };
            nint got = Libc.ReceiveMessage(_fd, &message, Libc.MSG_ERRQUEUE | Libc.MSG_DONTWAIT);
            if (got < 0)
                return;
            if (!ControlData.TryReadError(control, message.ControlLength, out Libc.ExtendedError error) || error.Errno != Libc.EMSGSIZE)
                continue;
            const byte Local = 1;
            news(UdpEndpoint.Read(name).Address, (int)Math.Min(error.Info, 65_535), new ReadOnlySpan<byte>(bytes, (int)got), error.Origin == Local);
        }

        HasErrors = true;
    }

    public void Dispose()
    {
        if (_fd < 0)
            return;
        _ = Libc.Close(_fd);
        _fd = -1;
        Backplane.Remove(_unix);
        _in.Dispose();
        _out.Dispose();
    }

    /// <summary>UDP_SEGMENT came with Linux 4.18, UDP_GRO with 5.0. A segment size of 0 asks for nothing yet.</summary>
    private OuterOffloads Probe(OuterOffloads wanted)
    {
        OuterOffloads granted = OuterOffloads.None;
        if (wanted.HasFlag(OuterOffloads.Send) && Set(Libc.SOL_UDP, Libc.UDP_SEGMENT, 0))
            granted |= OuterOffloads.Send;
        if (wanted.HasFlag(OuterOffloads.Receive) && Set(Libc.SOL_UDP, Libc.UDP_GRO, 1))
            granted |= OuterOffloads.Receive;
        return granted;
    }

    private bool Set(int level, int option, int value) => Libc.SetSocketOption(_fd, level, option, &value, 4) == 0;

    private void SetDontFragment(bool dontFragment)
    {
        int how = dontFragment ? Libc.PMTUDISC_PROBE : Libc.PMTUDISC_OMIT;
        if (_isV4)
            Set(Libc.SOL_IP, Libc.IP_MTU_DISCOVER, how);
        else
            Set(Libc.SOL_IPV6, Libc.IPV6_MTU_DISCOVER, how);
        _dontFragment = dontFragment;
    }
}
