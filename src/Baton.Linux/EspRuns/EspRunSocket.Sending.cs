using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Baton.Linux.Sockets;
using Baton.Wire;
using Baton.Wire.Offload;

namespace Baton.Linux.EspRuns;

/// <summary>The way out: packets of one length in a row with the same envelope become one run behind one header, which the kernel cuts as it leaves the near device.</summary>
public sealed unsafe partial class EspRunSocket
{
    /// <summary>UDP_MAX_SEGMENTS of the kernels that have the fewest.</summary>
    private const int MostSegments = 64;
    private const int LongestRun = 65_535 - V4 - Udp;
    private const byte HopLimit = 64;

    private readonly Run[] _runs;
    private readonly byte* _headers;
    private readonly Libc.IoVector* _vectors;
    private int _queued;
    private int _outAt;
    private ushort _nextId = (ushort)Environment.TickCount;
    private Way _last;

    private struct Run
    {
        public int SegmentBytes;
        public int Bytes;
        public int Count;

        /// <summary>A shorter packet was its last.</summary>
        public bool IsClosed;
    }

    /// <summary>What all packets of a run share.</summary>
    private readonly record struct Way(IpAddress To, IpAddress From, byte TrafficClass, bool DontFragment);

    public long RunsSent { get; private set; }

    public Span<byte> Reserve()
    {
        if (_queued == _out.Count || _outAt + _out.PacketBytes > _out.Count * _out.PacketBytes)
            SendQueued();
        return new Span<byte>(_out.Bytes + _outAt, _out.PacketBytes);
    }

    public void Queue(int length, in UdpEndpoint to, in IpAddress from, byte trafficClass, bool dontFragment)
    {
        OuterSocket ordinary = OrdinaryFor(to.Address, from);
        IpAddress source = ordinary.Local.Address;
        int whole = length + (source.IsV4 ? V4 : V6);
        EspRoutes.Way way = !IsGone && source.IsV4 == to.Address.IsV4 && whole <= _linkMtu ? _routes.To(to.Address, source) : default;
        if (way.Device == 0 || whole > way.Mtu)
        {
            QueueOrdinary(ordinary, length, to, trafficClass, dontFragment);
            return;
        }

        var envelope = new Way(to.Address, source, trafficClass, dontFragment);
        if (_queued > 0 && envelope == _last && TryExtend(length))
            return;
        WriteHeader(_headers + (_queued * HeaderRoom), way.Device, envelope);
        Libc.IoVector* vectors = _vectors + (_queued * 2);
        vectors[0] = new Libc.IoVector { Base = _headers + (_queued * HeaderRoom), Length = (nuint)HeaderLength(source.IsV4) };
        vectors[1] = new Libc.IoVector { Base = _out.Bytes + _outAt, Length = (nuint)length };
        _runs[_queued] = new Run { SegmentBytes = length, Bytes = length, Count = 1 };
        _last = envelope;
        _outAt += length;
        _queued++;
    }

    public void Flush()
    {
        SendQueued();
        _routes.Refresh();
        if (_routes.IsPairDown)
            Heed(Libc.ENETDOWN);
    }

    private void SendQueued()
    {
        for (int i = 0; i < _queued; i++)
            Finish(i);
        int sent = 0;
        while (sent < _queued)
        {
            int n = Libc.SendMessages(_fd, _out.Messages + sent, (uint)(_queued - sent), Libc.MSG_DONTWAIT);
            if (n > 0)
            {
                for (int i = sent; i < sent + n; i++)
                    RunsSent += _runs[i].Count > 1 ? 1 : 0;
                sent += n;
                continue;
            }

            int errno = Marshal.GetLastPInvokeError();
            if (errno == Libc.EINTR)
                continue;
            Heed(errno);
            SendDrops += _runs[sent].Count;
            sent++;
        }

        (_queued, _outAt) = (0, 0);
    }

    private static int HeaderLength(bool isV4) => VirtioBytes + Ethernet + (isV4 ? V4 : V6) + Udp;

