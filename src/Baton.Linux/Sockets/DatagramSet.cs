using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Baton.Linux.Sockets;

/// <summary>Many UDP sockets that come and go, behind one descriptor (man 7 epoll), with buffers that they share. One owner thread.</summary>
/// <remarks>
/// <see cref="Wait"/>, then for each ready one <see cref="Receive"/>, then <see cref="Packet"/> and <see cref="From"/> until the next call. Nothing blocks; what the kernel does not
/// take is dropped and counted.
///
/// SO_REUSEADDR: several processes may have the same address and port, and the one that bound it last is given what comes. So a successor takes a port by binding it, and
/// whoever had it before gets nothing, also when it was only paused and does not know.
/// </remarks>
public sealed unsafe class DatagramSet : IDisposable
{
    private const int AtOnce = 64;
    private const int Batch = 16;

    private readonly int _packetBytes;
    private readonly byte* _memory;
    private readonly Libc.Message* _in;
    private readonly byte* _names;
    private readonly byte* _buffers;
    private readonly byte* _fired;
    private readonly HashSet<int> _open = [];
    private readonly HashSet<int> _bound = [];
    private int _epoll;

    /// <param name="packetBytes">Of a buffer; a longer datagram is counted and dropped.</param>
    public DatagramSet(int packetBytes = 2_048)
    {
        _packetBytes = packetBytes;
        _epoll = Libc.EpollCreate(Libc.EPOLL_CLOEXEC);
        if (_epoll < 0)
            throw Libc.Failure("Cannot make an epoll descriptor", Marshal.GetLastPInvokeError());
        nuint each = (nuint)(sizeof(Libc.Message) + sizeof(Libc.IoVector) + 32 + packetBytes);
        _memory = (byte*)NativeMemory.AllocZeroed((Batch * each) + (nuint)(AtOnce * Libc.EpollEvents.Stride), 1);
        _in = (Libc.Message*)_memory;
        var vectors = (Libc.IoVector*)(_in + Batch);
        _names = (byte*)(vectors + Batch);
        _buffers = _names + (Batch * 32);
        _fired = _buffers + (Batch * packetBytes);
        for (int i = 0; i < Batch; i++)
        {
            vectors[i] = new Libc.IoVector { Base = _buffers + (i * packetBytes), Length = (nuint)packetBytes };
            _in[i] = new Libc.Message { Name = _names + (i * 32), Vectors = vectors + i, VectorCount = 1 };
        }
    }

    /// <summary>For <see cref="Poller"/>: readable when a socket is.</summary>
    public int Fd => _epoll;

    /// <summary>Sockets that have an address.</summary>
    public int Count => _bound.Count;

    /// <summary>Datagrams that the kernel did not take.</summary>
    public long SendDrops { get; private set; }

    /// <summary>Datagrams longer than a buffer.</summary>
    public long Truncated { get; private set; }

    /// <summary>Binds a socket; from now on what comes to the address is given to it. It may be bound before the address is here.</summary>
    /// <param name="token">Comes back from <see cref="Ready"/>.</param>
    /// <returns>Names the socket; negative: it could not be, and <paramref name="error"/> says why.</returns>
    public int Open(IPEndPoint local, int token, out string error)
    {
        int socket = Prepare(local.AddressFamily, token, out error);
        if (socket < 0 || TryBind(socket, local, out error))
            return socket;
        Close(socket);
        return -1;
    }

    /// <summary>Makes a socket that has no address yet, which is most of the work of opening one: <see cref="TryBind"/> is one call of the kernel.</summary>
    /// <returns>Names the socket; negative: it could not be, and <paramref name="error"/> says why.</returns>
    public int Prepare(AddressFamily family, int token, out string error)
    {
        bool isV4 = family == AddressFamily.InterNetwork;
        int fd = Libc.Socket(isV4 ? Libc.AF_INET : Libc.AF_INET6, Libc.SOCK_DGRAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, 0);
        int on = 1;
        byte* wanted = stackalloc byte[16];
        new Span<byte>(wanted, 16).Clear();
        *(uint*)wanted = Libc.EPOLLIN;
        *(int*)(wanted + Libc.EpollEvents.DataAt) = token;
        *(int*)(wanted + Libc.EpollEvents.DataAt + 4) = fd;
        if (fd >= 0
            && Libc.SetSocketOption(fd, Libc.SOL_SOCKET, Libc.SO_REUSEADDR, &on, 4) == 0
            && (isV4 ? Libc.SetSocketOption(fd, Libc.SOL_IP, Libc.IP_FREEBIND, &on, 4) : Libc.SetSocketOption(fd, Libc.SOL_IPV6, Libc.IPV6_FREEBIND, &on, 4)) == 0
            && Libc.EpollControl(_epoll, Libc.EPOLL_CTL_ADD, fd, wanted) == 0)
        {
            _open.Add(fd);
            error = "";
            return fd;
        }

        error = Libc.Failure("Cannot make a UDP socket", Marshal.GetLastPInvokeError()).Message;
        if (fd >= 0)
            _ = Libc.Close(fd);
        return -1;
    }

