using System.Buffers.Binary;

namespace Baton.Wire.Offload;

/// <summary>Takes what a <see cref="PacketMerger"/> has made. The bytes are good during the call.</summary>
public interface IMergedSink
{
    /// <summary>A packet as it was given.</summary>
    void Write(ReadOnlySpan<byte> packet);

    /// <summary>A virtio header and the packet that it describes, made of <paramref name="count"/> packets (1: as it was given).</summary>
    void Write(Span<byte> framed, int count);
}

/// <summary>The opposite of <see cref="SuperPacket"/>: packets of a flow that follow one another become one super-packet. Several flows at once.</summary>
/// <remarks>
/// <code>
///   | IP | TCP | payload 0 |   | IP | TCP | payload 1 |   | IP | TCP | payload 2 |      as they are given
///   | virtio | IP | TCP | payload 0 | payload 1 | payload 2 |                          as it is written
/// </code>
/// Whoever cuts the super-packet again gets the same packets. So only what agrees in all of the header that a cutter copies may join: addresses, traffic
/// class with ECN, TTL, DF, ports; of TCP the acknowledgment, window, options and flags (FIN and PSH close a super-packet; SYN, RST, URG and CWR never
/// join); a sequence number that follows; an IPv4 identification that follows, or DF (with it the field has no meaning, RFC 6864 4.1). All
/// payloads have one length, the last may be shorter. A packet with a wrong checksum never joins: the kernel takes a super-packet's for right.
/// Whatever else comes (fragments, IP options, extension headers, other protocols) passes as it is, behind all that was given before it. The order
/// within a flow is kept. Payloads are copied once. One owner.
/// </remarks>
public sealed partial class PacketMerger
{
    /// <summary>UDP_MAX_SEGMENTS of the kernels that have the fewest.</summary>
    private const int MostDatagrams = 64;

    private const int Longest = 65_535;
    private const byte Tcp = 6;
    private const byte Udp = 17;

    private readonly IMergedSink _sink;
    private readonly bool _datagrams;
    private readonly Slot[] _slots;
    private readonly Slot[] _free;
    private int _open;
    private int _freeCount;

    /// <param name="flows">Super-packets under construction at a time; 64 KiB each.</param>
    /// <param name="datagrams">Whether UDP may be merged: the kernel must know USO.</param>
    public PacketMerger(IMergedSink sink, int flows = 16, bool datagrams = true)
    {
        (_sink, _datagrams) = (sink, datagrams);
        _slots = new Slot[flows];
        _free = new Slot[flows];
        for (int i = 0; i < flows; i++)
            _free[i] = new Slot();
        _freeCount = flows;
    }

    /// <summary>Super-packets of more than one packet so far.</summary>
    public long Merged { get; private set; }

    /// <summary>Gives one IP packet, exactly as long as its header says.</summary>
    public void Add(ReadOnlySpan<byte> packet)
    {
        if (!Segment.TryRead(packet, out Segment segment))
        {
            Flush();
            _sink.Write(packet);
            return;
        }

        int at = Find(segment, packet);
        bool mayJoin = segment.MayJoin && (segment.IsTcp || _datagrams) && segment.HasRightChecksums(packet);
        if (at >= 0)
        {
            Slot slot = _slots[at];
            if (mayJoin && slot.TryAppend(segment, packet))
            {
                if (slot.IsClosed)
                    Emit(at);
                return;
            }

            Emit(at);
        }

        if (!mayJoin || segment.IsLast)
        {
            _sink.Write(packet);
            return;
        }

        if (_freeCount == 0)
            Emit(0);  // the oldest
        Slot fresh = _free[--_freeCount];
        fresh.Begin(segment, packet);
        _slots[_open++] = fresh;
    }

    /// <summary>Writes all that is still under construction, the oldest first.</summary>
    public void Flush()
    {
        for (int i = 0; i < _open; i++)
        {
            Write(_slots[i]);
            _free[_freeCount++] = _slots[i];
        }

        _open = 0;
    }

    private int Find(in Segment segment, ReadOnlySpan<byte> packet)
    {
        for (int i = _open - 1; i >= 0; i--)
        {
            if (_slots[i].IsOf(segment, packet))
                return i;
        }

        return -1;
    }

    private void Emit(int at)
    {
        Slot slot = _slots[at];
        Write(slot);
        _open--;
        for (int i = at; i < _open; i++)
            _slots[i] = _slots[i + 1];
        _free[_freeCount++] = slot;
    }

