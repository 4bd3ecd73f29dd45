using Baton.Srtp;
using Baton.Voice.MediaGateway.Member;

namespace Baton.Voice.Tests.MediaGateway.Member;

public sealed class MediaWordTests
{
    [Fact]
    public void A_packet_comes_out_as_it_went_in()
    {
        byte[] text = new byte[64];
        int length = new MediaWord(MediaWordKind.Packet, 7, 9, 1, SrtpHalf.Rtcp, [1, 2, 3]).Write(text);
        Assert.True(MediaWord.TryRead(text.AsSpan(0, length), out MediaWord word));
        Assert.Equal((MediaWordKind.Packet, 7UL, 9UL, (byte)1, SrtpHalf.Rtcp), (word.Kind, word.Call, word.Term, word.Leg, word.Half));
        Assert.Equal([1, 2, 3], word.Packet.ToArray());
    }

    [Fact]
    public void What_is_cut_off_or_says_what_nobody_knows_is_refused()
    {
        byte[] text = new byte[MediaWord.Front];
        int length = new MediaWord(MediaWordKind.Learned, 7, 9, 1, SrtpHalf.Rtp, []).Write(text);
        Assert.True(MediaWord.TryRead(text.AsSpan(0, length), out _));
        Assert.False(MediaWord.TryRead(text.AsSpan(0, length - 1), out _));
        Assert.False(MediaWord.TryRead([.. text, 0], out _));
        foreach (int at in new[] { 0, 17, 18 })
        {
            byte[] spoilt = [.. text];
            spoilt[at] = 2;
            Assert.False(MediaWord.TryRead(spoilt, out _));
        }
    }
}
