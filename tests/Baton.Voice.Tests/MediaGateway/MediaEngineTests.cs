using Baton.Linux;
using Baton.Srtp;
using Baton.Voice.MediaGateway;
using Baton.Wire;

namespace Baton.Voice.Tests.MediaGateway;

public sealed class MediaEngineTests
{
    private static readonly UdpEndpoint Elsewhere = new(IpAddress.V4(0x0A0000FF), 9_999);

    public static TheoryData<SrtpSuite?, SrtpSuite?> Sides
    {
        get
        {
            TheoryData<SrtpSuite?, SrtpSuite?> sides = Secure;
            sides.Add(null, null);
            return sides;
        }
    }

    public static TheoryData<SrtpSuite?, SrtpSuite?> Secure => new()
    {
        { null, SrtpSuite.AesCm128Tag80 },
        { SrtpSuite.AesCm128Tag32, null },
        { SrtpSuite.AesGcm256, SrtpSuite.AesCm128Tag80 },
        { SrtpSuite.AesGcm128, SrtpSuite.AesGcm128 },
    };

    [Theory, MemberData(nameof(Sides))]
    public void What_one_phone_says_the_other_hears_across_a_turn_of_the_sequence(SrtpSuite? ofA, SrtpSuite? ofB)
    {
        using TestPhone a = new(1, ofA, 0xA), b = new(2, ofB, 0xB);
        using TestCall call = new(a, b);
        var said = new List<string>();
        a.Next = b.Next = 65_530;
        for (int i = 0; i < 20; i++)
        {
            said.Add($"word {i}");
            Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk(said[^1])));
            Assert.Equal(MediaVerdict.Relayed, call.From(b, b.Talk(said[^1])));
        }

        Assert.Equal(said, b.Heard);
        Assert.Equal(said, a.Heard);
        Assert.Equal(40, call.Engine.Count(MediaVerdict.Relayed));
    }

    [Theory, MemberData(nameof(Sides))]
    public void Reports_pass_both_ways_on_a_port_of_their_own_or_on_a_shared_one(SrtpSuite? ofA, SrtpSuite? ofB)
    {
        foreach (bool mux in new[] { false, true })
        {
            using TestPhone a = new(1, ofA, 0xA), b = new(2, ofB, 0xB);
            using TestCall call = new(a, b, mux: mux);
            SrtpHalf port = mux ? SrtpHalf.Rtp : SrtpHalf.Rtcp;
            Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Report(1, "from a  "), port));
            Assert.Equal(mux ? b.Rtp : b.Rtcp, call.SentTo);
            Assert.Equal(MediaVerdict.Relayed, call.From(b, b.Report(1, "from b  "), port));
            Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Report(2, "once more"), port));
            Assert.Equal(["from a  ", "once more"], b.Heard);
            Assert.Equal(["from b  "], a.Heard);
        }
    }

    [Fact]
    public void A_report_on_a_port_of_Rtp_that_is_not_shared_is_malformed()
    {
        using TestPhone a = new(1, null, 0xA), b = new(2, null, 0xB);
        using TestCall call = new(a, b);
        Assert.Equal(MediaVerdict.Malformed, call.From(a, a.Report(1, ""), SrtpHalf.Rtp));
        Assert.Equal(MediaVerdict.Malformed, call.From(a, a.Talk("x"), SrtpHalf.Rtcp));
        Assert.Equal(MediaVerdict.Malformed, call.From(a, [0x80, 0, 0, 1, 0, 0, 0, 0], SrtpHalf.Rtp));
        Assert.Equal(MediaVerdict.Malformed, call.From(a, new byte[64], SrtpHalf.Rtp));     // of another version: STUN, for one
    }

    [Theory, MemberData(nameof(Secure))]
    public void Nothing_passes_twice_where_a_side_is_Srtp(SrtpSuite? ofA, SrtpSuite? ofB)
    {
        using TestPhone a = new(1, ofA, 0xA), b = new(2, ofB, 0xB);
        using TestCall call = new(a, b);
        byte[] first = a.Talk("one");
        call.From(a, first);
        call.From(a, a.Talk("two"));
        Assert.Equal(MediaVerdict.Replayed, call.From(a, first));
        Assert.Equal(["one", "two"], b.Heard);
    }

    [Fact]
    public void A_forged_packet_changes_a_counter_and_nothing_else()
    {
        using TestPhone a = new(1, SrtpSuite.AesCm128Tag80, 0xA), b = new(2, null, 0xB);
        using TestCall call = new(a, b);
        for (uint ssrc = 0; ssrc < 100; ssrc++)
        {
            using TestPhone stranger = new(3, SrtpSuite.AesCm128Tag80, ssrc);
            Assert.Equal(MediaVerdict.BadTag, call.From(a, stranger.Talk("x"), source: Elsewhere));
        }

        Assert.Equal(100, call.Engine.Count(MediaVerdict.BadTag));
        Assert.Equal(a.Rtp, call.Call.A.RemoteOf(SrtpHalf.Rtp));
        Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk("x")));
        Assert.Equal(["x"], b.Heard);
    }

    [Fact]
    public void A_leg_has_so_many_sources_and_no_more()
    {
        using TestPhone a = new(1, null, 0xA), b = new(2, null, 0xB);
        using TestCall call = new(a, b, policy: new MediaPolicy { MostSources = 3 });
        for (uint ssrc = 0; ssrc < 3; ssrc++)
            Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk(1, "x", ssrc)));
        Assert.Equal(MediaVerdict.TooManySources, call.From(a, a.Talk(1, "x", 3)));
        Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk(2, "x", 2)));
        Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Report(1, ""), SrtpHalf.Rtcp));
    }

    [Fact]
    public void A_plain_phone_is_where_it_first_speaks_from_and_moves_only_after_a_silence()
    {
        using TestPhone a = new(1, null, 0xA), b = new(2, null, 0xB);
        var policy = new MediaPolicy { MostMoves = 2 };
        using TestCall call = new(a, b, policy: policy);
        UdpEndpoint signalled = a.Rtp;
        a.Rtp = new(IpAddress.V4(0x0A000001), 5_000);          // behind a NAT
        Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk("x")));
        call.From(b, b.Talk("y"));
        Assert.Equal(a.Rtp, call.SentTo);
        Assert.Equal(MediaVerdict.OtherAddress, call.From(a, a.Talk("x"), source: signalled));
        Assert.Equal(MediaVerdict.OtherAddress, call.From(a, a.Talk("x"), source: Elsewhere));

        UdpEndpoint[] places = [Elsewhere, a.Rtp, signalled];
        for (int i = 0; i < 3; i++)
        {
            call.Now += policy.RelearnAfter;
            Assert.Equal(i < policy.MostMoves ? MediaVerdict.Relayed : MediaVerdict.OtherAddress, call.From(a, a.Talk("x"), source: places[i]));
        }

        Assert.Equal([a.Rtp, Elsewhere, a.Rtp], call.LearnedPhones);
    }

    [Fact]
    public void An_Srtp_phone_is_where_its_newest_packet_came_from()
    {
        using TestPhone a = new(1, SrtpSuite.AesGcm128, 0xA), b = new(2, null, 0xB);
        using TestCall call = new(a, b);
        byte[] late = a.Talk("late");
        call.From(a, a.Talk("x"));
        Assert.Equal(MediaVerdict.Relayed, call.From(a, late, source: Elsewhere));      // held back, and sent on from elsewhere
        Assert.Equal(a.Rtp, call.Call.A.RemoteOf(SrtpHalf.Rtp));
        Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk("y"), source: Elsewhere));
        Assert.Equal(Elsewhere, call.Call.A.RemoteOf(SrtpHalf.Rtp));
    }

    [Fact]
    public void What_is_for_a_phone_that_nobody_knows_has_a_name()
    {
        using TestPhone a = new(1, null, 0xA), b = new(2, null, 0xB) { Rtp = default };
        using TestCall call = new(a, b);
        Assert.Equal(MediaVerdict.NoRemote, call.From(a, a.Talk("x")));
        call.From(b, b.Talk("here"), source: Elsewhere);
        Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk("x")));
        Assert.Equal(Elsewhere, call.SentTo);
    }

    [Fact]
    public void A_silent_call_is_found_and_one_that_is_gone_relays_nothing()
    {
        using TestPhone a = new(1, null, 0xA), b = new(2, null, 0xB);
        using TestCall call = new(a, b);
        var silent = new List<ulong>();
        TimeSpan timeout = new MediaPolicy().CallTimeout;
        call.Now += timeout / 2;
        call.From(a, a.Talk("x"));
        call.Engine.FindSilent(call.Now + (timeout * 0.9), silent);
        Assert.Empty(silent);
        call.Engine.FindSilent(call.Now + timeout, silent);
        Assert.Equal([7ul], silent);
        call.Engine.Remove(7);
        Assert.Empty(call.Engine.Calls);
    }

    [Fact]
    public void Relaying_allocates_nothing()
    {
        using TestPhone a = new(1, SrtpSuite.AesCm128Tag80, 0xA), b = new(2, SrtpSuite.AesGcm128, 0xB);
        using MediaEngine engine = new(new MediaPolicy(), new Deaf(), clustered: false);
        MediaCall call = engine.Add(1, a.Signalled(), b.Signalled(), default);
        byte[][] packets = [.. Enumerable.Range(0, 200).Select(_ => a.Talk("twenty milliseconds"))];
        byte[] buffer = new byte[MediaEngine.MostBytes];
        long before = 0;
        for (int i = 0; i < packets.Length; i++)
        {
            if (i == 100)
                before = GC.GetAllocatedBytesForCurrentThread();
            packets[i].CopyTo(buffer, 0);
            engine.Take(call.A, SrtpHalf.Rtp, buffer, packets[i].Length, a.Rtp, default);
        }

        Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(200, engine.Count(MediaVerdict.Relayed));
    }

    private sealed class Deaf : IMediaSink
    {
        public void Send(MediaLeg leg, SrtpHalf port, in UdpEndpoint to, ReadOnlySpan<byte> packet)
        {
        }

        public void Learned(MediaLeg leg, SrtpHalf half, in UdpEndpoint phone)
        {
        }

        public void Wanted(in WantedMediaSa wanted)
        {
        }
    }
}
