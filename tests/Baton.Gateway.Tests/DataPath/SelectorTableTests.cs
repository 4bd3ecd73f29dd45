using System.Buffers.Binary;
using System.Net;
using Baton.Cluster.Records;
using Baton.Esp;
using Baton.Gateway.DataPath;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.Tests.DataPath;

public sealed class SelectorTableTests
{
    private static SaSelector Net(string network) => SaSelector.Of(IPNetwork.Parse(network));

    private static OutboundEntry Entry(uint spi, SaSelector[] local, SaSelector[] remote) => new(
        new SaId(spi), new SaDescription("t", SaSuite.AesGcm128, SaMode.Tunnel, spi, 0, true, 64, local, remote, null, new byte[20]), swap: false);

    private static byte[] Udp(string from, string to, ushort port, bool fragment = false)
    {
        var packet = new byte[28];
        (packet[0], packet[9]) = (0x45, 17);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), 28);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), fragment ? (ushort)100 : (ushort)0);
        IPAddress.Parse(from).TryWriteBytes(packet.AsSpan(12), out _);
        IPAddress.Parse(to).TryWriteBytes(packet.AsSpan(16), out _);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(20), 999);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(22), port);
        return packet;
    }

    private static uint Find(SelectorTable table, byte[] packet)
    {
        Assert.True(IpPacket.TryParse(packet, out IpPacket ip));
        return table.Find(ip)?.Sa.Spi ?? 0;
    }

    [Fact]
    public void The_narrowest_pair_wins_and_ports_are_narrower_than_none()
    {
        var table = new SelectorTable();
        table.Add(Entry(1, [Net("10.1.0.0/16")], [Net("0.0.0.0/0")]));
        table.Add(Entry(2, [Net("10.1.0.0/16")], [Net("10.2.0.0/16"), Net("10.3.0.0/16")]));
        table.Add(Entry(3, [Net("10.1.0.1/32")], [Net("10.2.0.1/32")]));
        table.Add(Entry(4, [Net("10.1.0.1/32")], [Net("10.2.0.1/32") with { Protocol = 17, FirstPort = 5060, LastPort = 5061 }]));
        Assert.Equal(1u, Find(table, Udp("10.1.9.9", "8.8.8.8", 53)));
        Assert.Equal(2u, Find(table, Udp("10.1.9.9", "10.3.0.1", 53)));
        Assert.Equal(3u, Find(table, Udp("10.1.0.1", "10.2.0.1", 53)));
        Assert.Equal(4u, Find(table, Udp("10.1.0.1", "10.2.0.1", 5061)));
        Assert.Equal(3u, Find(table, Udp("10.1.0.1", "10.2.0.1", 53)));  // what was found last is no answer where ports decide
        Assert.Equal(3u, Find(table, Udp("10.1.0.1", "10.2.0.1", 5061, fragment: true)));
        Assert.Equal(0u, Find(table, Udp("10.9.0.1", "10.2.0.1", 1)));
    }

    [Fact]
    public void A_rekey_is_make_before_break()
    {
        foreach (SaSelector[] remote in new[] { new[] { Net("10.2.0.1/32") }, [Net("10.2.0.0/24")] })
        {
            var table = new SelectorTable();
            OutboundEntry first = Entry(1, [Net("10.1.0.1/32")], remote), second = Entry(2, [Net("10.1.0.1/32")], remote), third = Entry(3, [Net("10.1.0.1/32")], remote);
            table.Add(first);
            table.Add(second);
            Assert.Equal(2u, Find(table, Udp("10.1.0.1", "10.2.0.1", 1)));
            table.Add(third);
            table.Remove(third);  // the loser of two rekeys that crossed
            Assert.Equal(2u, Find(table, Udp("10.1.0.1", "10.2.0.1", 1)));
            table.Remove(first);
            Assert.Equal(2u, Find(table, Udp("10.1.0.1", "10.2.0.1", 1)));
            table.Remove(second);
            Assert.Equal(0u, Find(table, Udp("10.1.0.1", "10.2.0.1", 1)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Finds_what_one_ordered_list_finds(int seed)
    {
        var random = new Random(seed);
        var draw = new RandomSelectors(random);
        var table = new SelectorTable();
        var list = new LinearSelectors();
        var live = new List<OutboundEntry>();
        int found = 0;
        for (uint step = 1; step <= 600; step++)
        {
            if (live.Count > 150 || (live.Count > 0 && random.Next(4) == 0))
            {
                OutboundEntry entry = live[random.Next(live.Count)];
                table.Remove(entry);
                list.Remove(entry);
                if (entry.IsLater)
                {
                    entry.IsLater = false;
                    table.Add(entry);
                    list.Add(entry);
                }
                else
                {
                    live.Remove(entry);
                }
            }
            else
            {
                OutboundEntry entry = live.Count > 0 && random.Next(4) == 0
                    ? Entry(step, live[random.Next(live.Count)].Source, live[random.Next(live.Count)].Destination)
                    : Entry(step, draw.Some(v4: step % 3 != 0), draw.Some(v4: step % 3 != 0));
                entry.IsLater = random.Next(4) == 0;
                Assert.Equal(list.HasOther(entry), table.HasOther(entry));
                table.Add(entry);
                list.Add(entry);
                live.Add(entry);
            }

            for (int i = 0; i < 30; i++)
            {
                Assert.True(IpPacket.TryParse(draw.Packet(live), out IpPacket packet));
                OutboundEntry? expected = list.Find(packet);
                Assert.Equal(expected?.Sa.Spi, table.Find(packet)?.Sa.Spi);
                found += expected is null ? 0 : 1;
            }
        }

        Assert.InRange(found, 3_000, 17_000);  // both answers were asked for often
        live.ForEach(table.Remove);
        Assert.True(table.IsEmpty);
    }

    [Fact]
    public void Looking_up_allocates_nothing()
    {
        var draw = new RandomSelectors(new Random(5));
        var table = new SelectorTable();
        OutboundEntry[] entries = [.. Enumerable.Range(1, 200).Select(i => Entry((uint)i, draw.Some(v4: i % 2 == 0), draw.Some(v4: i % 2 == 0)))];
        byte[][] packets = [.. Enumerable.Range(0, 200).Select(_ => draw.Packet(entries))];
        foreach (OutboundEntry entry in entries)
            table.Add(entry);
        FindAll();
        long before = GC.GetAllocatedBytesForCurrentThread();
        FindAll();
        Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before);

        void FindAll()
        {
            foreach (byte[] bytes in packets)
            {
                Assert.True(IpPacket.TryParse(bytes, out IpPacket packet));
                table.Find(packet);
            }
        }
    }

    [Fact]
    public void Ports_behind_extension_headers_are_seen()
    {
        var packet = new byte[40 + 8 + 8];
        (packet[0], packet[5], packet[6]) = (0x60, 16, 0);
        (packet[40], packet[48 + 3]) = (17, 53);
        Assert.True(IpPacket.TryParse(packet, out IpPacket ip));
        Assert.True(ip.TryUpper(out byte protocol, out _, out ushort port));
        Assert.Equal((17, 53), (protocol, port));
    }
}
