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

    /// <summary>RFC 3550 A.1: a jump of 3,000 or more is another beginning.</summary>
    [Fact]
    public void A_talker_that_begins_anew_has_lost_nothing()
    {
        var meter = new StreamMeter();
        foreach (int sequence in new[] { 1, 2, 9_000, 9_001 })
            meter.Take(Packet((ushort)sequence, 0), Instant.FromMilliseconds(0));
        Assert.Equal((4, 0L), (meter.Packets, meter.Lost));
    }

    [Fact]
    public void Who_follows_on_counts_what_was_lost_between_and_for_how_long_nothing_passed()
    {
        var meter = new StreamMeter(Instant.FromMilliseconds(1_000));
        meter.FollowOn(number: 65_536 + 8, since: Instant.FromMilliseconds(1_000));  // the index is one less: SEQ 7
        meter.Take(Packet(10, 0), Instant.FromMilliseconds(1_035));
        meter.Take(Packet(11, 160), Instant.FromMilliseconds(1_055));
        Assert.Equal((2, 2L, 2), (meter.Packets, meter.Lost, meter.LostInTakeover));
        Assert.Equal(TimeSpan.FromMilliseconds(35), meter.LongestGap);
    }

    [Fact]
    public void A_stretch_tells_its_own_loss_and_gap_and_what_they_are_worth()
    {
        var meter = new StreamMeter();
        List<StreamStretch> stretches = [];
        for (int i = 0; i <= 1_000; i++)
        {
            bool isLost = i is > 700 and <= 710;
            if (!isLost && meter.Take(Packet((ushort)i, (uint)i * 160), Instant.FromMilliseconds(20 * i)) is { } stretch)
                stretches.Add(stretch);
        }

        Assert.Equal(2, stretches.Count);
        Assert.Equal((meter.First, meter.Newest), (stretches[0], stretches[1]));
        Assert.Equal((0L, 10L, 1L), (stretches[0].Lost, stretches[1].Lost, stretches[1].Bursts));
        Assert.Equal(TimeSpan.FromMilliseconds(220), stretches[1].LongestGap);
        Assert.InRange(stretches[0].OpinionScore!.Value, 4.3, 4.5);
        Assert.True(stretches[1].OpinionScore < stretches[0].OpinionScore - 0.1, $"{stretches[1].OpinionScore}");
        Assert.Equal(10, meter.Whole.Lost);
    }

    [Fact]
    public void What_no_recommendation_tells_has_no_score()
    {
        Assert.Null(new StreamStretch(100, 0, 0, default, default, 96).OpinionScore);
        Assert.Null(new StreamStretch(0, 0, 0, default, default, 0).OpinionScore);
        Assert.True(new StreamStretch(100, 0, 0, default, default, 18).OpinionScore < new StreamStretch(100, 0, 0, default, default, 8).OpinionScore);
        Assert.True(new StreamStretch(100, 0, 0, default, TimeSpan.FromMilliseconds(100), 0).OpinionScore < new StreamStretch(100, 0, 0, default, TimeSpan.FromMilliseconds(5), 0).OpinionScore);
    }

    [Fact]
    public void Totals_have_as_many_names_as_bounds()
    {
        var totals = new QualityTotals();
        totals.Take(new StreamStretch(500, 0, 0, TimeSpan.FromMilliseconds(20), default, 0));
        totals.Take(new StreamStretch(400, 100, 10, TimeSpan.FromMilliseconds(220), default, 0));
        totals.Take(new StreamStretch(500, 0, 0, TimeSpan.FromMilliseconds(20), default, 96));
        Dictionary<string, ulong> counters = totals.Counters().ToDictionary();
        Assert.Equal((3ul, 2ul, 1_400ul, 100ul), (counters["media.stretches"], counters["media.stretches-scored"], counters["media.stretches-packets"], counters["media.stretches-lost"]));
        Assert.Equal((1ul, 1ul, 0ul), (counters["media.stretches-mos-below-3-1"], counters["media.stretches-gap-above-100-ms"], counters["media.stretches-gap-above-300-ms"]));
        Assert.Equal(14, counters.Count);
    }

    private static byte[] Packet(ushort sequence, uint timestamp)
    {
        byte[] packet = new byte[RtpPacket.HeaderBytes];
        RtpPacket.WriteHeader(packet, false, RtpPacket.Pcmu, sequence, timestamp, 7);
        return packet;
    }
}