    /// <summary>The one that is bound to this address of ours; else the first of the family.</summary>
    private OuterSocket OrdinaryFor(in IpAddress to, in IpAddress from)
    {
        OuterSocket? usual = null;
        foreach (OuterSocket socket in _ordinary)
        {
            if (socket.IsV4 != to.IsV4)
                continue;
            if (socket.Local.Address == from)
                return socket;
            usual ??= socket;
        }

        return usual ?? _ordinary[0];  // of another family: the kernel refuses it, and it is counted
    }

    private void QueueOrdinary(OuterSocket ordinary, int length, in UdpEndpoint to, byte trafficClass, bool dontFragment)
    {
        // What was queued before it leaves before it. The reserved bytes stay where they are.
        int at = _outAt;
        SendQueued();
        new Span<byte>(_out.Bytes + at, length).CopyTo(ordinary.Reserve());
        ordinary.Queue(length, to, default, trafficClass, dontFragment);
        ordinary.Flush();
        Ordinary++;
    }

    private bool TryExtend(int length)
    {
        ref Run run = ref _runs[_queued - 1];
        if (run.IsClosed || length > run.SegmentBytes || length == 0 || run.Count == MostSegments || run.Bytes + length > LongestRun)
            return false;
        _vectors[((_queued - 1) * 2) + 1].Length += (nuint)length;
        run.Bytes += length;
        run.Count++;
        run.IsClosed = length < run.SegmentBytes;
        _outAt += length;
        return true;
    }

    /// <summary>All of the header that does not depend on the run's length.</summary>
    private static void WriteHeader(byte* at, int device, in Way envelope)
    {
        var header = new Span<byte>(at, HeaderRoom);
        header.Clear();
        MemoryMarshal.Write(header[(VirtioBytes + EspPrograms.DeviceAt)..], device);
        Span<byte> ip = header[(VirtioBytes + Ethernet)..];
        BinaryPrimitives.WriteUInt16BigEndian(header[(VirtioBytes + 12)..], (ushort)(envelope.From.IsV4 ? 0x0800 : 0x86DD));
        if (envelope.From.IsV4)
        {
            (ip[0], ip[1], ip[6], ip[8], ip[9]) = (0x45, envelope.TrafficClass, (byte)(envelope.DontFragment ? 0x40 : 0), HopLimit, 17);
            BinaryPrimitives.WriteUInt32BigEndian(ip[12..], (uint)envelope.From.Low);
            BinaryPrimitives.WriteUInt32BigEndian(ip[16..], (uint)envelope.To.Low);
            ip = ip[V4..];
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(ip, 6u << 28 | (uint)envelope.TrafficClass << 20);
            (ip[6], ip[7]) = (17, HopLimit);
            BinaryPrimitives.WriteUInt64BigEndian(ip[8..], envelope.From.High);
            BinaryPrimitives.WriteUInt64BigEndian(ip[16..], envelope.From.Low);
            BinaryPrimitives.WriteUInt64BigEndian(ip[24..], envelope.To.High);
            BinaryPrimitives.WriteUInt64BigEndian(ip[32..], envelope.To.Low);
            ip = ip[V6..];
        }

        BinaryPrimitives.WriteUInt16BigEndian(ip, EspPrograms.Port);
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], EspPrograms.Port);
    }

    /// <summary>Lengths, the IPv4 header's identification and sum, and for a run what the kernel must know to cut it. It writes those of each packet itself.</summary>
    private void Finish(int index)
    {
        Run run = _runs[index];
        var header = new Span<byte>(_headers + (index * HeaderRoom), HeaderRoom);
        Span<byte> ip = header[(VirtioBytes + Ethernet)..];
        bool isV4 = ip[0] == 0x45;
        int udpAt = isV4 ? V4 : V6;
        BinaryPrimitives.WriteUInt16BigEndian(ip[(udpAt + 4)..], (ushort)(Udp + run.Bytes));
        if (isV4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(V4 + Udp + run.Bytes));
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], _nextId);
            _nextId += (ushort)run.Count;
            BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Finish(InternetChecksum.Add(0, ip[..V4])));
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)(Udp + run.Bytes));
        }

        if (run.Count > 1)
            new VirtioHeader(true, SegmentationKind.Udp, false, (ushort)run.SegmentBytes, (ushort)(Ethernet + udpAt), 6).Write(header, (ushort)(Ethernet + udpAt + Udp));
    }
}
