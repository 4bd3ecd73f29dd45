using System.Buffers.Binary;
using Baton.Wire.Offload;
using CsCheck;

namespace Baton.Wire.Tests.Offload;

/// <summary>Merging, then cutting what was merged, gives each flow's packets again: the model is "nothing happened".</summary>
public sealed class PacketMergerTests
{
    /// <summary>What a sender may do from one packet of a flow to the next.</summary>
    public enum Turn
    {
        Follow, Shorter, Push, Finish, Acknowledge, Window, Options, CongestionMark, Reduced, Reset, Urgent, TimeToLive, Gap, Repeat, Identification, BadSum, Empty,
        NoSum, Fragment, IpOptions, Longer,
    }

    private static readonly Gen<Turn> Turns = Gen.Frequency((20, Gen.Const(Turn.Follow)), (1, Gen.Enum<Turn>()));
    private static readonly Gen<(int Flow, Turn Turn)[]> Stories = Gen.Select(Gen.Frequency((3, Gen.Const(0)), (2, Gen.Int[0, 5])), Turns).Array[1, 120];

    [Fact]
    public void CuttingWhatWasMergedGivesThePacketsOfEachFlowInTheirOrder() =>
        Gen.Select(Stories, Gen.Int[1, 1_460], Gen.Int[1, 4], Gen.Bool, Gen.Int[0, 10], Gen.UShort).Sample((story, size, slots, df, optionWords, id) =>
        {
            var flows = new Sender[6];
            for (int i = 0; i < flows.Length; i++)
                flows[i] = new Sender(i, size, df, optionWords * 4, id);
            var sink = new Cutter();
            var merger = new PacketMerger(sink, slots);
            var given = new List<byte[]>();
            foreach ((int flow, Turn turn) in story)
            {
                byte[] packet = flows[flow].Next(turn);
                given.Add(packet);
                merger.Add(packet);
            }

            merger.Flush();
            Assert.Equal(given.Count, sink.Packets.Count);
            for (int flow = 0; flow < flows.Length; flow++)
            {
                byte[][] before = [.. given.Where(p => Sender.FlowOf(p) == flow).Select(Comparable)];
                byte[][] after = [.. sink.Packets.Where(p => Sender.FlowOf(p) == flow).Select(Comparable)];
                Assert.Equal(before, after);
            }
        }, iter: 200);

    [Theory]
    [InlineData(0, 44)] // 65,535 less two headers, in segments of 1,448 bytes: 45 and a rest
    [InlineData(1, 44)]
    [InlineData(2, 64)]
    [InlineData(3, 64)]
    public void AStreamBecomesOneSuperPacketAsLongAsItMayBe(int flow, int atLeast)
    {
        var sender = new Sender(flow, flow < 2 ? 1_448 : 100, df: true, 12, 7);
        var sink = new Cutter();
        var merger = new PacketMerger(sink);
        for (int i = 0; i < atLeast; i++)
            merger.Add(sender.Next(Turn.Follow));
        merger.Flush();
        Assert.Equal((1, 1L), (sink.Writes, merger.Merged));
        Assert.Equal(atLeast, sink.Packets.Count);
        for (int i = 0; i < 1_000; i++)
            merger.Add(sender.Next(Turn.Follow));
        Assert.True(sink.Longest <= VirtioHeader.Length + 65_535);
    }

    [Theory]
    [InlineData(Turn.Follow, 1)]
    [InlineData(Turn.Shorter, 1)]
    [InlineData(Turn.Push, 1)]
    [InlineData(Turn.Finish, 1)]
    [InlineData(Turn.Acknowledge, 2)]
    [InlineData(Turn.Window, 2)]
    [InlineData(Turn.Options, 2)]
    [InlineData(Turn.CongestionMark, 2)]
    [InlineData(Turn.Reduced, 2)]
    [InlineData(Turn.Reset, 2)]
    [InlineData(Turn.Urgent, 2)]
    [InlineData(Turn.TimeToLive, 2)]
    [InlineData(Turn.Gap, 2)]
    [InlineData(Turn.Repeat, 2)]
    [InlineData(Turn.Identification, 2)]
    [InlineData(Turn.BadSum, 2)]
    [InlineData(Turn.Empty, 2)]
    [InlineData(Turn.Fragment, 2)]
    [InlineData(Turn.IpOptions, 2)]
    [InlineData(Turn.Longer, 2)]
    public void WhatDiffersInMoreThanACutterRestoresIsWrittenApart(Turn turn, int writes)
    {
        var sender = new Sender(0, 1_000, df: false, 12, 7);
        var sink = new Cutter();
        var merger = new PacketMerger(sink);
        merger.Add(sender.Next(Turn.Follow));
        merger.Add(sender.Next(Turn.Follow));
        merger.Add(sender.Next(turn));
        merger.Flush();
        Assert.Equal((3, writes), (sink.Packets.Count, sink.Writes));
    }

