using System.Net;
using System.Runtime.InteropServices;
using Baton.Linux.Sockets;
using Baton.Wire;

namespace Baton.Linux;

/// <summary>A UDP socket, or a datagram socket of a backplane, that takes and gives packets in batches, from buffers of its own (man 2 recvmmsg, sendmmsg). One owner thread.</summary>
/// <remarks>
/// Receiving: <see cref="Receive"/>, then <see cref="Packet"/> and <see cref="From"/> for each until the next call.
/// Sending: <see cref="Reserve"/> a buffer, fill it, <see cref="Queue"/> it; <see cref="Flush"/> sends all, and so does a full queue.
/// Nothing blocks and nothing is allocated; what the kernel does not take is dropped and counted.
/// </remarks>
public sealed unsafe class UdpBatch : IDisposable
{
    private readonly int _count;
    private readonly int _packetBytes;
    private readonly byte* _memory;
    private readonly Libc.Message* _in;
    private readonly Libc.Message* _out;
    private readonly Libc.IoVector* _inVectors;
    private readonly Libc.IoVector* _outVectors;
    private readonly byte* _inNames;
    private readonly byte* _outNames;
    private readonly byte* _inBuffers;
    private readonly byte* _outBuffers;
    private readonly int _nameRoom;
    private readonly BackplaneEndPoint? _unix;
    private int _queued;
    private int _fd;

    /// <param name="packetBytes">The largest datagram; longer ones are counted and dropped.</param>
    public UdpBatch(IPEndPoint local, int count = 64, int packetBytes = 2_048, int kernelBufferBytes = 4 << 20)
    {
        (_count, _packetBytes, _unix) = (count, packetBytes, local as BackplaneEndPoint);
        _nameRoom = _unix is null ? 32 : 112;
        _fd = _unix is null ? OpenUdp(local) : Backplane.OpenDatagram(_unix);
        _ = Libc.SetSocketOption(_fd, Libc.SOL_SOCKET, Libc.SO_RCVBUF, &kernelBufferBytes, 4);
        _ = Libc.SetSocketOption(_fd, Libc.SOL_SOCKET, Libc.SO_SNDBUF, &kernelBufferBytes, 4);
        Local = UdpEndpoint.From(local);
        if (_unix is null)
        {
            byte* name = stackalloc byte[UdpEndpoint.StorageLength];
            uint length = UdpEndpoint.StorageLength;
            _ = Libc.GetSocketName(_fd, name, &length);
            Local = UdpEndpoint.Read(name);
        }

        nuint each = (nuint)(sizeof(Libc.Message) + sizeof(Libc.IoVector) + _nameRoom + packetBytes);
        _memory = (byte*)NativeMemory.AllocZeroed((nuint)count * 2, each);
        _in = (Libc.Message*)_memory;
        _out = _in + count;
        _inVectors = (Libc.IoVector*)(_out + count);
        _outVectors = _inVectors + count;
        _inNames = (byte*)(_outVectors + count);
        _outNames = _inNames + (count * _nameRoom);
        _inBuffers = _outNames + (count * _nameRoom);
        _outBuffers = _inBuffers + (count * packetBytes);
        for (int i = 0; i < count; i++)
        {
            _inVectors[i] = new Libc.IoVector { Base = _inBuffers + (i * packetBytes), Length = (nuint)packetBytes };
            _in[i] = new Libc.Message { Name = _inNames + (i * _nameRoom), Vectors = _inVectors + i, VectorCount = 1 };
            _outVectors[i] = new Libc.IoVector { Base = _outBuffers + (i * packetBytes) };
            _out[i] = new Libc.Message { Name = _outNames + (i * _nameRoom), Vectors = _outVectors + i, VectorCount = 1 };
        }
    }

    public UdpEndpoint Local { get; }

    /// <summary>For <see cref="Poller"/>.</summary>
    public int Fd => _fd;

    public int PacketBytes => _packetBytes;

    /// <summary>Datagrams that the kernel did not take (its queue full, nobody at the other end).</summary>
    public long SendDrops { get; private set; }

    /// <summary>Datagrams longer than a buffer.</summary>
    public long Truncated { get; private set; }

