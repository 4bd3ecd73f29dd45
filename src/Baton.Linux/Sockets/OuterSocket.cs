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
}

/// <summary>Told that a path takes no more than so many bytes an IP packet; <paramref name="quoted"/> is what the sender of the news shows of our packet's payload.</summary>
/// <param name="isLocal">Our own kernel says it (the link's MTU); else an ICMP message that anybody could have sent.</param>
public delegate void PathMtuNews(in IpAddress destination, int mtu, ReadOnlySpan<byte> quoted, bool isLocal);

/// <summary>A socket on the outer side, in batches: tells which of our addresses a packet came to and its traffic class, and sets both on what goes out. One owner thread.</summary>
/// <remarks>
/// IP_PKTINFO: the answer leaves from the address that the packet came to, which may be a virtual one. IP_FREEBIND: it may be bound before the address is here.
/// A packet of a raw socket over IPv4 is read with its IP header, which is cut off. The bytes to send lie one behind the other, so that a run of equal ones can
/// become one UDP_SEGMENT message. Nothing blocks, nothing is allocated a packet; what the kernel does not take is dropped and counted.
/// Raw sockets need CAP_NET_RAW, ports below 1024 CAP_NET_BIND_SERVICE.
/// </remarks>
public sealed unsafe class OuterSocket : IDisposable
{
    private readonly MessageRing _in;
    private readonly MessageRing _out;
    private readonly bool _isV4;
    private int _fd;
    private int _queued;
    private int _outAt;
    private bool _dontFragment;
    private int _idle;

    /// <param name="local">The port is ignored for raw ESP. Port 0: the kernel's choice.</param>
    /// <param name="packetBytes">The largest packet, IP header of a raw IPv4 one included; longer ones are counted and dropped.</param>
    public OuterSocket(IPEndPoint local, OuterKind kind, int count = 64, int packetBytes = 2_048, int kernelBufferBytes = 4 << 20)
    {
        Kind = kind;
        _isV4 = local.AddressFamily == AddressFamily.InterNetwork;
        (int type, int protocol) = kind == OuterKind.Udp ? (Libc.SOCK_DGRAM, 0) : (Libc.SOCK_RAW, Libc.IPPROTO_ESP);
        _fd = Libc.Socket(_isV4 ? Libc.AF_INET : Libc.AF_INET6, type | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, protocol);
        if (_fd < 0)
            throw Libc.Failure(kind == OuterKind.Udp ? "Cannot open a UDP socket" : "Cannot open a raw socket for ESP (CAP_NET_RAW)", Marshal.GetLastPInvokeError());
        Set(Libc.SOL_SOCKET, Libc.SO_RCVBUF, kernelBufferBytes);
        Set(Libc.SOL_SOCKET, Libc.SO_SNDBUF, kernelBufferBytes);
        foreach ((int level, int option) in _isV4
            ? [(Libc.SOL_IP, Libc.IP_PKTINFO), (Libc.SOL_IP, Libc.IP_RECVTOS), (Libc.SOL_IP, Libc.IP_RECVERR), (Libc.SOL_IP, Libc.IP_FREEBIND)]
            : (ReadOnlySpan<(int, int)>)[(Libc.SOL_IPV6, Libc.IPV6_V6ONLY), (Libc.SOL_IPV6, Libc.IPV6_RECVPKTINFO), (Libc.SOL_IPV6, Libc.IPV6_RECVTCLASS),
                (Libc.SOL_IPV6, Libc.IPV6_RECVERR), (Libc.SOL_IPV6, Libc.IPV6_FREEBIND)])
        {
            Set(level, option, 1);
        }

        SetDontFragment(true);
        byte* name = stackalloc byte[UdpEndpoint.StorageLength];
        uint length = new UdpEndpoint(IpAddress.From(local.Address), kind == OuterKind.Udp ? (ushort)local.Port : (ushort)0).Write(name, _isV4);
        if (Libc.Bind(_fd, name, length) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            _ = Libc.Close(_fd);
            throw Libc.Failure(kind == OuterKind.Udp ? $"Cannot bind UDP {local}" : $"Cannot bind raw ESP to {local.Address}", errno);
        }

        length = UdpEndpoint.StorageLength;
        _ = Libc.GetSocketName(_fd, name, &length);
        Local = UdpEndpoint.Read(name);
        if (kind == OuterKind.RawEsp)
            Local = Local with { Port = 0 };
        IsAnyAddress = local.Address.Equals(IPAddress.Any) || local.Address.Equals(IPAddress.IPv6Any);
        (_in, _out) = (new MessageRing(count, packetBytes), new MessageRing(count, packetBytes));
    }

    public OuterKind Kind { get; }

    public bool IsV4 => _isV4;

    /// <summary>Port 0 for raw ESP.</summary>
    public UdpEndpoint Local { get; }

    /// <summary>Bound to no address of its own: takes what comes to any.</summary>
    public bool IsAnyAddress { get; }

    /// <summary>For <see cref="Poller"/>.</summary>
    public int Fd => _fd;

    public int PacketBytes => _out.PacketBytes;

    /// <summary>Packets that the kernel did not take: its queue full, the source address not here, no route.</summary>
    public long SendDrops { get; private set; }

