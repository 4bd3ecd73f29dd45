using Baton.Voice.Audio;
using Baton.Voice.Rtp;
using Baton.Wire;
using Baton.Wire.Rtp;
using CsCheck;

namespace Baton.Voice.Tests.Rtp;

public class RtpTests
{
    private static readonly byte[] Speech = [.. Enumerable.Range(0, 3 * RtpSender.FrameSamples).Select(i => (byte)(i / RtpSender.FrameSamples))];

    private static Instant At(double milliseconds) => Instant.FromMilliseconds(milliseconds);

    private static byte[] Packet(ushort sequence, uint timestamp = 0, uint ssrc = 1, byte fill = 7)
    {
        var packet = new byte[RtpSender.PacketBytes];
        packet.AsSpan().Fill(fill);
        RtpPacket.WriteHeader(packet, marker: false, RtpPacket.Pcmu, sequence, timestamp, ssrc);
        return packet;
    }

    [Fact]
    public void Sender_counts_up_wraps_and_repeats_the_speech_only_after_its_end()
    {
        var sender = new RtpSender(Speech, ssrc: 0xcafe, firstSequence: 65534, firstTimestamp: uint.MaxValue - 159, At(100));
        var datagram = new byte[RtpSender.PacketBytes];
        for (int n = 0; n < 4; n++)
        {
            Assert.Equal(At(100 + (20 * n)), sender.Due);
            Assert.Equal(RtpSender.PacketBytes, sender.Write(datagram));
            Assert.True(RtpPacket.TryParse(datagram, out RtpPacket packet));
            Assert.Equal((ushort)(65534 + n), packet.Sequence);
            Assert.Equal((uint)((160 * n) - 160), packet.Timestamp);
            Assert.Equal(0xcafeu, packet.Ssrc);
            Assert.Equal(n == 0, packet.Marker);
            Assert.Equal(RtpPacket.Pcmu, packet.PayloadType);
            Assert.Equal((byte)(n % 3), packet.Payload[0]);
            Assert.Equal(RtpSender.FrameSamples, packet.Payload.Length);
        }
    }

    [Fact]
    public void Parser_steps_over_sources_extension_and_padding()
    {
        byte[] packet =
        [
            0xb1, 0x00, 0x00, 0x05, 0, 0, 0, 9, 0, 0, 0, 3, // V=2 P X CC=1
            1, 2, 3, 4,                                     // CSRC
            0xbe, 0xde, 0x00, 0x01, 5, 6, 7, 8,             // extension of one word
            42, 43,                                         // payload
            0, 2,                                           // padding
        ];
        Assert.True(RtpPacket.TryParse(packet, out RtpPacket rtp));
        Assert.Equal([42, 43], rtp.Payload.ToArray());
        for (int length = 0; length < 24; length++)
            Assert.False(RtpPacket.TryParse(packet.AsSpan(0, length), out _) && length < 12);
        packet[^1] = 200; // more padding than packet
        Assert.False(RtpPacket.TryParse(packet, out _));
        packet[^1] = 0; // padding counts itself (RFC 3550 5.1)
        Assert.False(RtpPacket.TryParse(packet, out _));
    }

    [Fact]
    public void Receiver_counts_what_a_set_of_numbers_counts()
    {
        // Bursts of delay of up to 40 packets, across the wrap of 16 bits.
        Gen.Int[0, 400].Array[1, 300].Sample(offsets =>
        {
            var receiver = new RtpReceiver();
            var model = new HashSet<int>();
            int twice = 0;
            foreach (int offset in offsets)
            {
                RtpVerdict verdict = receiver.Receive(Packet((ushort)(65_300 + offset)), At(0), out _);
                bool fresh = model.Add(offset);
                twice += fresh ? 0 : 1;
                Assert.Equal(!fresh, verdict == RtpVerdict.Duplicate);
            }

            Assert.Equal(model.Count, receiver.Received);
            Assert.Equal(twice, receiver.Duplicates);
            Assert.Equal(model.Max() - model.Min() + 1 - model.Count, receiver.Lost);
            Assert.Equal((ulong)(model.Max() - model.Min()), receiver.LastSequence - receiver.FirstSequence);
            Assert.Equal(offsets.Length, receiver.Arrivals.Count);
        });
    }

    [Fact]
    public void A_replay_from_minutes_ago_is_a_duplicate_not_a_new_source()
    {
        var receiver = new RtpReceiver();
        for (int n = 0; n < 20_000; n++)
            receiver.Receive(Packet((ushort)n), At(20 * n), out _);
        Assert.Equal(RtpVerdict.Duplicate, receiver.Receive(Packet(3), At(400_000), out _));
        Assert.Equal(0, receiver.Lost);
        Assert.Equal(1, receiver.Duplicates);
    }

    [Fact]
    public void Strangers_change_a_counter_only()
    {
        var receiver = new RtpReceiver();
        receiver.Receive(Packet(10, ssrc: 1), At(0), out _);
        Assert.Equal(RtpVerdict.ForeignSource, receiver.Receive(Packet(500, ssrc: 2), At(1), out _));
        Assert.Equal(RtpVerdict.Malformed, receiver.Receive([1, 2, 3], At(2), out _));
        Assert.Equal((1L, 0L, 1L, 1L), (receiver.Received, receiver.Lost, receiver.Foreign, receiver.Malformed));
    }

    [Fact]
    public void Jitter_is_that_of_RFC_3550_A8()
    {
        // Arrivals 20, 25, 15, 20 ms apart: D = 0, 40, -40, 0 timestamp units; J += (|D| - J) / 16.
        var receiver = new RtpReceiver();
        double[] arrivals = [0, 20, 45, 60, 80];
        double expected = 0;
        double[] differences = [0, 40, 40, 0];
        for (int n = 0; n < arrivals.Length; n++)
        {
            receiver.Receive(Packet((ushort)n, (uint)(160 * n)), At(arrivals[n]), out _);
            if (n > 0)
                expected += (differences[n - 1] - expected) / 16;
        }

        Assert.Equal(expected / 8, receiver.Jitter.TotalMilliseconds, 3);
    }

    [Fact]
    public void Playout_is_silent_where_a_frame_is_missing_or_late()
    {
        var playout = new PlayoutBuffer(TimeSpan.FromMilliseconds(60));
        byte[] loud = new byte[RtpSender.FrameSamples]; // 0x00: the loudest negative
        uint first = uint.MaxValue - 100;               // wraps on the way
        playout.Put(first, loud, At(0));
        playout.Put(first + 320, loud, At(40));  // 1 is missing
        playout.Put(first + 480, loud, At(121)); // due at 60 + 60
        playout.Put(first + 640, loud, At(140));  // due at 60 + 80: just in time
        short[] heard = playout.ToPcm();
        Assert.Equal([-32124, 0, -32124, 0, -32124], Enumerable.Range(0, 5).Select(frame => (int)heard[frame * 160]));
        Assert.Equal(1, playout.Late);
        Assert.Equal(At(60), playout.Start);
        Assert.Equal(5 * 160, heard.Length);
    }

    [Fact]
    public void Playout_takes_no_memory_for_a_wild_timestamp()
    {
        var playout = new PlayoutBuffer(TimeSpan.FromMilliseconds(60));
        playout.Put(0, new byte[160], At(0));
        playout.Put(0x7fff_0000, new byte[160], At(1));
        playout.Put(0x8000_0000, new byte[160], At(1));
        Assert.Equal(160, playout.Samples);
        Assert.Equal(0, G711.DecodeMuLaw(G711.MuLawSilence));
    }
}
