using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Baton.Linux.Netlink;
using Baton.Wire;

namespace Baton.Linux.Neighbours;

/// <summary>Tells the neighbours of a device that an address is here now (man 7 packet). One owner thread. Needs CAP_NET_RAW.</summary>
public sealed unsafe class Announcer : IDisposable
{
    private int _fd;

    public Announcer()
    {
        // Protocol 0: it only sends.
        _fd = Libc.Socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, 0);
        if (_fd < 0)
            throw Libc.Failure("Cannot open a packet socket for announcements (CAP_NET_RAW)", Marshal.GetLastPInvokeError());
    }

    /// <summary>Frames sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Sends a gratuitous ARP request and reply, or an unsolicited neighbour advertisement.</summary>
    /// <returns>False: the device has no Ethernet address (nobody caches), or it did not take the frame.</returns>
    public bool Announce(LinkState link, IPAddress address)
    {
        if (link.Hardware.Length != 6)
            return false;
        Span<byte> frame = stackalloc byte[NeighbourFrames.MaximumLength];
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return Send(link, frame[..NeighbourFrames.UnsolicitedAdvertisement(frame, link.Hardware, address, isRouter: true)]);
        bool sent = Send(link, frame[..NeighbourFrames.GratuitousArp(frame, link.Hardware, address, reply: false)]);
        return Send(link, frame[..NeighbourFrames.GratuitousArp(frame, link.Hardware, address, reply: true)]) && sent;
    }

    public void Dispose()
    {
        if (_fd >= 0)
            _ = Libc.Close(_fd);
        _fd = -1;
    }

    private bool Send(LinkState link, ReadOnlySpan<byte> frame)
    {
        var to = new Libc.PacketAddress { Family = Libc.AF_PACKET, Index = link.Index, AddressLength = 6 };
        fixed (byte* bytes = frame)
        {
            if (Libc.SendTo(_fd, bytes, (nuint)frame.Length, Libc.MSG_DONTWAIT, &to, (uint)sizeof(Libc.PacketAddress)) != frame.Length)
                return false;
        }

        Sent++;
        return true;
    }
}
