using Baton.Gateway.DataPath;

namespace Baton.Gateway.Tests.DataPath;

/// <summary>One stands behind every pair of prefixes with some rules more than a chain has: it must cost what is in it.</summary>
public sealed class SplitTableTests
{
    [Fact]
    public void WhatIsInItIsFoundUntilItIsRemoved()
    {
        var table = new SplitTable<ulong, string>();
        for (ulong i = 0; i < 1_000; i++)
            table.Place(i << 24) = $"{i}";
        for (ulong i = 0; i < 1_000; i++)
            Assert.True(table.TryGet(i << 24, out string? found) && found == $"{i}");
        Assert.False(table.TryGet(1, out _));
        table.Remove(1);
        for (ulong i = 0; i < 1_000; i++)
        {
            Assert.False(table.IsEmpty);
            table.Remove(i << 24);
            Assert.False(table.TryGet(i << 24, out _));
        }

        Assert.True(table.IsEmpty);
    }

    [Fact]
    public void AFewTakeLittleMemory()
    {
        _ = Fill();
        long before = GC.GetAllocatedBytesForCurrentThread();
        _ = Fill();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 4_096);

        static SplitTable<ulong, string> Fill()
        {
            var table = new SplitTable<ulong, string>();
            for (ulong i = 0; i < 9; i++)
                table.Place(i << 26) = "";
            return table;
        }
    }
}
