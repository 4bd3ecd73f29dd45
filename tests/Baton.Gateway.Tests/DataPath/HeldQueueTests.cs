using Baton.Gateway.DataPath;

namespace Baton.Gateway.Tests.DataPath;

public sealed class HeldQueueTests
{
    [Fact]
    public void KeepsTheOrderAndRefusesOverflow()
    {
        var queue = new HeldQueue(4, 64);
        for (ulong n = 1; n <= 4; n++)
            Add(n);
        Assert.Null(queue.Reserve());
        queue[1].Entry = null;
        queue[3].Entry = null;
        queue.Compact();
        Assert.Equal([1UL, 3UL], Enumerable.Range(0, queue.Count).Select(i => queue[i].Sequence));
        Add(5);
        Add(6);
        Assert.Null(queue.Reserve());
        Assert.Equal([1UL, 3UL, 5UL, 6UL], Enumerable.Range(0, queue.Count).Select(i => queue[i].Sequence));

        void Add(ulong n)
        {
            HeldQueue.Slot slot = queue.Reserve()!;
            slot.Sequence = n;
            slot.Entry = (InboundEntry)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(typeof(InboundEntry));
            queue.Commit();
        }
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
