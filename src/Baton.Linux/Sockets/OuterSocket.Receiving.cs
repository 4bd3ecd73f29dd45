using System.Runtime.InteropServices;
using Baton.Wire;

namespace Baton.Linux.Sockets;

/// <summary>The way in. A message of UDP_GRO is many datagrams of one size, the last perhaps shorter; they are looked at where they lie.</summary>
public sealed unsafe partial class OuterSocket
{
    /// <summary>The longest message of UDP_GRO.</summary>
    private const int LongestMessage = 65_535;

    private readonly ArrivalOf[] _arrivals;
    private int _current;
    private int _currentFirst;
    private int _idle;
    private int _filled;

    /// <summary>What is the same for all datagrams of a message.</summary>
    private struct ArrivalOf
    {
        public UdpEndpoint From;
        public UdpEndpoint To;
        public int SegmentBytes;
        public int Count;
        public byte TrafficClass;
        public bool IsCut;
    }

    /// <summary>Messages that were more than one datagram.</summary>
    public long JoinedMessages { get; private set; }

    /// <summary>The last <see cref="Receive"/> filled its batch: more may wait.</summary>
    public bool MayHaveMore => _filled == _in.Count;

    /// <summary>Takes what waits, at most a batch of messages. The packets that they are; 0: nothing waits.</summary>
    public int Receive()
    {
        _in.Prepare(_filled);
        _filled = 0;
        (_current, _currentFirst) = (0, 0);
        for (int attempt = 0; attempt < 4; attempt++)
        {
            int got = Libc.ReceiveMessages(_fd, _in.Messages, (uint)_in.Count, Libc.MSG_DONTWAIT, null);
            if (got >= 0)
                return ReadEnvelopes(got);
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

    /// <summary>The i-th packet of the last <see cref="Receive"/>, best asked for in ascending order: a datagram's payload, or the ESP packet.
    /// May be changed in place; empty when it was too long.</summary>
    public Span<byte> Packet(int i)
    {
        int segment = Locate(i);
        Libc.Message* message = _in.Messages + _current;
        int size = _arrivals[_current].SegmentBytes;
        int at = segment * size;
        int length = (int)message->Transferred - at;
        if (size != 0)
            length = Math.Min(length, size);
        if (_arrivals[_current].IsCut || length > PacketBytes)
            return default;

        var packet = new Span<byte>(_in.Bytes + (_current * _in.PacketBytes) + at, length);
        if (Kind != OuterKind.RawEsp || !_isV4)
            return packet;
        return IpPacket.TryParse(packet, out _) ? packet[((packet[0] & 15) * 4)..] : default;
    }

    public UdpEndpoint From(int i)
    {
        Locate(i);
        return _arrivals[_current].From;
    }

    /// <summary>Which of our addresses the i-th packet came to, and its traffic class (DSCP and ECN).</summary>
    public void Envelope(int i, out UdpEndpoint to, out byte trafficClass)
    {
        Locate(i);
        (to, trafficClass) = (_arrivals[_current].To, _arrivals[_current].TrafficClass);
    }

    private int ReadEnvelopes(int messages)
    {
        int packets = 0;
        _filled = messages;
        for (int i = 0; i < messages; i++)
        {
            ref ArrivalOf arrival = ref _arrivals[i];
            ControlData.Read(_in.Controls + (i * ControlData.Room), _in.Messages[i].ControlLength, out IpAddress to, out arrival.TrafficClass, out int size);
            byte* name = _in.Names + (i * _in.NameRoom);
            arrival.From = _unix is null ? UdpEndpoint.Read(name) : UdpEndpoint.ReadUnix(name);
            if (Kind == OuterKind.RawEsp)
                arrival.From = arrival.From with { Port = 0 };
            arrival.To = Local with { Address = to == default ? Local.Address : to };
            int length = (int)_in.Messages[i].Transferred;
            bool isJoined = size > 0 && size < length;
            (arrival.SegmentBytes, arrival.Count) = isJoined ? (size, (length + size - 1) / size) : (0, 1);
            JoinedMessages += isJoined ? 1 : 0;
            packets += arrival.Count;
            arrival.IsCut = (_in.Messages[i].Flags & Libc.MSG_TRUNC) != 0;
            Truncated += arrival.IsCut ? arrival.Count : TooLong(length, size, arrival.Count);
        }

        return packets;
    }

    /// <summary>Of datagrams that came as one message all have one size, but the last may be shorter.</summary>
    private int TooLong(int length, int size, int count)
    {
        int last = length - ((count - 1) * size);
        return (count > 1 && size > PacketBytes ? count - 1 : 0) + (last > PacketBytes ? 1 : 0);
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
