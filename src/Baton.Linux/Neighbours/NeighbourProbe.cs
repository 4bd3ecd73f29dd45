using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Baton.Linux.Netlink;
using Baton.Wire;

namespace Baton.Linux.Neighbours;

/// <summary>Asks a neighbour for its link layer address, to learn that it lives: an ARP probe (RFC 5227 1.1) or a neighbour solicitation (RFC 4861 4.3). One owner thread.</summary>
/// <remarks>
/// The ARP probe has no sender address, so a member that has none but virtual ones can ask too, and nobody's cache changes. When the neighbour begins to answer, the kernel is made to
/// know it too: the first packet after a takeover then waits for no answer that may be lost. Needs CAP_NET_RAW and CAP_NET_ADMIN.
/// </remarks>
public sealed unsafe class NeighbourProbe : IDisposable
{
    private const int IcmpV6 = 58;
    private const ushort ArpNetworkOrder = 0x0608;

    private readonly string _device;
    private readonly IPAddress _address;
    private readonly bool _isV4;
    private readonly RouteNetlink _netlink = new();
    private readonly byte[] _target;
    private int _fd;
    private bool _answers;

    /// <exception cref="IOException">There is no such device, or a right is missing.</exception>
    public NeighbourProbe(string device, IPAddress address)
    {
        (_device, _address, _isV4) = (device, address, address.AddressFamily == AddressFamily.InterNetwork);
        _target = address.GetAddressBytes();
        int index = RouteNetlink.IndexOf(device);
        if (index == 0)
            throw new IOException($"there is no network device {device}");
        _fd = _isV4
            ? Libc.Socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, ArpNetworkOrder)
            : Libc.Socket(Libc.AF_INET6, Libc.SOCK_RAW | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, IcmpV6);
        if (_fd < 0)
            throw Libc.Failure("Cannot open a raw socket to probe a next hop (CAP_NET_RAW)", Marshal.GetLastPInvokeError());
        bool bound = _isV4 ? BindPackets(index) : BindDevice(device);
        if (!bound)
        {
            int errno = Marshal.GetLastPInvokeError();
            _ = Libc.Close(_fd);
            throw Libc.Failure($"Cannot bind a probe to {device}", errno);
        }
    }

    /// <summary>For <see cref="Poller"/>.</summary>
    public int Fd => _fd;

    /// <summary>Asks. False: the device did not take it (it is down, or gone).</summary>
    public bool Send()
    {
        int index = RouteNetlink.IndexOf(_device);
        if (index == 0 || _netlink.Link(index) is not { Hardware.Length: 6 } link)
            return false;
        byte* to = stackalloc byte[UdpEndpoint.StorageLength];
        Span<byte> message = stackalloc byte[NeighbourFrames.MaximumLength];
        uint toLength;
        if (_isV4)
        {
            *(Libc.PacketAddress*)to = new Libc.PacketAddress { Family = Libc.AF_PACKET, Index = index, AddressLength = 6 };
            toLength = (uint)sizeof(Libc.PacketAddress);
            message = message[..NeighbourFrames.ArpProbe(message, link.Hardware, _address)];
        }
        else
        {
            Span<byte> group = stackalloc byte[16];
            NeighbourFrames.SolicitedNode(group, _address);
            toLength = new UdpEndpoint(IpAddress.V6(group), 0).Write(to);
            message = message[..NeighbourFrames.Solicitation(message, link.Hardware, _address)];
        }

        fixed (byte* bytes = message)
            return Libc.SendTo(_fd, bytes, (nuint)message.Length, Libc.MSG_DONTWAIT, to, toLength) == message.Length;
    }

    /// <summary>Takes what waits. True: the neighbour answered.</summary>
    public bool TakeAnswer()
    {
        byte* buffer = stackalloc byte[256];
        bool answered = false;
        while (true)
        {
            nint got = Libc.Receive(_fd, buffer, 256, Libc.MSG_DONTWAIT);
            if (got < 0)
                break;
            var bytes = new ReadOnlySpan<byte>(buffer, (int)got);
            answered |= _isV4 ? IsArpOf(bytes) : IsAdvertisementOf(bytes);
        }

        if (answered && !_answers && RouteNetlink.IndexOf(_device) is > 0 and int index)
            _netlink.TryResolve(index, _address);
        return _answers = answered;
    }

    public void Dispose()
    {
        if (_fd >= 0)
            _ = Libc.Close(_fd);
        _fd = -1;
        _netlink.Dispose();
    }

    /// <summary>Any ARP packet that it sent shows that it lives; it is the reply that we asked for.</summary>
    private bool IsArpOf(ReadOnlySpan<byte> frame) =>
        frame.Length >= 42 && frame[20] == 0 && frame[21] == 2 && frame.Slice(28, 4).SequenceEqual(_target);

    private bool IsAdvertisementOf(ReadOnlySpan<byte> message) =>
        message.Length >= 24 && message[0] == 136 && message.Slice(8, 16).SequenceEqual(_target);

    private bool BindPackets(int index)
    {
        var address = new Libc.PacketAddress { Family = Libc.AF_PACKET, Protocol = ArpNetworkOrder, Index = index };
        return Libc.Bind(_fd, (byte*)&address, (uint)sizeof(Libc.PacketAddress)) == 0;
    }

    private bool BindDevice(string device)
    {
        const int BindToDevice = 25, MulticastHops = 18, Filter = 1;
        uint* blocked = stackalloc uint[8];
        new Span<uint>(blocked, 8).Fill(uint.MaxValue);
        blocked[136 / 32] &= ~(1u << (136 % 32));  // all but neighbour advertisements (RFC 3542 3.2)
        _ = Libc.SetSocketOption(_fd, IcmpV6, Filter, blocked, 32);
        int hops = 255;
        _ = Libc.SetSocketOption(_fd, Libc.SOL_IPV6, MulticastHops, &hops, 4);
        byte[] name = [.. Encoding.UTF8.GetBytes(device), 0];
        fixed (byte* bytes = name)
            return Libc.SetSocketOption(_fd, Libc.SOL_SOCKET, BindToDevice, bytes, (uint)name.Length) == 0;
    }
}
