using Baton.Redundancy;
using Baton.Srtp;

namespace Baton.Simulation;

/// <summary>What the leases keep to and what a receiver of SRTP follows are the same number.</summary>
public sealed class SafeJumpTests
{
    [Fact]
    public void TheSafeJumpOfSrtpIsTheFarthestThatIsAlwaysFollowed()
    {
        ulong jump = CounterSpace.Srtp.SafeJump;
        bool always = true;
        for (ulong top = 1UL << 17; top < 1UL << 18; top++)
        {
            SrtpIndex.Estimate((ushort)(top + jump - 1), top, out ulong number);
            Assert.Equal(top + jump, number);
            SrtpIndex.Estimate((ushort)(top + jump), top, out number);
            always &= number == top + jump + 1;
        }

        Assert.False(always);
    }
}
