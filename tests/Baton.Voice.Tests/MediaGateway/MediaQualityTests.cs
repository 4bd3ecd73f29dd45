using Baton.Srtp;
using Baton.Voice.MediaGateway;
using Baton.Wire;

namespace Baton.Voice.Tests.MediaGateway;

/// <summary>What a media gateway knows of the quality of a call: what passed here, and what phones say that they heard.</summary>
public sealed class MediaQualityTests
{
    [Fact]
    public void A_successor_counts_what_was_lost_while_nobody_worked_and_nothing_of_its_earlier_tenure()
    {
        using TestPhone a = new(1, SrtpSuite.AesGcm128, 0xA), b = new(2, null, 0xB);
        using TestCall call = new(a, b);
        call.Engine.Begin(call.Now);
        for (int i = 0; i < 5; i++)
            Talk();
        a.Next += 3;                                // nobody relays these
        call.Now += TimeSpan.FromMilliseconds(40);
        call.Engine.Begin(call.Now);
        call.Now += TimeSpan.FromMilliseconds(15);
        Talk();
        Talk();
        StreamMeter meter = call.Call.A.Streams.Single().Meter;
        Assert.Equal((2, 3L, 3), (meter.Packets, meter.Lost, meter.LostInTakeover));
        Assert.Equal(TimeSpan.FromMilliseconds(20), meter.LongestGap);

        void Talk()
        {
            Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk("x")));
            call.Now += TimeSpan.FromMilliseconds(20);
        }
    }

    [Fact]
    public void A_source_that_begins_later_has_no_gap_before_it()
    {
        using TestPhone a = new(1, SrtpSuite.AesGcm128, 0xA), b = new(2, null, 0xB);
        using TestCall call = new(a, b);
        call.Engine.Begin(call.Now);
        call.Now += TimeSpan.FromHours(1);
        a.Next = 500;
        Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk("x")));
        StreamMeter meter = call.Call.A.Streams.Single().Meter;
        Assert.Equal((1, 0L, 0, TimeSpan.Zero), (meter.Packets, meter.Lost, meter.LostInTakeover, meter.LongestGap));
    }

    [Theory, MemberData(nameof(MediaEngineTests.Sides), MemberType = typeof(MediaEngineTests))]
    public void What_a_phone_says_that_it_heard_is_known_whatever_it_is_sealed_with(SrtpSuite? ofA, SrtpSuite? ofB)
    {
        using TestPhone a = new(1, ofA, 0xA), b = new(2, ofB, 0xB);
        using TestCall call = new(a, b);
        Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk("x")));
        Assert.Equal(MediaVerdict.Relayed, call.From(b, b.Report(1, Block(0xA, 64, 7)), SrtpHalf.Rtcp));
        Assert.Equal(MediaVerdict.Relayed, call.From(b, b.Report(2, Block(0xA, 0, 8)), SrtpHalf.Rtcp));
        Assert.Equal(new HeardReport(0xA, 0, 8, 9, 3, null), call.Call.B.Heard);
        Assert.Equal(new HeardReport(0xA, 0.25, 7, 9, 3, null), call.Call.B.HeardFirst);
        Assert.Null(call.Call.A.Heard);

        call.Engine.Begin(call.Now);
        Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk("x")));
        Assert.Equal(MediaVerdict.Relayed, call.From(b, b.Report(3, Block(0xA, 128, 12)), SrtpHalf.Rtcp));
        Assert.Equal(new HeardReport(0xA, 0.5, 12, 9, 3, null), call.Call.B.HeardFirst);
    }

    [Fact]
    public void Each_whole_stretch_is_in_the_totals()
    {
        using TestPhone a = new(1, null, 0xA), b = new(2, null, 0xB);
        using TestCall call = new(a, b);
        for (int i = 0; i <= 1_000; i++)
        {
            call.From(a, a.Talk("x"));
            call.Now += TimeSpan.FromMilliseconds(20);
        }

        Assert.Equal((2L, 1_001L), (call.Engine.Quality.Stretches, call.Engine.Quality.Packets));
    }

    private static byte[] Block(byte ssrc, byte fraction, byte lost) =>
        [0x81, 201, 0, 7, 0, 0, 0, 0xB, 0, 0, 0, ssrc, fraction, 0, 0, lost, 0, 0, 0, 9, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0];
}