    /// <summary>Gives a prepared socket its address. False: it stays without one, and <paramref name="error"/> says why.</summary>
    public bool TryBind(int socket, IPEndPoint local, out string error)
    {
        byte* name = stackalloc byte[UdpEndpoint.StorageLength];
        if (Libc.Bind(socket, name, UdpEndpoint.From(local).Write(name)) == 0)
        {
            _bound.Add(socket);
            error = "";
            return true;
        }

        error = Libc.Failure($"Cannot bind UDP {local}", Marshal.GetLastPInvokeError()).Message;
        return false;
    }

    public void Close(int socket)
    {
        _bound.Remove(socket);
        if (_open.Remove(socket))
            _ = Libc.Close(socket);  // and so it is out of the epoll set
    }

    /// <summary>How many sockets have packets, a bounded number a call.</summary>
    public int Wait() => Math.Max(0, Libc.EpollWait(_epoll, _fired, AtOnce, 0));

    /// <summary>The i-th of them.</summary>
    public (int Socket, int Token) Ready(int i)
    {
        byte* data = _fired + (i * Libc.EpollEvents.Stride) + Libc.EpollEvents.DataAt;
        return (*(int*)(data + 4), *(int*)data);
    }

    /// <summary>Takes what waits at a socket, at most a batch. 0: nothing, or it was closed meanwhile.</summary>
    public int Receive(int socket)
    {
        if (!_open.Contains(socket))
            return 0;
        for (int i = 0; i < Batch; i++)
        {
            _in[i].NameLength = UdpEndpoint.StorageLength;
            _in[i].Flags = 0;
        }

        // ECONNREFUSED tells of an earlier datagram that nobody took. Ask again.
        for (int attempt = 0; attempt < 4; attempt++)
        {
            int got = Libc.ReceiveMessages(socket, _in, Batch, Libc.MSG_DONTWAIT, null);
            if (got >= 0)
                return got;
            if (Marshal.GetLastPInvokeError() is not (Libc.EINTR or Libc.ECONNREFUSED))
                return 0;
        }

        return 0;
    }

    /// <summary>The whole buffer of the i-th packet of the last <see cref="Receive"/>: it may be changed in place, and grow.</summary>
    /// <param name="length">Of the packet; 0 when it was too long.</param>
    public Span<byte> Packet(int i, out int length)
    {
        bool whole = (_in[i].Flags & Libc.MSG_TRUNC) == 0;
        length = whole ? (int)_in[i].Transferred : 0;
        if (!whole)
            Truncated++;
        return new Span<byte>(_buffers + (i * _packetBytes), _packetBytes);
    }

    public UdpEndpoint From(int i) => UdpEndpoint.Read(_names + (i * 32));

    /// <summary>Sends at once.</summary>
    public void Send(int socket, ReadOnlySpan<byte> packet, in UdpEndpoint to)
    {
        byte* name = stackalloc byte[UdpEndpoint.StorageLength];
        fixed (byte* bytes = packet)
        {
            var vector = new Libc.IoVector { Base = bytes, Length = (nuint)packet.Length };
            var message = new Libc.Message { Name = name, NameLength = to.Write(name), Vectors = &vector, VectorCount = 1 };
            for (int attempt = 0; attempt < 4; attempt++)
            {
                if (Libc.SendMessages(socket, &message, 1, Libc.MSG_DONTWAIT) == 1)
                    return;
                if (Marshal.GetLastPInvokeError() is not (Libc.EINTR or Libc.ECONNREFUSED))
                    break;
            }
        }

        SendDrops++;
    }

    public void Dispose()
    {
        if (_epoll < 0)
            return;
        foreach (int fd in _open)
            _ = Libc.Close(fd);
        _open.Clear();
        _bound.Clear();
        _ = Libc.Close(_epoll);
        _epoll = -1;
        NativeMemory.Free(_memory);
    }
}
