using System.Buffers.Binary;

namespace Baton.Wire.Offload;

public sealed partial class PacketMerger
{
    /// <summary>A TCP segment or UDP datagram behind a plain IP header: no options, no extension headers, no fragment.</summary>
    private readonly record struct Segment(
        bool IsV4, bool IsTcp, bool IsAtomic, bool MayJoin, bool IsLast, byte Flags, ushort Id, int HeaderLength, int PayloadLength, uint Sequence)
    {
        private const byte Fin = 0x01;
        private const byte Syn = 0x02;
        private const byte Rst = 0x04;
        private const byte Psh = 0x08;
        private const byte Ack = 0x10;
        private const byte Urg = 0x20;
        private const byte Cwr = 0x80;

        public int TransportAt => IsV4 ? 20 : 40;

        public static bool TryRead(ReadOnlySpan<byte> packet, out Segment segment)
        {
            segment = default;
            if (packet.Length < 28)
                return false;
            bool isV4 = packet[0] == 0x45;
            int at = isV4 ? 20 : 40;
            byte protocol;
            if (isV4)
            {
                // Neither MF nor an offset nor the reserved bit.
                if ((BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0xBFFF) != 0 || BinaryPrimitives.ReadUInt16BigEndian(packet[2..]) != packet.Length)
                    return false;
                protocol = packet[9];
            }
            else
            {
                if (packet[0] >> 4 != 6 || packet.Length < 48 || BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) != packet.Length - 40)
                    return false;
                protocol = packet[6];
            }

            ushort id = isV4 ? BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) : (ushort)0;
            bool isAtomic = !isV4 || (packet[6] & 0x40) != 0;
            ReadOnlySpan<byte> transport = packet[at..];
            if (protocol == Udp)
            {
                int payload = transport.Length - 8;
                bool mayJoin = payload > 0 && BinaryPrimitives.ReadUInt16BigEndian(transport[4..]) == transport.Length
                    && BinaryPrimitives.ReadUInt16BigEndian(transport[6..]) != 0;  // zero: no checksum (RFC 768); a cutter would make one
                segment = new Segment(isV4, false, isAtomic, mayJoin, false, 0, id, at + 8, payload, 0);
                return true;
            }

            if (protocol != Tcp || transport.Length < 20)
                return false;
            int header = (transport[12] >> 4) * 4;
            if (header < 20 || header > transport.Length)
                return false;
            byte flags = transport[13];
            bool plain = (flags & (Syn | Rst | Urg | Cwr | Ack)) == Ack && header < transport.Length;
            segment = new Segment(isV4, true, isAtomic, plain, (flags & (Fin | Psh)) != 0, (byte)(flags & (Fin | Psh)), id,
                at + header, transport.Length - header, BinaryPrimitives.ReadUInt32BigEndian(transport[4..]));
            return true;
        }

        /// <summary>Addresses and ports: they lie side by side.</summary>
        public ReadOnlySpan<byte> Flow(ReadOnlySpan<byte> packet) => IsV4 ? packet.Slice(12, 12) : packet.Slice(8, 36);

        public ReadOnlySpan<byte> Addresses(ReadOnlySpan<byte> packet) => IsV4 ? packet.Slice(12, 8) : packet.Slice(8, 32);

        public bool HasRightChecksums(ReadOnlySpan<byte> packet)
        {
            if (IsV4 && InternetChecksum.Of(packet[..20]) != 0)
                return false;
            ReadOnlySpan<byte> transport = packet[TransportAt..];
            ulong sum = InternetChecksum.PseudoHeader(Addresses(packet), IsTcp ? Tcp : Udp, transport.Length);
            return InternetChecksum.Finish(InternetChecksum.Add(sum, transport)) == 0;
        }

        /// <summary>All that a cutter copies into each packet is as in the first one's header. Addresses and ports are known to be.</summary>
        public bool HasSameHeader(ReadOnlySpan<byte> packet, ReadOnlySpan<byte> first)
        {
            // Version, traffic class, flow label; DF or not, TTL, protocol.
            bool same = IsV4
                ? packet[1] == first[1] && packet[6] == first[6] && packet[8] == first[8]
                : packet[..4].SequenceEqual(first[..4]) && packet[7] == first[7];
            if (!same || !IsTcp)
                return same;
            int at = TransportAt;
            ReadOnlySpan<byte> mine = packet[at..HeaderLength];
            ReadOnlySpan<byte> theirs = first[at..HeaderLength];
            return mine.Slice(8, 5).SequenceEqual(theirs.Slice(8, 5))                  // acknowledgment, header length and reserved bits
                && ((mine[13] ^ theirs[13]) & ~(Fin | Psh)) == 0
                && mine.Slice(14, 2).SequenceEqual(theirs.Slice(14, 2))                // window
                && mine[18..].SequenceEqual(theirs[18..]);                             // urgent pointer, options
        }
    }
}
