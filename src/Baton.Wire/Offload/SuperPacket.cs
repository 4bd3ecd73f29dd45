using System.Buffers.Binary;

namespace Baton.Wire.Offload;

/// <summary>Why a packet from an offloading device cannot be taken. Each has a counter.</summary>
public enum OffloadVerdict
{
    Whole,
    BadVirtioHeader,
    BadIpHeader,
    BadTransportHeader,
    BadChecksumPlace,
    BadSegmentSize,
}

/// <summary>
/// A packet as a device with offloads hands it over: perhaps with a checksum to complete, perhaps a super-packet of many segments. Splits in place.
/// </summary>
/// <remarks>
/// <code>
///   | IP | TCP | payload 0 | payload 1 | payload 2 |        as it was read
///   | IP | TCP | payload 0 |                                segment 0, where it lies
///         ... | IP | TCP | payload 1 |                      segment 1: its header is written over the end of payload 0
/// </code>
/// So segments are asked for in ascending order, and asking for one ends the one before. No payload is copied.
/// Each segment gets its own length, IPv4 identification and header checksum, TCP sequence number and flags (CWR only on the first, FIN and PSH only
/// on the last: RFC 3168 6.1.2, RFC 9293 3.8.6), and a full transport checksum.
/// </remarks>
public sealed class SuperPacket
{
    /// <summary>IPv6 extension headers and TCP options included; longer headers than this are refused.</summary>
    public const int MaximumHeader = 256;

    private const byte Tcp = 6;
    private const byte Udp = 17;
    private const byte FinPush = 0x01 | 0x08;
    private const byte CongestionWindowReduced = 0x80;

    private readonly byte[] _header = new byte[MaximumHeader];
    private Memory<byte> _packet;
    private int _headerLength;
    private int _transportAt;
    private int _segmentSize;
    private bool _isV4;
    private bool _isTcp;
    private ushort _firstId;
    private uint _firstSequence;

    /// <summary>How many packets it is.</summary>
    public int Count { get; private set; }

    /// <summary>Takes what was read: the virtio header and the packet. The buffer belongs to this object until the last segment was used.</summary>
    public OffloadVerdict Take(Memory<byte> read)
    {
        Count = 0;
        if (!VirtioHeader.TryParse(read.Span, out VirtioHeader virtio))
            return OffloadVerdict.BadVirtioHeader;
        Memory<byte> packet = read[VirtioHeader.Length..];
        if (!IpPacket.TryParse(packet.Span, out IpPacket ip))
            return OffloadVerdict.BadIpHeader;
        packet = packet[..ip.Bytes.Length];
        if (virtio.Kind == SegmentationKind.None)
        {
            if (virtio.NeedsChecksum && !TryComplete(packet.Span, virtio))
                return OffloadVerdict.BadChecksumPlace;
            (_packet, _headerLength, Count) = (packet, 0, 1);
            return OffloadVerdict.Whole;
        }

        return TakeSegments(packet, ip.Version == 4, virtio);
    }

    /// <summary>The i-th packet, 0 to <see cref="Count"/> - 1, ascending. Whole, with every checksum right, until the next is asked for.</summary>
    public Span<byte> Segment(int i)
    {
        if (_headerLength == 0)
            return _packet.Span;
        int from = i * _segmentSize;
        int payload = Math.Min(_segmentSize, _packet.Length - _headerLength - from);
        Span<byte> segment = _packet.Span.Slice(from, _headerLength + payload);
        _header.AsSpan(0, _headerLength).CopyTo(segment);
        bool isLast = i == Count - 1;
        if (_isV4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(segment[2..], (ushort)segment.Length);
            BinaryPrimitives.WriteUInt16BigEndian(segment[4..], (ushort)(_firstId + i));
            segment[10..12].Clear();
            BinaryPrimitives.WriteUInt16BigEndian(segment[10..], InternetChecksum.Of(segment[..((segment[0] & 15) * 4)]));
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(segment[4..], (ushort)(segment.Length - 40));
        }

        Span<byte> transport = segment[_transportAt..];
        if (_isTcp)
        {
            BinaryPrimitives.WriteUInt32BigEndian(transport[4..], _firstSequence + (uint)from);
            if (i > 0)
                transport[13] &= unchecked((byte)~CongestionWindowReduced);
            if (!isLast)
                transport[13] &= unchecked((byte)~FinPush);
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(transport[4..], (ushort)transport.Length);
        }

        int field = _isTcp ? 16 : 6;
        transport[field..(field + 2)].Clear();
        ReadOnlySpan<byte> addresses = _isV4 ? segment[12..20] : segment[8..40];
        ulong sum = InternetChecksum.PseudoHeader(addresses, _isTcp ? Tcp : Udp, transport.Length);
        ushort checksum = InternetChecksum.Finish(InternetChecksum.Add(sum, transport));
        if (!_isTcp && checksum == 0)
            checksum = 0xFFFF;  // zero says "none" (RFC 768)
        BinaryPrimitives.WriteUInt16BigEndian(transport[field..], checksum);
        return segment;
    }

    /// <summary>The field holds the pseudo-header's sum already: complete it (virtio 1.2, 5.1.6.2: VIRTIO_NET_HDR_F_NEEDS_CSUM).</summary>
    private static bool TryComplete(Span<byte> packet, in VirtioHeader virtio)
    {
        int field = virtio.ChecksumStart + virtio.ChecksumOffset;
        if (virtio.ChecksumStart < 20 || field + 2 > packet.Length)
            return false;
        ushort checksum = InternetChecksum.Of(packet[virtio.ChecksumStart..]);
        bool isUdp = virtio.ChecksumOffset == 6;
        BinaryPrimitives.WriteUInt16BigEndian(packet[field..], checksum == 0 && isUdp ? (ushort)0xFFFF : checksum);
        return true;
    }

    private OffloadVerdict TakeSegments(Memory<byte> packet, bool isV4, in VirtioHeader virtio)
    {
        Span<byte> bytes = packet.Span;
        bool isTcp = virtio.Kind != SegmentationKind.Udp;
        if (isTcp && isV4 != (virtio.Kind == SegmentationKind.TcpV4))
            return OffloadVerdict.BadTransportHeader;
        int at = virtio.ChecksumStart;
        int least = isV4 ? (bytes[0] & 15) * 4 : 40;
        if (at < least || (isV4 && (at != least || bytes[9] != (isTcp ? Tcp : Udp))))
            return OffloadVerdict.BadTransportHeader;
        if (bytes.Length < at + (isTcp ? 20 : 8))
            return OffloadVerdict.BadTransportHeader;
        int transport = isTcp ? (bytes[at + 12] >> 4) * 4 : 8;
        int header = at + transport;
        if (transport < (isTcp ? 20 : 8) || header > MaximumHeader || header >= bytes.Length)
            return OffloadVerdict.BadTransportHeader;
        if (virtio.SegmentSize == 0)
            return OffloadVerdict.BadSegmentSize;

        bytes[..header].CopyTo(_header);
        (_packet, _headerLength, _transportAt, _segmentSize, _isV4, _isTcp) = (packet, header, at, virtio.SegmentSize, isV4, isTcp);
        _firstId = isV4 ? BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]) : (ushort)0;
        _firstSequence = isTcp ? BinaryPrimitives.ReadUInt32BigEndian(bytes[(at + 4)..]) : 0;
        Count = (bytes.Length - header + virtio.SegmentSize - 1) / virtio.SegmentSize;
        return OffloadVerdict.Whole;
    }
}
