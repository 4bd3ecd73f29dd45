using System.Runtime.InteropServices;
using Baton.Wire;

namespace Baton.Linux.Sockets;

/// <summary>The way out. Packets of one length in a row, with the same envelope, become one message of UDP_SEGMENT.</summary>
/// <remarks>
/// <code>
///   | 1436 | 1436 | 1436 | 620 | 96 | 1436 | ...        the bytes as they were reserved, one behind the other
///   \_ one message, last shorter _/ \_/ \____            a run ends with a shorter packet, another envelope, 64 packets or 65,507 bytes
/// </code>
/// A run that the kernel refuses as a run goes out again packet by packet: nothing is lost. Where it is the offload that it lacks, no more runs are made.
/// </remarks>
public sealed unsafe partial class OuterSocket
{
    /// <summary>UDP_MAX_SEGMENTS of the kernels that have the fewest.</summary>
    private const int MostSegments = 64;

    /// <summary>The payload of the longest UDP datagram over IPv4.</summary>
    private const int LongestRun = 65_507;

    private readonly Run[] _runs;
    private int _queued;
    private int _outAt;
    private bool _dontFragment;
    private UdpEndpoint _lastTo;
    private IpAddress _lastFrom;
    private byte _lastClass;

    /// <summary>The packets of a message.</summary>
    private struct Run
    {
        public int SegmentBytes;
        public int Count;

        /// <summary>Of the control data without the segment's size.</summary>
        public int PlainControl;

        /// <summary>A shorter packet was its last.</summary>
        public bool IsClosed;
    }

    /// <summary>Messages that were more than one packet.</summary>
    public long RunsSent { get; private set; }

    /// <summary>Runs that the kernel refused, and that went out packet by packet.</summary>
    public long RunsRefused { get; private set; }

    /// <summary>Told once, in words for the log, when an offload is given up.</summary>
    public Action<string>? Note { get; set; }

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

        if (TryExtend(length, to, from, trafficClass))
            return;
        Libc.Message* message = _out.Messages + _queued;
        byte* control = _out.Controls + (_queued * ControlData.Room);
        _out.Vectors[_queued] = new Libc.IoVector { Base = _out.Bytes + _outAt, Length = (nuint)length };
        byte* name = _out.Names + (_queued * _out.NameRoom);
        message->NameLength = _unix is null ? to.Write(name, _isV4) : to.WriteUnix(name);
        int plain = ControlData.Write(control, _isV4, from, trafficClass);
        message->ControlLength = (nuint)plain;
        _runs[_queued] = new Run { SegmentBytes = length, Count = 1, PlainControl = plain };
        (_lastTo, _lastFrom, _lastClass) = (to, from, trafficClass);
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
                for (int i = sent; i < sent + n; i++)
                    RunsSent += _runs[i].Count > 1 ? 1 : 0;
                sent += n;
                continue;
            }

            int errno = Marshal.GetLastPInvokeError();
            if (errno == Libc.EINTR)
                continue;

            // The error is this message's own (EAGAIN, ENOBUFS, EINVAL...) or, with IP_RECVERR, an earlier one's: try it once more by itself.
            if (errno is not (Libc.EAGAIN or Libc.ENOBUFS))
            {
                HasErrors = true;
                if (Libc.SendMessages(_fd, _out.Messages + sent, 1, Libc.MSG_DONTWAIT) == 1)
                {
                    RunsSent += _runs[sent].Count > 1 ? 1 : 0;
                    sent++;
                    continue;
                }

                errno = Marshal.GetLastPInvokeError();
                if (_runs[sent].Count > 1)
                {
                    SendSingly(sent, errno);
                    sent++;
                    continue;
                }
            }

            if (_unix is not null && errno == Libc.EAGAIN && Backplane.TrySendPatiently(_fd, _out.Messages + sent))
            {
                sent++;
                continue;
            }

            SendDrops += _runs[sent].Count;
            sent++;
        }

        (_queued, _outAt) = (0, 0);
    }

    /// <summary>One more packet for the message queued last.</summary>
    private bool TryExtend(int length, in UdpEndpoint to, in IpAddress from, byte trafficClass)
    {
        if (_queued == 0 || (Offloads & OuterOffloads.Send) == 0)
            return false;
        ref Run run = ref _runs[_queued - 1];
        Libc.IoVector* vector = _out.Vectors + (_queued - 1);
        if (run.IsClosed || length > run.SegmentBytes || length == 0 || run.Count == MostSegments || vector->Length + (nuint)length > LongestRun)
            return false;
        if (trafficClass != _lastClass || to != _lastTo || from != _lastFrom)
            return false;
        if (run.Count == 1)
        {
            byte* control = _out.Controls + ((_queued - 1) * ControlData.Room);
            _out.Messages[_queued - 1].ControlLength = (nuint)ControlData.WriteSegmentSize(control, run.PlainControl, run.SegmentBytes);
        }

        vector->Length += (nuint)length;
        run.Count++;
        run.IsClosed = length < run.SegmentBytes;
        _outAt += length;
        return true;
    }

    /// <summary>The kernel took nothing of this run: too long for the link, or it cannot cut for this device (EIO: no checksum offload; EINVAL).</summary>
    private void SendSingly(int index, int errno)
    {
        RunsRefused++;
        Run run = _runs[index];
        byte* start = (byte*)_out.Vectors[index].Base;
        int total = (int)_out.Vectors[index].Length;
        int went = 0;
        for (int at = 0; at < total; at += run.SegmentBytes)
        {
            var vector = new Libc.IoVector { Base = start + at, Length = (nuint)Math.Min(run.SegmentBytes, total - at) };
            Libc.Message message = _out.Messages[index];
            message.Vectors = &vector;
            message.ControlLength = (nuint)run.PlainControl;
            int n;
            do
                n = Libc.SendMessages(_fd, &message, 1, Libc.MSG_DONTWAIT);
            while (n < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR);
            if (n == 1)
                went++;
            else
                SendDrops++;
        }

        // Packets that may be fragmented pass the link's MTU one by one: that was their length, not the offload.
        if (went > 0 && _dontFragment && errno is (Libc.EIO or Libc.EINVAL or Libc.EOPNOTSUPP))
        {
            Offloads &= ~OuterOffloads.Send;
            Note?.Invoke($"UDP segmentation offload is not to be had towards {_lastTo}: packets leave {Local} one by one from now on (errno {errno})");
        }
    }
}
