using System.Runtime.InteropServices;

namespace Baton.Linux.Netlink;

/// <summary>Takes each message of an answer or of the kernel's news.</summary>
internal delegate void NetlinkSink(ushort type, ReadOnlySpan<byte> body);

/// <summary>A rtnetlink socket (man 7 netlink, man 7 rtnetlink). One owner thread.</summary>
internal sealed unsafe class NetlinkSocket : IDisposable
{
    private const ushort ErrorType = 2;
    private const ushort DoneType = 3;

    private readonly byte[] _buffer = new byte[65_536];
    private int _fd;

    /// <param name="groups">News to hear, a bit for each multicast group; 0: only answers.</param>
    public NetlinkSocket(uint groups = 0)
    {
        _fd = Libc.Socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, Libc.NETLINK_ROUTE);
        if (_fd < 0)
            throw Libc.Failure("Cannot open a netlink socket", Marshal.GetLastPInvokeError());
        var timeout = new Libc.TimeSpec { Seconds = 2 };  // struct timeval has the same size; the kernel answers within the call
        _ = Libc.SetSocketOption(_fd, Libc.SOL_SOCKET, Libc.SO_RCVTIMEO, &timeout, (uint)sizeof(Libc.TimeSpec));
        int room = 1 << 20;
        _ = Libc.SetSocketOption(_fd, Libc.SOL_SOCKET, Libc.SO_RCVBUF, &room, 4);
        var address = new Libc.NetlinkAddress { Family = Libc.AF_NETLINK, Groups = groups };
        if (Libc.Bind(_fd, (byte*)&address, (uint)sizeof(Libc.NetlinkAddress)) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            _ = Libc.Close(_fd);
            throw Libc.Failure("Cannot bind a netlink socket", errno);
        }
    }

    public int Fd => _fd;

    public NetlinkRequest Request { get; } = new();

    public uint NextSequence { get; private set; } = 1;

    /// <summary>Sends the request that was built and takes its answer to the end.</summary>
    /// <returns>0, or the error number that the kernel answered.</returns>
    public int Ask(NetlinkSink? sink = null)
    {
        uint sequence = NextSequence++;
        fixed (byte* bytes = Request.Bytes)
        {
            if (Libc.SendTo(_fd, bytes, (nuint)Request.Bytes.Length, 0, null, 0) < 0)
                return Marshal.GetLastPInvokeError();
        }

        while (true)
        {
            int got = Receive(0);
            if (got < 0)
                return -got;
            if (Take(_buffer.AsSpan(0, got), sequence, sink) is { } result)
                return result;
        }
    }

    /// <summary>Takes news that wait. False: the kernel had to drop some, so what is known must be asked for anew.</summary>
    public bool TakeNews(NetlinkSink sink)
    {
        while (true)
        {
            int got = Receive(Libc.MSG_DONTWAIT);
            if (got <= 0)
                return -got != Libc.ENOBUFS;
            _ = Take(_buffer.AsSpan(0, got), null, sink);
        }
    }

    public void Dispose()
    {
        if (_fd >= 0)
            _ = Libc.Close(_fd);
        _fd = -1;
    }

    private int Receive(int flags)
    {
        fixed (byte* bytes = _buffer)
        {
            while (true)
            {
                nint got = Libc.Receive(_fd, bytes, (nuint)_buffer.Length, flags);
                if (got >= 0)
                    return (int)got;
                int errno = Marshal.GetLastPInvokeError();
                if (errno != Libc.EINTR)
                    return -errno;
            }
        }
    }

    private static int? Take(ReadOnlySpan<byte> datagram, uint? sequence, NetlinkSink? sink)
    {
        while (datagram.Length >= 16)
        {
            Libc.NetlinkHeader header = MemoryMarshal.Read<Libc.NetlinkHeader>(datagram);
            if (header.Length < 16 || header.Length > datagram.Length)
                return null;
            ReadOnlySpan<byte> body = datagram[16..(int)header.Length];
            datagram = datagram[(int)Math.Min((uint)datagram.Length, (header.Length + 3) & ~3u)..];
            if (sequence is not null && header.Sequence != sequence)
                continue;  // of an earlier question that timed out
            if (header.Type == DoneType)
                return 0;
            if (header.Type == ErrorType)
                return body.Length >= 4 ? -MemoryMarshal.Read<int>(body) : Libc.EINVAL;
            sink?.Invoke(header.Type, body);
        }

        return null;
    }
}
