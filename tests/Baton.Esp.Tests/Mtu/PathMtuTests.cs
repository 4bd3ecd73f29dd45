using Baton.Esp.Mtu;
using Baton.Wire;

namespace Baton.Esp.Tests.Mtu;

public sealed class PathMtuTests
{
    private static readonly IpAddress V4 = IpAddress.V4(0xC0000201);
    private static readonly IpAddress V6 = new(0x20010DB800000000, 1);
    private static readonly Instant Start = Instant.FromMilliseconds(1_000);

    [Fact] // the obvious model: try every length
    public void TheLargestPayloadIsTheLastThatFits()
    {
        foreach (EspSuite suite in Enum.GetValues<EspSuite>())
        {
            foreach ((int mtu, bool v4, bool udp) in (ReadOnlySpan<(int, bool, bool)>)[(1_500, true, true), (1_500, false, true), (1_499, true, false), (1_280, false, false), (576, true, true)])
            {
                int outer = (v4 ? 20 : 40) + (udp ? 8 : 0);
                int largest = 0;
                for (int payload = 0; payload < mtu; payload++)
                {
                    if (outer + suite.SealedLength(payload) <= mtu)
                        largest = payload;
                }

                Assert.Equal(largest, suite.LargestPayload(mtu, v4, udp));
                Assert.InRange(suite.LeastPath(largest, v4, udp), 0, mtu);
                Assert.True(suite.LeastPath(largest + 1, v4, udp) > mtu);
            }
        }
    }

    [Fact]
    public void NothingFitsIntoNothing() => Assert.Equal(0, EspSuite.AesGcm128.LargestPayload(40, true, true));

    [Fact]
    public void TheWorstSuiteCounts() =>
        Assert.Equal(EspSuite.AesCbc256Sha256.LargestPayload(1_500, true, true), TunnelSize.LargestPayloadOfAnySuite(1_500, true, true));

    [Fact]
    public void NewsLowerTheMtuAndAgeForgetsThem()
    {
        var paths = new PathMtuTable(1_500);
        Assert.Equal(1_500, paths.Of(V4));
        Assert.True(paths.Learn(V4, 1_300, Start));
        Assert.Equal((1_300, 1_500), (paths.Of(V4), paths.Of(V6)));
        int generation = paths.Generation;
        paths.Tick(Start + PathMtuTable.Age - TimeSpan.FromMilliseconds(1));
        Assert.Equal((1_300, generation), (paths.Of(V4), paths.Generation));
        paths.Tick(Start + PathMtuTable.Age);
        Assert.Equal((1_500, 0), (paths.Of(V4), paths.Count));
        Assert.NotEqual(generation, paths.Generation);
    }

    [Fact]
    public void LessStillBeginsTheAgeAnew()
    {
        var paths = new PathMtuTable(1_500);
        paths.Learn(V4, 1_400, Start);
        paths.Learn(V4, 1_300, Start + (PathMtuTable.Age / 2));
        paths.Tick(Start + PathMtuTable.Age);
        Assert.Equal(1_300, paths.Of(V4));
        paths.Tick(Start + (PathMtuTable.Age * 1.5));
        Assert.Equal(1_500, paths.Of(V4));
    }

    [Fact] // ICMP is anybody's word
    public void NewsNeitherRaiseNorGoBelowTheLeast()
    {
        var paths = new PathMtuTable(1_500);
        Assert.False(paths.Learn(V4, 9_000, Start));
        Assert.True(paths.Learn(V4, 68, Start));
        Assert.Equal(576, paths.Of(V4));
        Assert.True(paths.Learn(V6, 68, Start));
        Assert.Equal(1_280, paths.Of(V6));
        Assert.False(paths.Learn(V6, 1_290, Start));
    }

    [Fact]
    public void TheTableIsBounded()
    {
        var paths = new PathMtuTable(1_500);
        for (uint i = 0; i < 70_000; i++)
            paths.Learn(IpAddress.V4(i), 1_300, Start);
        Assert.Equal(65_536, paths.Count);
        Assert.True(paths.Learn(IpAddress.V4(5), 1_200, Start));  // who is in may still learn
    }

    [Fact]
    public void AnAllowanceFillsWithTime()
    {
        var allowance = new Allowance(perSecond: 10, atOnce: 3);
        Instant now = Start;
        for (int i = 0; i < 3; i++)
            Assert.True(allowance.TryTake(now));
        Assert.False(allowance.TryTake(now));
        now += TimeSpan.FromMilliseconds(99);
        Assert.False(allowance.TryTake(now));
        now += TimeSpan.FromMilliseconds(2);
        Assert.True(allowance.TryTake(now));
        now += TimeSpan.FromHours(1);
        for (int i = 0; i < 3; i++)
            Assert.True(allowance.TryTake(now));
        Assert.False(allowance.TryTake(now));
        Assert.Equal(3, allowance.Refused);
    }
}