    /// <summary>Takes what waits, at most a batch. 0: nothing waits.</summary>
    public int Receive()
    {
        for (int i = 0; i < _count; i++)
        {
            _in[i].NameLength = (uint)(_unix is null ? UdpEndpoint.StorageLength : UdpEndpoint.UnixStorageLength);
            _in[i].Flags = 0;
            if (_unix is not null)
                *(ushort*)_in[i].Name = 0;
        }

        // ECONNREFUSED tells of an earlier datagram that nobody took: not of this socket's health. Ask again.
        for (int attempt = 0; attempt < 4; attempt++)
        {
            int got = Libc.ReceiveMessages(_fd, _in, (uint)_count, Libc.MSG_DONTWAIT, null);
            if (got >= 0)
            {
                for (int i = 0; i < got; i++)
                    Truncated += IsTooLong(i) ? 1 : 0;
                return got;
            }

            int errno = Marshal.GetLastPInvokeError();
            if (errno is not (Libc.EINTR or Libc.ECONNREFUSED))
                return 0;
        }

        return 0;
    }

    /// <summary>The i-th packet of the last <see cref="Receive"/>; empty when it was too long. May be changed in place.</summary>
    public Span<byte> Packet(int i) => IsTooLong(i) ? default : new Span<byte>(_inBuffers + (i * _packetBytes), (int)_in[i].Transferred);

    private bool IsTooLong(int i) => (_in[i].Flags & Libc.MSG_TRUNC) != 0;

    public UdpEndpoint From(int i)
    {
        byte* name = _inNames + (i * _nameRoom);
        return _unix is null ? UdpEndpoint.Read(name) : UdpEndpoint.ReadUnix(name);
    }

    /// <summary>The buffer of the next packet to send. Good until <see cref="Queue"/>; taking it twice gives the same.</summary>
    public Span<byte> Reserve()
    {
        if (_queued == _count)
            Flush();
        return new Span<byte>(_outBuffers + (_queued * _packetBytes), _packetBytes);
    }

    /// <summary>Queues the reserved buffer's first bytes.</summary>
    public void Queue(int length, in UdpEndpoint to)
    {
        Libc.Message* message = _out + _queued;
        _outVectors[_queued].Length = (nuint)length;
        byte* name = _outNames + (_queued * _nameRoom);
        message->NameLength = _unix is null ? to.Write(name) : to.WriteUnix(name);
        _queued++;
    }

    /// <summary>Copies and queues.</summary>
    public void Send(ReadOnlySpan<byte> packet, in UdpEndpoint to)
    {
        if (packet.Length > _packetBytes)
        {
            SendDrops++;
            return;
        }

        packet.CopyTo(Reserve());
        Queue(packet.Length, to);
    }

    public void Flush()
    {
        int sent = 0;
        while (sent < _queued)
        {
            int n = Libc.SendMessages(_fd, _out + sent, (uint)(_queued - sent), Libc.MSG_DONTWAIT);
            if (n > 0)
            {
                sent += n;
                continue;
            }

            int errno = Marshal.GetLastPInvokeError();
            if (errno == Libc.EINTR)
                continue;

            // The error belongs to the first that is left. A refused one told of an earlier datagram: this one was not tried.
            if (errno == Libc.ECONNREFUSED && Libc.SendMessages(_fd, _out + sent, 1, Libc.MSG_DONTWAIT) == 1)
            {
                sent++;
                continue;
            }

            if (_unix is not null && errno == Libc.EAGAIN && Backplane.TrySendPatiently(_fd, _out + sent))
            {
                sent++;
                continue;
            }

            SendDrops++;
            sent++;
        }

        _queued = 0;
    }

    public void Dispose()
    {
        if (_fd < 0)
            return;
        _ = Libc.Close(_fd);
        _fd = -1;
        Backplane.Remove(_unix);
        NativeMemory.Free(_memory);
    }

    private static int OpenUdp(IPEndPoint local)
    {
        int family = local.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? Libc.AF_INET : Libc.AF_INET6;
        int fd = Libc.Socket(family, Libc.SOCK_DGRAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, 0);
        if (fd < 0)
            throw Libc.Failure("Cannot open a UDP socket", Marshal.GetLastPInvokeError());
        byte* name = stackalloc byte[UdpEndpoint.StorageLength];
        uint length = UdpEndpoint.From(local).Write(name);
        if (Libc.Bind(fd, name, length) == 0)
            return fd;
        int errno = Marshal.GetLastPInvokeError();
        _ = Libc.Close(fd);
        throw Libc.Failure($"Cannot bind UDP {local}", errno);
    }
}
