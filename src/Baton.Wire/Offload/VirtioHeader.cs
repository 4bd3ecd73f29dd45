using System.Runtime.InteropServices;

namespace Baton.Wire.Offload;

/// <summary>What kind of super-packet follows (virtio 1.2, 5.1.6: gso_type).</summary>
public enum SegmentationKind : byte
{
    None = 0,
    TcpV4 = 1,
    TcpV6 = 4,

    /// <summary>UDP datagrams of one flow, each with its own header (USO; VIRTIO_NET_HDR_GSO_UDP_L4).</summary>
    Udp = 5,
}

/// <summary>struct virtio_net_hdr in front of each packet of a TUN device with IFF_VNET_HDR (virtio 1.2, 5.1.6). Machine byte order.</summary>
/// <remarks>
/// <code>
///  0       1          2         4          6              8                 10
///  | flags | gso_type | hdr_len | gso_size | csum_start   | csum_offset     | packet ...
/// </code>
/// hdr_len is a hint that the receiver must not trust: header lengths are read from the packet.
/// </remarks>
public readonly record struct VirtioHeader(
    bool NeedsChecksum, SegmentationKind Kind, bool HasCongestionMark, ushort SegmentSize, ushort ChecksumStart, ushort ChecksumOffset)
{
    public const int Length = 10;

    private const byte FlagNeedsChecksum = 1;
    private const byte EcnBit = 0x80;

    /// <summary>False: too short, or a kind that was never offered.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out VirtioHeader header)
    {
        header = default;
        if (bytes.Length < Length)
            return false;
        var kind = (SegmentationKind)(bytes[1] & ~EcnBit);
        if (kind is not (SegmentationKind.None or SegmentationKind.TcpV4 or SegmentationKind.TcpV6 or SegmentationKind.Udp))
            return false;
        header = new VirtioHeader((bytes[0] & FlagNeedsChecksum) != 0, kind, (bytes[1] & EcnBit) != 0,
            Word(bytes, 4), Word(bytes, 6), Word(bytes, 8));
        return true;
    }

    public void Write(Span<byte> bytes, ushort headerLength = 0)
    {
        bytes[0] = NeedsChecksum ? FlagNeedsChecksum : (byte)0;
        bytes[1] = (byte)((byte)Kind | (HasCongestionMark ? EcnBit : 0));
        MemoryMarshal.Write(bytes[2..], headerLength);
        MemoryMarshal.Write(bytes[4..], SegmentSize);
        MemoryMarshal.Write(bytes[6..], ChecksumStart);
        MemoryMarshal.Write(bytes[8..], ChecksumOffset);
    }

    private static ushort Word(ReadOnlySpan<byte> bytes, int at) => MemoryMarshal.Read<ushort>(bytes[at..]);
}