    /// <summary>Packets longer than a buffer.</summary>
    public long Truncated { get; private set; }

    /// <summary>Something may wait in the error queue: ask <see cref="TakeErrors"/>.</summary>
    public bool HasErrors { get; private set; }

    /// <summary>Takes what waits, at most a batch. 0: nothing waits.</summary>
    public int Receive()
    {
        _in.Prepare();
        for (int attempt = 0; attempt < 4; attempt++)
        {
            int got = Libc.ReceiveMessages(_fd, _in.Messages, (uint)_in.Count, Libc.MSG_DONTWAIT, null);
            if (got >= 0)
                return got;
            int errno = Marshal.GetLastPInvokeError();
            if (errno == Libc.EAGAIN)
            {
                // An error that was told already leaves its message in the queue, and a poll comes back at once until it is taken.
                if ((++_idle & 63) == 0)
                    HasErrors = true;
                return 0;
            }

            // It tells of an earlier packet, not of this socket's health; more of it lies in the error queue. Ask again.
            if (errno != Libc.EINTR)
                HasErrors = true;
        }

        return 0;
    }

    /// <summary>The i-th packet of the last <see cref="Receive"/>: a datagram's payload, or the ESP packet. May be changed in place; empty when it was too long.</summary>
    public Span<byte> Packet(int i)
    {
        const int Trunc = 0x20;
        if ((_in.Messages[i].Flags & Trunc) != 0)
        {
            Truncated++;
            return default;
        }

        var packet = new Span<byte>(_in.Bytes + (i * _in.PacketBytes), (int)_in.Messages[i].Transferred);
        if (Kind != OuterKind.RawEsp || !_isV4)
            return packet;
        return IpPacket.TryParse(packet, out _) ? packet[((packet[0] & 15) * 4)..] : default;
    }

    public UdpEndpoint From(int i)
    {
        UdpEndpoint remote = UdpEndpoint.Read(_in.Names + (i * 32));
        return Kind == OuterKind.RawEsp ? remote with { Port = 0 } : remote;
    }

    /// <summary>Which of our addresses the i-th packet came to, and its traffic class (DSCP and ECN).</summary>
    public void Envelope(int i, out UdpEndpoint to, out byte trafficClass)
    {
        ControlData.Read(_in.Controls + (i * ControlData.Room), _in.Messages[i].ControlLength, out IpAddress address, out trafficClass);
        to = Local with { Address = address == default ? Local.Address : address };
    }

    /// <summary>The buffer of the next packet to send. Good until <see cref="Queue"/>; taking it twice gives the same.</summary>
    public Span<byte> Reserve()
    {
        if (_queued == _out.Count || _outAt + _out.PacketBytes > _out.Count * _out.PacketBytes)
            Flush();
        return new Span<byte>(_out.Bytes + _outAt, _out.PacketBytes);
    }

    /// <summary>Queues the reserved buffer's first bytes.</summary>
    /// <param name="from">Our address that it shall leave from; default: the bound one, or the kernel's choice.</param>
    /// <param name="trafficClass">DSCP and ECN of the outer header.</param>
    /// <param name="dontFragment">DF of an IPv4 header; over IPv6: whether this host may fragment. A change sends what is queued first.</param>
    public void Queue(int length, in UdpEndpoint to, in IpAddress from, byte trafficClass, bool dontFragment)
    {
        if (dontFragment != _dontFragment)
        {
            // What was queued goes with the old setting. The reserved bytes stay where they are.
            int at = _outAt;
            Flush();
            if (at != 0)
                new Span<byte>(_out.Bytes + at, length).CopyTo(new Span<byte>(_out.Bytes, length));
            SetDontFragment(dontFragment);
        }

        Libc.Message* message = _out.Messages + _queued;
        _out.Vectors[_queued] = new Libc.IoVector { Base = _out.Bytes + _outAt, Length = (nuint)length };
        message->NameLength = to.Write(_out.Names + (_queued * 32), _isV4);
        message->ControlLength = (nuint)ControlData.Write(_out.Controls + (_queued * ControlData.Room), _isV4, from, trafficClass);
        _outAt += length;
        _queued++;
    }

    public void Flush()
    {
        int sent = 0;
        while (sent < _queued)
        {
            int n = Libc.SendMessages(_fd, _out.Messages + sent, (uint)(_queued - sent), Libc.MSG_DONTWAIT);
            if (n > 0)
            {
                sent += n;
                continue;
            }

            int errno = Marshal.GetLastPInvokeError();
            if (errno == Libc.EINTR)
                continue;

            // The error is this packet's own (EAGAIN, ENOBUFS, EINVAL...) or, with IP_RECVERR, an earlier one's: try it once more by itself.
            if (errno is not (Libc.EAGAIN or Libc.ENOBUFS))
            {
                HasErrors = true;
                if (Libc.SendMessages(_fd, _out.Messages + sent, 1, Libc.MSG_DONTWAIT) == 1)
                {
                    sent++;
                    continue;
                }
            }

            SendDrops++;
            sent++;
        }

        (_queued, _outAt) = (0, 0);
    }

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
        _in.Dispose();
        _out.Dispose();
    }

    private void Set(int level, int option, int value) => _ = Libc.SetSocketOption(_fd, level, option, &value, 4);

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
