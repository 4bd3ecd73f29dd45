using Baton.Gateway.Sentinel;
using Baton.Wire;

namespace Baton.Gateway.Tests.Sentinel;

/// <summary>Witnesses order lives, and the sentinels of one life, by the numbers of their frames: a smaller one is an old frame and says nothing.</summary>
public sealed class SentinelSequenceTests
{
    private const ulong Noon = 1_790_000_000_000;

    [Fact]
    public void TheSecondSentinelOfALifeGoesOnAboveTheFirstWhateverTheTimeOfDayDoes()
    {
        // The options are those of the gateway's start: setting the clock back by a day afterwards does not enter.
        SentinelOptions life = Life(startedUnixMs: Noon, startedMonotonicNs: 5_000_000_000);
        ulong first = SentinelProcess.FirstSequence(life, new Instant(5_100_000_000));
        ulong second = SentinelProcess.FirstSequence(life, new Instant(9_000_000_000));
        Assert.Equal(first + 3_900_000_000, second);  // a frame a nanosecond would be needed to reach it
    }

    [Fact]
    public void ALaterLifeBeginsAboveAnEarlierOneAcrossAReboot()
    {
        ulong before = SentinelProcess.FirstSequence(Life(Noon, startedMonotonicNs: 5_000_000_000), new Instant(900_000_000_000));
        ulong after = SentinelProcess.FirstSequence(Life(Noon + 1_000_000, startedMonotonicNs: 1_000_000), new Instant(2_000_000));
        Assert.True(after > before);
    }

    private static SentinelOptions Life(ulong startedUnixMs, long startedMonotonicNs) => new()
    {
        Block = "",
        Member = "a",
        Nonce = 1,
        ClusterKey = [],
        KeyId = 1,
        Targets = [],
        From = "",
        IntervalMicroseconds = 10_000,
        HangAfterMicroseconds = 25_000,
        GatewayStartedUnixMs = startedUnixMs,
        GatewayStartedMonotonicNs = startedMonotonicNs,
    };
}
