using Baton.Voice.MediaGateway;
using Baton.Wire;
using Baton.Wire.Rtp;

namespace Baton.Voice.Tests.MediaGateway;

public sealed class StreamMeterTests
{
    /// <summary>RFC 3550 A.3: expected less received, over a turn of SEQ.</summary>
    [Fact]
    public void Loss_is_counted_over_a_turn_of_the_sequence()
    {
        var meter = new StreamMeter();
        foreach (int sequence in new[] { 65_534, 65_535, 0, 3, 2 })
            meter.Take(Packet((ushort)sequence, 0), Instant.FromMilliseconds(0));
        Assert.Equal((5, 1L, 65_536u + 3), (meter.Packets, meter.Lost, meter.Highest));
    }

    /// <summary>RFC 3550 A.8: J += (|D| - J) / 16; a packet that is late by 16 ms is 128 units of 8 kHz.</summary>
    [Fact]
    public void Jitter_is_of_what_deviates_from_the_timestamps()
    {
        var meter = new StreamMeter();
        for (int i = 0; i < 10; i++)
            meter.Take(Packet((ushort)i, (uint)i * 160), Instant.FromMilliseconds(20 * i));
        Assert.Equal(0u, meter.Jitter);
        meter.Take(Packet(10, 1_600), Instant.FromMilliseconds(216));
        Assert.Equal(128u / 16, meter.Jitter);
    }

    private static byte[] Packet(ushort sequence, uint timestamp)
    {
        byte[] packet = new byte[RtpPacket.HeaderBytes];
        RtpPacket.WriteHeader(packet, false, RtpPacket.Pcmu, sequence, timestamp, 7);
        return packet;
    }
}
