namespace Baton.Linux.Tests;

public sealed class SharedBlockTests
{
    [Fact]
    public void TheWaiterLearnsThatTheOwnerThreadEnded()
    {
        using SharedBlock block = SharedBlock.Create();
        using SharedBlock other = SharedBlock.Open(block.PathForOthers);
        var owner = new Thread(() => Assert.False(block.LockOwnerDied()));
        owner.Start();
        owner.Join();  // the thread ended with the mutex: as the kernel sees it, its owner died
        Assert.True(other.LockOwnerDied());
        other.Unlock();
    }

    [Fact]
    public void AnOrderlyUnlockIsNoDeath()
    {
        using SharedBlock block = SharedBlock.Create();
        using SharedBlock other = SharedBlock.Open(block.PathForOthers);
        var owner = new Thread(() =>
        {
            block.LockOwnerDied();
            block.Unlock();
        });
        owner.Start();
        owner.Join();
        Assert.False(other.LockOwnerDied());
        other.Unlock();
    }

    [Fact]
    public void BothSidesSeeTheWords()
    {
        using SharedBlock block = SharedBlock.Create();
        using SharedBlock other = SharedBlock.Open(block.PathForOthers);
        block[5] = 42;
        Assert.Equal(42UL, other[5]);
        Assert.Throws<ArgumentOutOfRangeException>(() => block[64]);
    }
}