    private void Write(Slot slot)
    {
        Span<byte> framed = slot.Finish();
        Merged += slot.Count > 1 ? 1 : 0;
        _sink.Write(framed, slot.Count);
    }

    /// <summary>One super-packet under construction.</summary>
    private sealed class Slot
    {
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(VirtioHeader.Length + Longest, pinned: true);
        private Segment _first;
        private int _length;
        private uint _nextSequence;
        private ushort _nextId;
        private byte _lastFlags;

        public int Count { get; private set; }

        /// <summary>Nothing may follow: a shorter payload, FIN, PSH, or no room.</summary>
        public bool IsClosed { get; private set; }

        private Span<byte> Packet => _bytes.AsSpan(VirtioHeader.Length, _length);

        public bool IsOf(in Segment segment, ReadOnlySpan<byte> packet) =>
            segment.IsV4 == _first.IsV4 && segment.IsTcp == _first.IsTcp && segment.Flow(packet).SequenceEqual(_first.Flow(_bytes.AsSpan(VirtioHeader.Length)));

        public void Begin(in Segment segment, ReadOnlySpan<byte> packet)
        {
            (_first, _length, Count, IsClosed, _lastFlags) = (segment, packet.Length, 1, false, 0);
            packet.CopyTo(_bytes.AsSpan(VirtioHeader.Length));
            _nextSequence = segment.Sequence + (uint)segment.PayloadLength;
            _nextId = (ushort)(segment.Id + 1);
        }

        public bool TryAppend(in Segment segment, ReadOnlySpan<byte> packet)
        {
            if (segment.HeaderLength != _first.HeaderLength || segment.PayloadLength > _first.PayloadLength || _length + segment.PayloadLength > Longest)
                return false;
            if (segment.IsTcp ? segment.Sequence != _nextSequence : Count == MostDatagrams)
                return false;
            if (segment.IsV4 && segment.Id != _nextId && !segment.IsAtomic)
                return false;
            if (!segment.HasSameHeader(packet, _bytes.AsSpan(VirtioHeader.Length, _first.HeaderLength)))
                return false;
            packet[segment.HeaderLength..].CopyTo(_bytes.AsSpan(VirtioHeader.Length + _length));
            _length += segment.PayloadLength;
            Count++;
            _nextSequence += (uint)segment.PayloadLength;
            _nextId++;
            _lastFlags = segment.Flags;
            IsClosed = segment.IsLast || segment.PayloadLength < _first.PayloadLength || _length + _first.PayloadLength > Longest
                || (!segment.IsTcp && Count == MostDatagrams);
            return true;
        }

        /// <summary>Makes header and checksums fit what it has become. Returns virtio header and packet.</summary>
        public Span<byte> Finish()
        {
            Span<byte> framed = _bytes.AsSpan(0, VirtioHeader.Length + _length);
            if (Count == 1)
            {
                default(VirtioHeader).Write(framed);
                return framed;
            }

            Span<byte> packet = Packet;
            if (_first.IsV4)
            {
                BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)_length);
                packet[10..12].Clear();
                BinaryPrimitives.WriteUInt16BigEndian(packet[10..], InternetChecksum.Of(packet[..20]));
            }
            else
            {
                BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)(_length - 40));
            }

            Span<byte> transport = packet[_first.TransportAt..];
            int field = _first.IsTcp ? 16 : 6;
            if (_first.IsTcp)
                transport[13] |= _lastFlags;
            else
                BinaryPrimitives.WriteUInt16BigEndian(transport[4..], (ushort)transport.Length);

            // The field of a checksum to complete holds the pseudo-header's sum, not complemented.
            ulong pseudo = InternetChecksum.PseudoHeader(_first.Addresses(packet), _first.IsTcp ? Tcp : Udp, transport.Length);
            BinaryPrimitives.WriteUInt16BigEndian(transport[field..], (ushort)~InternetChecksum.Finish(pseudo));
            SegmentationKind kind = !_first.IsTcp ? SegmentationKind.Udp : _first.IsV4 ? SegmentationKind.TcpV4 : SegmentationKind.TcpV6;
            new VirtioHeader(true, kind, false, (ushort)_first.PayloadLength, (ushort)_first.TransportAt, (ushort)field).Write(framed, (ushort)_first.HeaderLength);
            return framed;
        }
    }
}
