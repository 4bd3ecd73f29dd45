using System.Net;
using System.Runtime.CompilerServices;
using Baton.Wire;

namespace Baton.Linux.Tests;

public sealed class UdpBatchTests
{
    [Fact] // the layouts that the kernel reads
    public void StructsHaveTheKernelsSizes()
    {
        Assert.Equal(64, Unsafe.SizeOf<Libc.Message>());
        Assert.Equal(16, Unsafe.SizeOf<Libc.IoVector>());
        Assert.Equal(8, Unsafe.SizeOf<Libc.PollFd>());
        Assert.Equal(16, Unsafe.SizeOf<Libc.TimeSpec>());
        Assert.Equal(16, Unsafe.SizeOf<Libc.ResourceLimit>());
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void SendsAndReceivesBatchesInOrderWithTheirSource(string address)
    {
        using var a = new UdpBatch(new IPEndPoint(IPAddress.Parse(address), 0), count: 8);
        using var b = new UdpBatch(new IPEndPoint(IPAddress.Parse(address), 0), count: 8);
        using var poller = new Poller(b.Fd);
        for (byte i = 0; i < 20; i++)
            a.Send([i, (byte)(i + 1)], b.Local);
        a.Flush();
        byte next = 0;
        while (next < 20)
        {
            poller.Wait(MonotonicClock.Now + TimeSpan.FromSeconds(5));
            int got = b.Receive();
            Assert.NotEqual(0, got);
            for (int i = 0; i < got; i++, next++)
            {
                Assert.Equal(a.Local, b.From(i));
                Assert.Equal([next, (byte)(next + 1)], b.Packet(i).ToArray());
            }
        }

        Assert.Equal(0, a.SendDrops);
    }

    [Fact]
    public void ADatagramThatIsTooLongIsCountedNotCut()
    {
        using var a = new UdpBatch(new IPEndPoint(IPAddress.Loopback, 0), packetBytes: 512);
        using var b = new UdpBatch(new IPEndPoint(IPAddress.Loopback, 0), packetBytes: 128);
        using var poller = new Poller(b.Fd);
        a.Send(new byte[300], b.Local);
        a.Flush();
        poller.Wait(MonotonicClock.Now + TimeSpan.FromSeconds(5));
        Assert.Equal(1, b.Receive());
        Assert.True(b.Packet(0).IsEmpty);
        Assert.Equal(1, b.Truncated);
    }

    [Fact]
    public void NobodyAtTheOtherEndHarmsNobodyElse()
    {
        using var a = new UdpBatch(new IPEndPoint(IPAddress.Loopback, 0));
        using var b = new UdpBatch(new IPEndPoint(IPAddress.Loopback, 0));
        using var poller = new Poller(b.Fd);
        var closed = new UdpBatch(new IPEndPoint(IPAddress.Loopback, 0));
        UdpEndpoint gone = closed.Local;
        closed.Dispose();
        for (int i = 0; i < 50; i++)
        {
            a.Send([1], gone);
            a.Send([2], b.Local);
            a.Flush();
        }

        int arrived = 0;
        while (arrived < 50)
        {
            poller.Wait(MonotonicClock.Now + TimeSpan.FromSeconds(5));
            int got = b.Receive();
            Assert.NotEqual(0, got);
            arrived += got;
        }
    }

    [Fact]
    public void AnAddressThisMachineDoesNotHaveIsSaidPlainly()
    {
        IOException e = Assert.Throws<IOException>(() => new UdpBatch(new IPEndPoint(IPAddress.Parse("192.0.2.77"), 0)));
        Assert.Contains("does not have that address", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NothingIsAllocatedAPacket()
    {
        using var a = new UdpBatch(new IPEndPoint(IPAddress.Loopback, 0));
        using var b = new UdpBatch(new IPEndPoint(IPAddress.Loopback, 0));
        byte[] packet = new byte[200];
        Once();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Once();
        Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before);

        void Once()
        {
            a.Send(packet, b.Local);
            a.Flush();
            int got = b.Receive();
            for (int i = 0; i < got; i++)
                _ = b.From(i).Port + b.Packet(i).Length;
        }
    }

    [Fact]
    public void AWakeEventEndsAWait()
    {
        using var wake = new WakeEvent();
        using var poller = new Poller(wake.Fd);
        wake.Set();
        poller.Wait(Instant.Never);
        Assert.True(poller.IsReady(wake.Fd));
        wake.Reset();
        poller.Wait(MonotonicClock.Now);
        Assert.False(poller.IsReady(wake.Fd));
    }
}
