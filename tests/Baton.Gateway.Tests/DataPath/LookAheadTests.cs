using Baton.Cluster.Records;
using Baton.Esp;
using Baton.Gateway.DataPath;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.Tests.DataPath;

public sealed class LookAheadTests
{
    private static SaDescription Description(uint spi, SaSelector[] local, SaSelector[] remote) =>
        new("t", SaSuite.AesGcm128, SaMode.Tunnel, spi, 0, true, 64, local, remote, null, new byte[20]);

    /// <summary>What is found on the way is what would have been found in the packet's own turn, with few lengths of prefixes and with many, in batches one behind the other.</summary>
    [Fact]
    public void EachPacketFindsItsOwnSa()
    {
        int found = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var some = new RandomSelectors(random);
            var selectors = new SelectorTable();
            var entries = new List<OutboundEntry>();
            int count = random.Next(1, 20);
            for (uint spi = 1; spi <= count; spi++)
            {
                bool v4 = random.Next(3) != 0;
                entries.Add(new OutboundEntry(new SaId(spi), Description(spi, some.Some(v4), some.Some(v4)), swap: false));
                selectors.Add(entries[^1]);
            }

            var ahead = new LookAhead(new SaTable<InboundEntry>(), selectors);
            for (int batch = 0; batch < 3; batch++)
            {
                byte[][] packets = [.. Enumerable.Range(0, random.Next(1, 100)).Select(_ => random.Next(20) == 0 ? new byte[3] : some.Packet(entries))];
                ahead.Begin();
                int added = 0;
                for (int i = 0; i < packets.Length; i++)
                {
                    for (; added <= i + LookAhead.LeadInner; added++)
                        ahead.AddInner(added < packets.Length ? packets[added] : []);
                    OutboundEntry? own = IpPacket.TryParse(packets[i], out IpPacket ip) ? selectors.Find(ip) : null;
                    Assert.Equal((seed, i, own?.Spi), (seed, i, ahead.Found(i)?.Spi));
                    found += own is null ? 0 : 1;
                }
            }

            entries.ForEach(e => e.Dispose());
        }

        Assert.True(found > 3_000, $"only {found} packets had an SA");
    }

    /// <summary>The quick test of an entry whose selectors are simple says what the selectors say.</summary>
    [Fact]
    public void AnEntryAdmitsWhatItsSelectorsAdmit()
    {
        int[] counts = new int[2];
        for (int seed = 0; seed < 3_000; seed++)
        {
            var random = new Random(seed);
            var some = new RandomSelectors(random);
            bool v4 = random.Next(3) != 0, swap = random.Next(2) == 0;
            SaDescription description = Description(1, some.Some(v4), some.Some(v4));
            using var outbound = new OutboundEntry(new SaId(1), description, !swap);
            using var inbound = new InboundEntry(new SaId(2), description, swap);
            for (int i = 0; i < 20; i++)
            {
                Assert.True(IpPacket.TryParse(some.Packet([outbound]), out IpPacket ip));
                bool admitted = Selectors.Admit(inbound.Source, inbound.Destination, ip);
                Assert.Equal((seed, i, admitted), (seed, i, inbound.Admits(ip)));
                counts[admitted ? 1 : 0]++;
            }
        }

        Assert.All(counts, count => Assert.True(count > 2_000, $"{count}"));
    }
}
