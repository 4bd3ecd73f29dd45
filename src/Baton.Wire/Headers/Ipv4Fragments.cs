using System.Buffers.Binary;
using Baton.Wire.Offload;

namespace Baton.Wire.Headers;

/// <summary>Cuts an IPv4 packet that may be cut into fragments (RFC 791 3.2). A fragment can be cut again.</summary>
public ref struct Ipv4Fragments
{
    private const ushort MoreFragments = 0x2000;
    private const ushort OffsetMask = 0x1FFF;

    private readonly ReadOnlySpan<byte> _packet;
    private readonly int _header;
    private readonly int _mtu;
    private int _at;

    /// <param name="mtu">What a fragment may be long: room for the header and eight bytes at least.</param>
    public Ipv4Fragments(in IpPacket packet, int mtu)
    {
        _packet = packet.Bytes;
        _header = (packet.Bytes[0] & 15) * 4;
        _mtu = mtu;
        _at = _header;
    }

    /// <summary>May it be cut? IPv4 without DF, and room for at least one block.</summary>
    public static bool MayCut(in IpPacket packet, int mtu) =>
        packet.Version == 4 && (packet.Bytes[6] & 0x40) == 0 && mtu >= ((packet.Bytes[0] & 15) * 4) + 8;

    /// <summary>Writes the next fragment. False: there is none left.</summary>
    public bool TryNext(Span<byte> destination, out int length)
    {
        length = 0;
        if (_at >= _packet.Length)
            return false;
        int header = _at == _header ? CopyWhole(destination) : CopyLater(destination);
        int left = _packet.Length - _at;
        int room = (_mtu - header) & ~7;  // an offset counts blocks of eight
        bool isLast = left <= _mtu - header;
        int bytes = isLast ? left : room;
        _packet.Slice(_at, bytes).CopyTo(destination[header..]);

        ushort field = BinaryPrimitives.ReadUInt16BigEndian(_packet[6..]);
        int offset = (field & OffsetMask) + ((_at - _header) / 8);
        ushort more = isLast ? (ushort)(field & MoreFragments) : MoreFragments;
        length = header + bytes;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)length);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], (ushort)(more | offset));
        destination[10..12].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(destination[10..], InternetChecksum.Of(destination[..header]));
        _at += bytes;
        return true;
    }

    private readonly int CopyWhole(Span<byte> destination)
    {
        _packet[.._header].CopyTo(destination);
        return _header;
    }

    /// <summary>Only options with the copied flag go into later fragments (RFC 791 3.1).</summary>
    private readonly int CopyLater(Span<byte> destination)
    {
        _packet[..20].CopyTo(destination);
        int length = 20;
        for (int at = 20; at < _header && _packet[at] != 0;)
        {
            int option = _packet[at] == 1 ? 1 : at + 1 < _header ? _packet[at + 1] : 0;
            if (option == 0 || at + option > _header || (option == 1 && _packet[at] != 1))
                break;
            if ((_packet[at] & 0x80) != 0)
            {
                _packet.Slice(at, option).CopyTo(destination[length..]);
                length += option;
            }

            at += option;
        }

        while (length % 4 != 0)
            destination[length++] = 0;
        destination[0] = (byte)(0x40 | (length / 4));
        return length;
    }
}
