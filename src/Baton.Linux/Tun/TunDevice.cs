using System.Runtime.InteropServices;
using System.Text;
using Baton.Wire.Offload;

namespace Baton.Linux.Tun;

/// <summary>What a TUN device hands over unsplit and unsummed. Older kernels lack some (USO came with 6.2).</summary>
[Flags]
public enum TunOffloads
{
    None = 0,
    Checksum = 1,
    Tcp = 2,
    Udp = 4,
}

/// <summary>A layer 3 TUN device with a virtio header before each packet (Documentation/networking/tuntap.rst). One owner thread.</summary>
/// <remarks>
/// Made with IFF_TUN, IFF_NO_PI and IFF_VNET_HDR; offloads are probed from the most to the least. Non-blocking: read until it would block.
/// Needs CAP_NET_ADMIN, unless the device exists, persists, and belongs to this user.
/// </remarks>
public sealed unsafe class TunDevice : IDisposable
{
    /// <summary>The longest read: a super-packet of 64 KiB and its virtio header.</summary>
    public const int ReadBytes = VirtioHeader.Length + 65_535;

    private int _fd;

    private TunDevice(int fd, string name, TunOffloads offloads) => (_fd, Name, Offloads) = (fd, name, offloads);

    /// <summary>As the kernel calls it: a pattern like "baton%d" is filled in.</summary>
    public string Name { get; }

    public TunOffloads Offloads { get; }

    /// <summary>For <see cref="Poller"/>.</summary>
    public int Fd => _fd;

    /// <summary>Packets that the kernel did not take: the device is down, or a packet was malformed.</summary>
    public long WriteDrops { get; private set; }

    /// <summary>Makes the device, or attaches to one that persists.</summary>
    /// <param name="offloads">What to ask for at most.</param>
    /// <exception cref="IOException">It cannot be had; the text says what is missing.</exception>
    public static TunDevice Open(string name, TunOffloads offloads = TunOffloads.Checksum | TunOffloads.Tcp | TunOffloads.Udp)
    {
        if (Encoding.UTF8.GetByteCount(name) is 0 or > 15)
            throw new IOException($"'{name}' is no name for a network device: 1 to 15 bytes");
        int fd = Libc.Open("/dev/net/tun", Libc.O_RDWR | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
        if (fd < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            throw Libc.Failure("Cannot open /dev/net/tun: load the module 'tun', and in a container give the device", errno);
        }

        var request = new Libc.InterfaceRequest { Flags = Libc.IFF_TUN | Libc.IFF_NO_PI | Libc.IFF_VNET_HDR };
        Encoding.UTF8.GetBytes(name, new Span<byte>(request.Name, 15));
        if (Libc.Control(fd, Libc.TUNSETIFF, &request) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            _ = Libc.Close(fd);
            string advice = errno switch
            {
                Libc.EBUSY => "another process holds it",
                Libc.EINVAL => "a device of this name exists and is no TUN device, or was made with other flags: remove it with 'ip link del'",
                _ => "it needs CAP_NET_ADMIN, or a persistent device that belongs to this user ('ip tuntap add mode tun vnet_hdr user USER')",
            };
            throw Libc.Failure($"Cannot attach to the TUN device {name}: {advice}", errno);
        }

        int headerLength = VirtioHeader.Length;
        _ = Libc.Control(fd, Libc.TUNSETVNETHDRSZ, &headerLength);  // the default; said so that a change of it cannot surprise
        string real = Encoding.UTF8.GetString(new ReadOnlySpan<byte>(request.Name, 16)).TrimEnd('\0');
        return new TunDevice(fd, real, Probe(fd, offloads));
    }

    /// <summary>A persistent device stays when its last holder closes it: what was routed into it waits for the next one.</summary>
    public void SetPersistent(bool persistent)
    {
        if (Libc.Control(_fd, Libc.TUNSETPERSIST, persistent ? 1u : 0u) != 0)
            throw Libc.Failure($"Cannot change the persistence of {Name}", Marshal.GetLastPInvokeError());
    }

    /// <summary>Lets a user without CAP_NET_ADMIN attach to it later.</summary>
    public void SetOwner(uint user)
    {
        if (Libc.Control(_fd, Libc.TUNSETOWNER, user) != 0)
            throw Libc.Failure($"Cannot change the owner of {Name}", Marshal.GetLastPInvokeError());
    }

    /// <summary>Reads one virtio header with its packet. 0: nothing waits, or the device is down.</summary>
    /// <param name="buffer">At least <see cref="ReadBytes"/>: the kernel cuts what is longer.</param>
    public int Read(Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            nint got;
            do
                got = Libc.Read(_fd, bytes, (nuint)buffer.Length);
            while (got < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR);
            return (int)Math.Max(got, 0);
        }
    }

    /// <summary>Writes one packet: its parts in order, without copying. False: dropped and counted.</summary>
    /// <param name="header">Default for one whole packet with its checksums; else what describes the super-packet.</param>
    public bool Write(in VirtioHeader header, ReadOnlySpan<byte> packet)
    {
        byte* virtio = stackalloc byte[VirtioHeader.Length];
        header.Write(new Span<byte>(virtio, VirtioHeader.Length));
        fixed (byte* bytes = packet)
        {
            Libc.IoVector* vectors = stackalloc Libc.IoVector[2];
            vectors[0] = new Libc.IoVector { Base = virtio, Length = VirtioHeader.Length };
            vectors[1] = new Libc.IoVector { Base = bytes, Length = (nuint)packet.Length };
            nint wrote;
            do
                wrote = Libc.WriteVector(_fd, vectors, 2);
            while (wrote < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR);
            if (wrote >= 0)
                return true;
        }

        WriteDrops++;
        return false;
    }

    /// <summary>Writes a virtio header and the packet behind it. Not counted when it fails.</summary>
    internal bool TryWrite(ReadOnlySpan<byte> framed, out int errno)
    {
        errno = 0;
        fixed (byte* bytes = framed)
        {
            do
            {
                if (Libc.Write(_fd, bytes, (nuint)framed.Length) >= 0)
                    return true;
                errno = Marshal.GetLastPInvokeError();
            }
            while (errno == Libc.EINTR);
        }

        return false;
    }

    internal void CountDrops(int packets) => WriteDrops += packets;

    public void Dispose()
    {
        if (_fd >= 0)
            _ = Libc.Close(_fd);
        _fd = -1;
    }

    /// <summary>The most that this kernel grants of what is wanted.</summary>
    private static TunOffloads Probe(int fd, TunOffloads wanted)
    {
        if (!wanted.HasFlag(TunOffloads.Checksum))
            wanted = TunOffloads.None;
        foreach (TunOffloads without in (ReadOnlySpan<TunOffloads>)[TunOffloads.None, TunOffloads.Udp, TunOffloads.Udp | TunOffloads.Tcp])
        {
            TunOffloads attempt = wanted & ~without;
            uint bits = (attempt.HasFlag(TunOffloads.Checksum) ? Libc.TUN_F_CSUM : 0)
                | (attempt.HasFlag(TunOffloads.Tcp) ? Libc.TUN_F_TSO4 | Libc.TUN_F_TSO6 | Libc.TUN_F_TSO_ECN : 0)
                | (attempt.HasFlag(TunOffloads.Udp) ? Libc.TUN_F_USO4 | Libc.TUN_F_USO6 : 0);
            if (Libc.Control(fd, Libc.TUNSETOFFLOAD, bits) == 0)
                return attempt;
        }

        _ = Libc.Control(fd, Libc.TUNSETOFFLOAD, 0u);
        return TunOffloads.None;
    }
}
