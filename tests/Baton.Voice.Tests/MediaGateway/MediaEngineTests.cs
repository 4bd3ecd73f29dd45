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
    public void A_source_that_is_silent_gives_its_place_away_but_none_that_a_key_depends_on()
    {
        foreach (SrtpSuite? ofB in new SrtpSuite?[] { null, SrtpSuite.AesGcm128 })
        {
            using TestPhone a = new(1, null, 0xA), b = new(2, ofB, 0xB);
            var policy = new MediaPolicy { MostSources = 3 };
            using TestCall call = new(a, b, policy: policy);
            for (uint ssrc = 0; ssrc < 3; ssrc++)
                Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk(1, "x", ssrc)));
            call.Now += policy.SourceSilence;
            Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk(2, "x", 1)));
            Assert.Equal(ofB is null ? MediaVerdict.Relayed : MediaVerdict.TooManySources, call.From(a, a.Talk(1, "x", 3)));
            Assert.Equal(ofB is null ? MediaVerdict.Relayed : MediaVerdict.Replayed, call.From(a, a.Talk(2, "x", 1)));
        }
    }

    [Fact]
    public void Strangers_at_a_port_whose_phone_is_not_known_yet_take_few_places_and_not_for_long()
    {
        using TestPhone a = new(1, null, 0xA), b = new(2, SrtpSuite.AesGcm128, 0xB);
        var policy = new MediaPolicy();
        using TestCall call = new(a, b, clustered: true);
        for (uint ssrc = 0; ssrc < policy.MostUnproven; ssrc++)
            Assert.Equal(MediaVerdict.Held, call.From(a, a.Talk(1, "x", ssrc), source: Elsewhere));
        Assert.Equal(MediaVerdict.TooManySources, call.From(a, a.Talk(1, "x", 100)));
        call.Now += policy.SourceSilence;
        Assert.Equal(MediaVerdict.Held, call.From(a, a.Talk(1, "x", 100)));
    }

    [Fact]
    public void An_SA_that_does_not_come_is_wanted_again_and_what_waits_for_it_grows_too_old()
    {
        using TestPhone a = new(1, SrtpSuite.AesGcm128, 0xA) { Next = 500 }, b = new(2, SrtpSuite.AesGcm128, 0xB);
        var policy = new MediaPolicy { WantAgain = TimeSpan.FromSeconds(2) };
        using TestCall call = new(a, b, clustered: true, policy: policy);
        Assert.Equal(MediaVerdict.Held, call.From(a, a.Talk("x")));
        WantedMediaSa[] first = [.. call.WantedSas];
        Assert.Equal(2, first.Length);
        call.Now += policy.MostWait;
        Assert.Equal(MediaVerdict.Held, call.From(a, a.Talk("y")));
        Assert.Equal((1, 1), (call.Engine.Waiting, call.Engine.Count(MediaVerdict.HeldTooLong)));
        Assert.Equal(first, call.WantedSas);

        call.Now += policy.WantAgain;
        Assert.Equal(MediaVerdict.Held, call.From(a, a.Talk("z")));
        Assert.Equal([.. first, .. first], call.WantedSas);
        call.WantedSas.Clear();
        call.Now += TimeSpan.FromMilliseconds(1);
        call.Engine.Begin(call.Now);                // who worked before may not have asked
        call.Engine.Release(call.Now);
        Assert.Equal(first, call.WantedSas);
    }

    [Fact]
    public void One_source_that_waits_leaves_room_for_the_others()
    {
        using TestPhone a = new(1, SrtpSuite.AesGcm128, 0xA), b = new(2, SrtpSuite.AesGcm128, 0xB);
        using TestCall call = new(a, b, clustered: true, policy: new MediaPolicy { MostHeldOfSource = 3, MostHeld = 5 });
        for (int i = 0; i < 6; i++)
            Assert.Equal(i < 3 ? MediaVerdict.Held : MediaVerdict.HeldOverflow, call.From(a, a.Talk("x")));
        Assert.Equal(MediaVerdict.Held, call.From(b, b.Talk("x")));
        call.Engine.Release(call.Now);
        Assert.Equal(4, call.Engine.Waiting);
    }

    [Fact]
    public void Who_begins_to_work_takes_no_call_for_silent_that_others_heard()
    {
        using TestPhone a = new(1, null, 0xA), b = new(2, null, 0xB);
        using TestCall call = new(a, b);
        TimeSpan timeout = new MediaPolicy().CallTimeout;
        var silent = new List<ulong>();
        call.Now += timeout * 10;
        call.Engine.Begin(call.Now);
        call.Engine.FindSilent(call.Now, silent);
        Assert.Empty(silent);
        call.Now += timeout;
        call.Engine.FindSilent(call.Now, silent);
        Assert.Equal([call.Call.Id], silent);
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
