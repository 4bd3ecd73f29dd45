using Baton.Srtp;
using Baton.Voice.MediaGateway;

namespace Baton.Voice.Tests.MediaGateway;

/// <summary>A controller changes a call while it runs: a re-offer, an answer.</summary>
public sealed class MediaChangeTests
{
    [Fact]
    public void A_new_key_of_one_phone_begins_anew_and_the_other_phones_key_goes_on_with_what_it_remembers()
    {
        using TestPhone a = new(1, SrtpSuite.AesGcm128, 0xA), b = new(2, SrtpSuite.AesCm128Tag80, 0xB), renewed = new(3, SrtpSuite.AesCm128Tag80, 0xB) { Next = 2 };
        using TestCall call = new(a, b);
        byte[] first = a.Talk("one");
        Assert.Equal(MediaVerdict.Relayed, call.From(a, first));
        Assert.Equal(MediaVerdict.Relayed, call.From(b, b.Talk("two")));

        call.Engine.Change(call.Call, call.Call.A.Description, renewed.Signalled());
        call.B = renewed;
        Assert.Equal(MediaVerdict.Replayed, call.From(a, first));
        Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk("three")));
        Assert.Equal(MediaVerdict.Relayed, call.From(renewed, renewed.Talk("four")));
        Assert.Equal(["three"], renewed.Heard);
        Assert.Equal(["two", "four"], a.Heard);
        Assert.Equal(MediaVerdict.BadTag, call.From(renewed, b.Talk(9, "five", 0xB)));
    }

    [Fact]
    public void In_a_cluster_only_the_SAs_of_the_new_keys_are_wanted()
    {
        using TestPhone a = new(1, SrtpSuite.AesGcm128, 0xA) { Next = 65_000 }, renewed = new(3, SrtpSuite.AesCm128Tag80, 0xB);
        using TestPhone b = new(2, SrtpSuite.AesCm128Tag80, 0xB);
        using TestCall call = new(a, b, clustered: true);
        Assert.Equal(MediaVerdict.Held, call.From(a, a.Talk("one")));
        Assert.Equal([MediaSaRole.Opens, MediaSaRole.Seals], call.WantedSas.Select(wanted => wanted.Sa.Role));

        call.WantedSas.Clear();
        call.Engine.Change(call.Call, call.Call.A.Description with { PhoneKey = renewed.Signalled().PhoneKey }, call.Call.B.Description);
        Assert.Equal(MediaVerdict.BadTag, call.From(a, a.Talk("two")));
        call.Engine.Change(call.Call, a.Signalled(), renewed.Signalled());
        Assert.Equal(MediaVerdict.Held, call.From(a, a.Talk("three")));
        Assert.Equal([65_002UL, 65_002UL], call.WantedSas.Select(wanted => wanted.First));
    }

    [Fact]
    public void Nothing_passes_before_both_sides_have_answered()
    {
        using TestPhone a = new(1, null, 0xA), b = new(2, SrtpSuite.AesCm128Tag80, 0xB);
        using TestCall call = new(a, b);
        call.Engine.Change(call.Call, a.Signalled(), b.Signalled() with { IsAnswered = false, PhoneKey = null });
        Assert.Equal(MediaVerdict.NotAnswered, call.From(a, a.Talk("early")));
        Assert.Equal(MediaVerdict.NotAnswered, call.From(b, b.Talk("early")));

        call.Engine.Change(call.Call, a.Signalled(), b.Signalled());
        Assert.Equal(MediaVerdict.Relayed, call.From(a, a.Talk("now")));
        Assert.Equal(["now"], b.Heard);
        Assert.Equal((1, 1, 1), (call.Call.A.Counts.Packets, call.Call.A.Counts.Dropped, call.Call.B.Counts.Dropped));
    }

    [Fact]
    public void What_waits_is_handed_out_as_it_came()
    {
        using TestPhone a = new(1, SrtpSuite.AesGcm128, 0xA), b = new(2, null, 0xB);
        using TestCall call = new(a, b, clustered: true);
        byte[][] said = [a.Talk("one"), a.Talk("two")];
        foreach (byte[] packet in said)
            Assert.Equal(MediaVerdict.Held, call.From(a, packet));

        var taken = new List<byte[]>();
        call.Engine.Empty((MediaLeg leg, SrtpHalf port, ReadOnlySpan<byte> packet, in Baton.Linux.UdpEndpoint source) => taken.Add(packet.ToArray()));
        Assert.Equal(said, taken);
        Assert.Equal(0, call.Engine.Waiting);
    }
}
