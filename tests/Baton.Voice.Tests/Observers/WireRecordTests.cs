using Baton.Voice.Observers;
using Baton.Wire;

namespace Baton.Voice.Tests.Observers;

public class WireRecordTests
{
    [Fact]
    public void Keeps_order_bytes_direction_and_time_and_ends_at_its_bound()
    {
        var record = new WireRecord(mostBytes: 1 << 20);
        int taken = 0;
        for (int i = 0; !record.Full; i++, taken++)
            record.Append(Packet(i), (WireDirection)(i % 2), new Instant(i));
        Assert.Equal(taken - 1, record.Count);
        Assert.Equal((1 << 20) / 100, record.Count);
        for (int i = 0; i < record.Count; i++)
            Assert.True(record[i].Bytes.Span.SequenceEqual(Packet(i)) && record[i].Direction == (WireDirection)(i % 2) && record[i].At == new Instant(i));

        // A small one would fit still, but a record has no holes.
        record.Append(new byte[1], WireDirection.ToPeer, new Instant(0));
        Assert.Equal(taken - 1, record.Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => record[record.Count]);
    }

    [Fact]
    public void Appending_allocates_nothing()
    {
        var record = new WireRecord(mostBytes: 1 << 20);
        byte[] packet = Packet(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20_000; i++)
            record.Append(packet, WireDirection.ToPeer, new Instant(i));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static byte[] Packet(int fill)
    {
        var packet = new byte[100];
        packet.AsSpan().Fill((byte)fill);
        return packet;
    }
}