    [Fact]
    public void FlowsThatTakeTurnsAreMergedEach()
    {
        Sender[] senders = [.. Enumerable.Range(0, 4).Select(i => new Sender(i, 1_000, df: true, 0, 1))];
        var sink = new Cutter();
        var merger = new PacketMerger(sink);
        for (int i = 0; i < 40; i++)
            merger.Add(senders[i % 4].Next(Turn.Follow));
        merger.Flush();
        Assert.Equal((40, 4), (sink.Packets.Count, sink.Writes));
    }

    [Fact]
    public void WhereTheKernelHasNoUsoDatagramsPassAsTheyAre()
    {
        var sender = new Sender(2, 1_000, df: true, 0, 1);
        var sink = new Cutter();
        var merger = new PacketMerger(sink, datagrams: false);
        for (int i = 0; i < 3; i++)
            merger.Add(sender.Next(Turn.Follow));
        Assert.Equal((3, 3), (sink.Packets.Count, sink.Writes));
    }

    [Fact]
    public void NothingIsAllocatedAPacket()
    {
        var sender = new Sender(0, 1_000, df: true, 0, 1);
        byte[][] packets = [.. Enumerable.Range(0, 200).Select(_ => sender.Next(Turn.Follow))];
        var merger = new PacketMerger(new Nowhere());
        Once();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Once();
        Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before);

