using Baton.Cluster.Records;
using Baton.Esp;
using Baton.Gateway.DataPath;
using Baton.Gateway.Ike;
using Baton.Ike;
using Baton.Redundancy.Records;

namespace Baton.Gateway.Tests.Ike;

/// <summary>What the data path tells of a pair: what it carried since this member works, when there is news.</summary>
public sealed class ChildTrafficTests
{
    [Fact]
    public void WhoWorksAgainTellsOnlyWhatItCarriedSince()
    {
        using OutboundEntry outbound = new(default, Describe(1_000), swap: false);
        using InboundEntry inbound = new(default, Describe(2_000), swap: false);
        var pair = new ChildEntry(7) { Outbound = outbound, Inbound = inbound };

        Carry(100, 5);
        Assert.Equal((1_000UL, 10UL), Told(tenure: 1));
        Carry(100, 5);
        Assert.Equal((2_000UL, 20UL), Told(tenure: 1));           // the whole of its time at work
        Assert.Null(Told(tenure: 1));

        // Another worked meanwhile, and has what was told from the record.
        Assert.Null(Told(tenure: 2));
        Carry(50, 1);
        Assert.Equal((100UL, 2UL), Told(tenure: 2));
        Carry(50, 1);
        Assert.Equal((200UL, 4UL), Told(tenure: 2));

        void Carry(int bytes, int packets)
        {
            for (int i = 0; i < packets; i++)
            {
                outbound.Count(bytes);
                inbound.Count(bytes);
            }
        }

        (ulong, ulong)? Told(ulong tenure) => ChildTraffic.News(pair, tenure) is { } told ? (told.Bytes, told.Packets) : null;
    }

    private static SaDescription Describe(uint spi) => new("test", SaSuite.AesGcm128, SaMode.Tunnel, spi, 3_000 - spi, true, 64, [], [], null, new byte[20]);
}
