using Baton.Gateway.DataPath;

namespace Baton.Gateway.Tests.DataPath;

public sealed class HeldQueueTests
{
    private readonly HeldQueue _queue = new(4, 2_048);

    [Fact]
    public void KeepsTheOrderAndRefusesOverflow()
    {
        for (ulong n = 1; n <= 4; n++)
            Add(n, 1_400);
        Assert.Null(_queue.Reserve(1_400));
        _queue[1].Entry = null;
        _queue[3].Entry = null;
        _queue.Compact();
        Assert.Equal([1UL, 3UL], Held());
        Add(5, 1_400);
        Add(6, 2_048);
        Assert.Null(_queue.Reserve(1_400));
        Assert.Equal([1UL, 3UL, 5UL, 6UL], Held());
    }

    [Fact]
    public void Small_packets_have_room_of_their_own_and_use_the_large_after_it()
    {
        for (ulong n = 1; n <= 20; n++)
            Add(n, 200);
        Assert.Null(_queue.Reserve(200));
        for (int i = 0; i < 17; i++)
            _queue[i].Entry = null;
        _queue.Compact();
        Assert.Equal([18UL, 19UL, 20UL], Held());
        Add(21, 1_400);
        Assert.Null(_queue.Reserve(1_400));
        for (ulong n = 22; n <= 37; n++)
            Add(n, HeldQueue.SmallBytes);
        Assert.Null(_queue.Reserve(200));
        Assert.Equal(Enumerable.Range(18, 20).Select(n => (ulong)n), Held());
    }

    [Fact]
    public void EachKeepsBothFormsOfItsPacket()
    {
        for (ulong n = 1; n <= 20; n++)
            Add(n, HeldQueue.SmallBytes);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(Enumerable.Repeat((byte)(i + 1), HeldQueue.SmallBytes), _queue[i].Original.ToArray());
            Assert.Equal(Enumerable.Repeat((byte)(i + 101), HeldQueue.SmallBytes - 30), _queue[i].Payload.ToArray());
        }
    }

    private IEnumerable<ulong> Held() => Enumerable.Range(0, _queue.Count).Select(i => _queue[i].Sequence);

    private void Add(ulong n, int length)
    {
        HeldQueue.Slot slot = _queue.Reserve(length)!;
        slot.KeepOriginal(Enumerable.Repeat((byte)n, length).ToArray());
        slot.KeepPayload(Enumerable.Repeat((byte)(n + 100), length - 30).ToArray());
        slot.Sequence = n;
        slot.Entry = (InboundEntry)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(typeof(InboundEntry));
        _queue.Commit(slot);
    }

    [Fact]
    public void PercentilesAreRoundedUpToTheirBucket()
    {
        var times = new HoldTimes();
        for (int i = 1; i <= 100; i++)
            times.Add(TimeSpan.FromMicroseconds(i * 10));
        Assert.InRange(times.Percentile(0.5), 500, 550);
        Assert.InRange(times.Percentile(0.99), 950, 1_050);
        Assert.Equal(100, times.Total);
    }
}