        void Once()
        {
            foreach (byte[] packet in packets)
                merger.Add(packet);
            merger.Flush();
        }
    }

    /// <summary>With DF the identification means nothing (RFC 6864 4.1), and a cutter numbers on.</summary>
    private static byte[] Comparable(byte[] packet)
    {
        if (packet[0] >> 4 != 4 || (packet[6] & 0x40) == 0)
            return packet;
        byte[] copy = [.. packet];
        copy.AsSpan(4, 2).Clear();
        copy.AsSpan(10, 2).Clear();
        return copy;
    }

    private sealed class Nowhere : IMergedSink
    {
        public void Write(ReadOnlySpan<byte> packet)
        {
        }

        public void Write(Span<byte> framed, int count)
        {
        }
    }

    /// <summary>The kernel's part: cuts what it is given.</summary>
    private sealed class Cutter : IMergedSink
    {
        private readonly SuperPacket _super = new();

        public List<byte[]> Packets { get; } = [];

        public int Writes { get; private set; }

        public int Longest { get; private set; }

        public void Write(ReadOnlySpan<byte> packet)
        {
            Writes++;
            Packets.Add(packet.ToArray());
        }

        public void Write(Span<byte> framed, int count)
        {
            Writes++;
            Longest = Math.Max(Longest, framed.Length);
            Assert.Equal(OffloadVerdict.Whole, _super.Take(framed.ToArray()));
            Assert.Equal(count, _super.Count);
            for (int i = 0; i < _super.Count; i++)
                Packets.Add(_super.Segment(i).ToArray());
        }
    }

    /// <summary>Makes the packets of one flow: 0, 4 TCP over IPv4; 1 TCP over IPv6; 2, 5 UDP over IPv4; 3 UDP over IPv6.</summary>
    private sealed class Sender(int flow, int size, bool df, int optionBytes, ushort id)
    {
        private readonly bool _isTcp = flow is 0 or 1 or 4;
        private readonly bool _isV4 = flow is not (1 or 3);
        private readonly byte[] _options = [.. Enumerable.Repeat((byte)1, optionBytes)];
        private readonly byte[] _header = [0x10, (byte)flow, 0x20, 2, 0, 0, 0, 0, 1, 2, 3, 4, (byte)((20 + optionBytes) << 2), 0x10, 4, 0, 0, 0, 0, 0];
        private uint _sequence = uint.MaxValue - 5_000;  // it wraps
        private ushort _id = id;
        private byte _ttl = 64;
        private byte _trafficClass = 2;
        private int _size = size;
        private int _made;

        public static int FlowOf(byte[] packet) => packet[(packet[0] >> 4 == 4 ? (packet[0] & 15) * 4 : 40) + 1];

        public byte[] Next(Turn turn)
        {
            int length = turn switch
            {
                Turn.Empty => 0,
                Turn.Shorter => Math.Max(1, _size / 2),
                Turn.Longer => ++_size,
                _ => _size,
            };
            byte flags = 0x10;
            switch (turn)
            {
                case Turn.Push: flags |= 0x08; break;
                case Turn.Finish: flags |= 0x01; break;
                case Turn.Reduced: flags |= 0x80; break;
                case Turn.Reset: flags |= 0x04; break;
                case Turn.Urgent: flags |= 0x20; break;
                case Turn.Acknowledge: _header[11]++; break;
                case Turn.Window: _header[15]++; break;
                case Turn.Options when _options.Length > 0: _options[^1] ^= 1; break;
                case Turn.CongestionMark: _trafficClass ^= 1; break;
                case Turn.TimeToLive: _ttl--; break;
                case Turn.Gap: _sequence += 10; break;
                case Turn.Repeat: _sequence -= (uint)_size; break;
                case Turn.Identification: _id += 3; break;
            }

            byte[] payload = [.. Enumerable.Range(_made++, length).Select(i => (byte)i)];
            byte[] transport;
            if (_isTcp)
            {
                transport = [.. _header, .. _options, .. payload];
                transport[13] = flags;
                BinaryPrimitives.WriteUInt32BigEndian(transport.AsSpan(4), _sequence);
                _sequence += (uint)length;
            }
            else
            {
                transport = [.. _header[..4], (byte)((length + 8) >> 8), (byte)(length + 8), 0, 0, .. payload];
            }

            return Ip(transport, turn);
        }

        private byte[] Ip(byte[] transport, Turn turn)
        {
            bool options = turn == Turn.IpOptions && _isV4;
            byte[] ip = new byte[_isV4 ? options ? 24 : 20 : 40];
            if (_isV4)
            {
                ip[0] = (byte)(0x40 | (ip.Length / 4));
                ip[1] = _trafficClass;
                BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(2), (ushort)(ip.Length + transport.Length));
                BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(4), _id++);
                ip[6] = (byte)((df ? 0x40 : 0) | (turn == Turn.Fragment ? 0x20 : 0));
                (ip[8], ip[9], ip[12], ip[16]) = (_ttl, (byte)(_isTcp ? 6 : 17), 10, 11);
                if (options)
                    ip.AsSpan(20).Fill(1);
                BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(10), InternetChecksum.Of(ip));
            }
            else
            {
                (ip[0], ip[1]) = ((byte)(0x60 | (_trafficClass >> 4)), (byte)(_trafficClass << 4));
                BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(4), (ushort)transport.Length);
                (ip[6], ip[7], ip[8], ip[24]) = ((byte)(_isTcp ? 6 : 17), _ttl, 0xFD, 0xFC);
            }

            if (turn != Turn.NoSum || _isTcp)
            {
                int field = _isTcp ? 16 : 6;
                ulong pseudo = InternetChecksum.PseudoHeader(_isV4 ? ip.AsSpan(12, 8) : ip.AsSpan(8, 32), (byte)(_isTcp ? 6 : 17), transport.Length);
                ushort sum = InternetChecksum.Finish(InternetChecksum.Add(pseudo, transport));
                BinaryPrimitives.WriteUInt16BigEndian(transport.AsSpan(field), !_isTcp && sum == 0 ? (ushort)0xFFFF : sum);
                if (turn == Turn.BadSum)
                    transport[field] ^= 1;
            }

            return [.. ip, .. transport];
        }
    }
}
