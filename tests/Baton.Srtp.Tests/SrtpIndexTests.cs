using CsCheck;

namespace Baton.Srtp.Tests;

public sealed class SrtpIndexTests
{
    [Fact] // RFC 3711 3.3.1: whatever the true index, ahead of the highest or behind it by less than 2^15, it is told from its SEQ
    public void AJumpOfLessThanHalfTheSpaceIsFollowed() =>
        Gen.Select(Gen.OneOf(Gen.ULong[1, 200_000], Gen.ULong[1, SrtpIndex.LastNumber]), Gen.Long[-32_767, 32_767]).Sample((top, distance) =>
        {
            long number = (long)top + distance;
            SrtpVerdict verdict = SrtpIndex.Estimate((ushort)(number - 1), top, out ulong estimated);
            if (number < 1)
                Assert.Equal(SrtpVerdict.Replayed, verdict);
            else if (number > (long)SrtpIndex.LastNumber)
                Assert.Equal(SrtpVerdict.SpaceEnded, verdict);
            else
                Assert.Equal((SrtpVerdict.Passed, (ulong)number), (verdict, estimated));
        });

    [Theory] // RFC 3711 appendix A, on both sides of the comparison; "v" by the text's own formula
    [InlineData(3, 0x7fff, 0xffff, 3)]
    [InlineData(3, 0x7fff, 0x0000, 3)]
    [InlineData(3, 0x0000, 0x8000, 3)]
    [InlineData(3, 0x0000, 0x8001, 2)]
    [InlineData(3, 0x8000, 0x0000, 3)]
    [InlineData(3, 0x8001, 0x0000, 4)]
    [InlineData(3, 0xffff, 0x7ffe, 4)]
    [InlineData(3, 0xffff, 0x7fff, 3)]
    public void TheRolloverCounterIsGuessed(uint rollover, int low, int sequence, uint guess)
    {
        Assert.Equal(SrtpVerdict.Passed, SrtpIndex.Estimate((ushort)sequence, ((((ulong)rollover) << 16) | (uint)low) + 1, out ulong number));
        Assert.Equal((((ulong)guess) << 16) | (uint)sequence, number - 1);
    }

    [Fact]
    public void TheFirstPacketHasARolloverCounterOfZero()
    {
        Assert.Equal(SrtpVerdict.Passed, SrtpIndex.Estimate(0, 0, out ulong number));
        Assert.Equal(1ul, number);
        Assert.Equal(SrtpVerdict.Passed, SrtpIndex.Estimate(65_535, 0, out number));
        Assert.Equal(65_536ul, number);
    }
}
