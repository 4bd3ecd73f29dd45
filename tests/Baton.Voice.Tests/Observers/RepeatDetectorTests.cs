using System.Buffers.Binary;
using Baton.Voice.Observers;
using Baton.Wire;

namespace Baton.Voice.Tests.Observers;

public class RepeatDetectorTests
{
    internal static byte[] EspPacket(uint spi, ulong number, ulong? iv = null, int bytes = 64)
    {
        var esp = new byte[bytes];
        BinaryPrimitives.WriteUInt32BigEndian(esp, spi);
        BinaryPrimitives.WriteUInt32BigEndian(esp.AsSpan(4), (uint)number);
        BinaryPrimitives.WriteUInt64BigEndian(esp.AsSpan(8), iv ?? number);
        return esp;
    }

    [Fact]
    public void Only_the_same_number_of_the_same_spi_and_direction_is_a_repeat()
    {
        var detector = new RepeatDetector();
        Assert.False(Observe(detector, EspPacket(1, 5)));
        Assert.False(Observe(detector, EspPacket(2, 5)));
        Assert.False(Observe(detector, EspPacket(1, 5), WireDirection.ToCluster));
        Assert.False(Observe(detector, EspPacket(1, 4)));
        Assert.True(Observe(detector, EspPacket(1, 5)));
        Assert.Equal(1, detector.Repeats);
        Assert.Equal(3, detector.Spis);
    }

    [Fact]
    public void High_half_of_the_number_counts_where_the_iv_shows_it()
    {
        var detector = new RepeatDetector();
        Assert.False(Observe(detector, EspPacket(1, 5)));
        Assert.False(Observe(detector, EspPacket(1, (1UL << 32) + 5)));
        Assert.True(Observe(detector, EspPacket(1, (1UL << 32) + 5)));
    }

    [Fact]
    public void A_random_iv_is_none_to_compare_the_sequence_is()
    {
        var detector = new RepeatDetector();
        Assert.False(Observe(detector, EspPacket(1, 5, iv: 0x1111_2222_3333_4444)));
        Assert.False(Observe(detector, EspPacket(1, 6, iv: 0x1111_2222_3333_4444)));
        Assert.True(Observe(detector, EspPacket(1, 5, iv: 0x9999_2222_3333_4444)));
        Assert.Equal(0, detector.IvMismatches);
    }

    [Fact]
    public void A_repeated_nonce_is_found_under_a_fresh_sequence_number()
    {
        var told = new RepeatDetector();
        told.TellAead(1);
        var foundOut = new RepeatDetector();
        foreach (RepeatDetector detector in new[] { told, foundOut })
        {
            Assert.False(Observe(detector, EspPacket(1, 5)));
            Assert.True(Observe(detector, EspPacket(1, 6, iv: 5)));
            Assert.Equal(1, detector.IvMismatches);
        }
    }

    [Fact]
    public void Watched_spi_keeps_each_packet_in_order()
    {
        var detector = new RepeatDetector();
        detector.Watch(1);
        for (ulong number = 1; number <= 3; number++)
        {
            Observe(detector, EspPacket(1, number));
            Observe(detector, EspPacket(2, number));
        }

        SpiTrack track = Assert.Single(detector.Watched);
        Assert.Equal([1UL, 2, 3], track.Samples!.Select(sample => sample.Number));
    }

    [Fact]
    public void A_packet_of_a_known_spi_allocates_nothing()
    {
        var detector = new RepeatDetector();
        byte[] packet = EspPacket(1, 1);
        Observe(detector, packet);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (uint number = 2; number < 1000; number++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), number);
            BinaryPrimitives.WriteUInt64BigEndian(packet.AsSpan(8), number);
            Observe(detector, packet);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(0, detector.Repeats);
    }

    [Theory]
    [InlineData(new byte[] { 0xff }, "Keepalive")]
    [InlineData(new byte[] { }, "Other")]
    [InlineData(new byte[] { 0, 0, 0, 0, 1, 2, 3 }, "Other")]
    [InlineData(new byte[] { 0, 0, 0, 1, 0, 0, 0, 1 }, "Other")]
    public void Runts_are_neither_esp_nor_ike(byte[] datagram, string kind) =>
        Assert.Equal(kind, WirePacket.Classify(datagram).ToString());

    [Fact]
    public void Non_esp_marker_is_ike()
    {
        Assert.Equal(WireKind.Ike, WirePacket.Classify(new byte[4 + 28]));
        Assert.Equal(WireKind.Esp, WirePacket.Classify(EspPacket(1, 1)));
    }

    private static bool Observe(RepeatDetector detector, byte[] esp, WireDirection direction = WireDirection.ToPeer) =>
        detector.Observe(esp, direction, new Instant(0));
}
