using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Baton.Wire;
using Baton.Wire.Offload;

namespace Baton.Linux.EspRuns;

/// <summary>The way in: a frame of the pair is one ESP packet in UDP, or many of one size, the last perhaps shorter, behind one header.</summary>
public sealed unsafe partial class EspRunSocket
{
    private readonly ArrivalOf[] _arrivals;
    private int _current;
    private int _currentFirst;
    private int _filled;

    private struct ArrivalOf
    {
        public UdpEndpoint From;
        public UdpEndpoint To;

        /// <summary>Of the first packet, from the message's start.</summary>
        public int At;
        public int Bytes;
        public int SegmentBytes;
        public int Count;
        public byte TrafficClass;
    }

    public long JoinedMessages { get; private set; }

    public bool MayHaveMore => _filled == _in.Count;

    public int Receive()
    {
        _filled = 0;
        (_current, _currentFirst) = (0, 0);
        for (int attempt = 0; attempt < 4; attempt++)
        {
            int got = Libc.ReceiveMessages(_fd, _in.Messages, (uint)_in.Count, Libc.MSG_DONTWAIT, null);
            if (got >= 0)
                return ReadFrames(got);
            int errno = Marshal.GetLastPInvokeError();
            if (errno == Libc.EINTR)
                continue;
            Heed(errno);
            return 0;
        }

        return 0;
    }

    public Span<byte> Packet(int i)
    {
        int segment = Locate(i);
        ref ArrivalOf arrival = ref _arrivals[_current];
        int at = segment * arrival.SegmentBytes;
        int length = Math.Min(arrival.SegmentBytes, arrival.Bytes - at);
        return length > PacketBytes ? default : new Span<byte>(_in.Bytes + (_current * _in.PacketBytes) + arrival.At + at, length);
    }

    public UdpEndpoint From(int i)
    {
        Locate(i);
        return _arrivals[_current].From;
    }

    public void Envelope(int i, out UdpEndpoint to, out byte trafficClass)
    {
        Locate(i);
        (to, trafficClass) = (_arrivals[_current].To, _arrivals[_current].TrafficClass);
    }

    private int ReadFrames(int messages)
    {
        int packets = 0;
        _filled = messages;
        for (int i = 0; i < messages; i++)
        {
            ref ArrivalOf arrival = ref _arrivals[i];
            var frame = new ReadOnlySpan<byte>(_in.Bytes + (i * _in.PacketBytes), Math.Min((int)_in.Messages[i].Transferred, _in.PacketBytes));
            _in.Messages[i].Flags = 0;
            if (!TryRead(frame, ref arrival))
            {
                arrival.Count = 0;  // not ours: neither ESP nor anything that a peer could have sent here
                continue;
            }

            packets += arrival.Count;
            JoinedMessages += arrival.Count > 1 ? 1 : 0;
            if (arrival.SegmentBytes > PacketBytes)
                Truncated += arrival.Bytes % arrival.SegmentBytes is > 0 and var last && last <= PacketBytes ? arrival.Count - 1 : arrival.Count;
        }

        return packets;
    }

    private static bool TryRead(ReadOnlySpan<byte> frame, ref ArrivalOf arrival)
    {
        const int Ip = VirtioBytes + Ethernet;
        if (!VirtioHeader.TryParse(frame, out VirtioHeader virtio) || frame.Length < Ip + V4 + Udp)
            return false;
        ReadOnlySpan<byte> ip = frame[Ip..];
        int length;
        IpAddress from;
        IpAddress to;
        if (ip[0] == 0x45 && ip[9] == 17)
        {
            if (InternetChecksum.Finish(InternetChecksum.Add(0, ip[..V4])) != 0)
                return false;  // the stack, which would have dropped it (RFC 1122 3.2.1.2), has not seen it
            (from, to) = (IpAddress.V4(BinaryPrimitives.ReadUInt32BigEndian(ip[12..])), IpAddress.V4(BinaryPrimitives.ReadUInt32BigEndian(ip[16..])));
            (arrival.TrafficClass, arrival.At, length) = (ip[1], Ip + V4 + Udp, BinaryPrimitives.ReadUInt16BigEndian(ip[2..]) - V4 - Udp);
        }
        else if (ip[0] >> 4 == 6 && ip[6] == 17 && ip.Length >= V6 + Udp)
        {
            (from, to) = (IpAddress.V6(ip[8..]), IpAddress.V6(ip[24..]));
            (arrival.TrafficClass, arrival.At, length) = ((byte)(ip[0] << 4 | ip[1] >> 4), Ip + V6 + Udp, BinaryPrimitives.ReadUInt16BigEndian(ip[4..]) - Udp);
        }
        else
        {
            return false;
        }

        if (length <= 0 || arrival.At + length > frame.Length)
            return false;
        arrival.From = new UdpEndpoint(from, 0);
        arrival.To = new UdpEndpoint(to, 0);
        arrival.Bytes = length;
        bool isJoined = virtio.Kind == SegmentationKind.Udp && virtio.SegmentSize > 0 && virtio.SegmentSize < length;
        (arrival.SegmentBytes, arrival.Count) = isJoined ? (virtio.SegmentSize, (length + virtio.SegmentSize - 1) / virtio.SegmentSize) : (length, 1);
        return true;
    }

    /// <summary>Moves to the message that has the i-th packet. Returns the packet's place in it.</summary>
    private int Locate(int i)
    {
        if (i < _currentFirst)
            (_current, _currentFirst) = (0, 0);
        while (i - _currentFirst >= _arrivals[_current].Count)
            _currentFirst += _arrivals[_current++].Count;
        return i - _currentFirst;
    }
}
