using System.Net.Sockets;
using Baton.Linux.Sockets;
using Baton.Wire;

namespace Baton.Linux.Tests.Sockets;

public sealed class BackplaneTests : IDisposable
{
    private const UnixFileMode OnlyUs = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Directory.CreateTempSubdirectory("baton-backplane-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>A receiver that the machine does not run for longer than a send waits misses some: then it is tried again, and what came was in order all the same.</summary>
    [Fact]
    public void Batches_arrive_in_order_with_their_sender_however_few_the_kernel_lets_wait() =>
        Assert.Contains(Enumerable.Range(0, 20), attempt => Pass(At($"a{attempt}"), At($"b{attempt}")) == 0);

    /// <summary>Passes 2,000 datagrams on; returns how many were dropped.</summary>
    private static long Pass(BackplaneEndPoint from, BackplaneEndPoint to)
    {
        using var a = new UdpBatch(from, count: 8);
        using var b = new UdpBatch(to, count: 8);
        using var poller = new Poller(b.Fd);
        var sender = new Thread(() =>
        {
            for (int i = 0; i < 2_000; i++)
                a.Send([(byte)i, (byte)(i >> 8)], b.Local);
            a.Flush();
        });
        sender.Start();
        int last = -1, came = 0;
        while (true)
        {
            bool isOver = sender.Join(0);
            poller.Wait(MonotonicClock.Now + TimeSpan.FromMilliseconds(10));
            int got = b.Receive();
            if (got == 0 && isOver)
                break;
            for (int i = 0; i < got; i++, came++)
            {
                Assert.Equal(UdpEndpoint.From(from), b.From(i));
                int number = b.Packet(i)[0] | (b.Packet(i)[1] << 8);
                Assert.True(number > last, $"{number} after {last}");
                last = number;
            }
        }

        Assert.Equal(2_000, came + a.SendDrops);
        return a.SendDrops;
    }

    [Fact]
    public void Who_takes_nothing_is_not_waited_for_again_and_again()
    {
        using var a = new UdpBatch(At("a"));
        using var stuck = new UdpBatch(At("stuck"));
        using var b = new UdpBatch(At("b"));
        Instant began = MonotonicClock.Now;
        for (int i = 0; i < 2_000; i++)
            a.Send([1], stuck.Local);
        a.Send([2], b.Local);
        a.Flush();
        Assert.True(a.SendDrops > 1_000, $"{a.SendDrops} dropped");
        Assert.Equal(1, b.Receive());

        // One wait of 2 ms for each would be 4 s.
        Assert.True(MonotonicClock.Now - began < TimeSpan.FromSeconds(2), $"held up for {MonotonicClock.Now - began}");
    }

    [Fact]
    public void The_outer_socket_carries_datagrams_and_tells_both_ends()
    {
        using var a = new OuterSocket(At("a"), OuterKind.Udp);
        using var b = new OuterSocket(At("b"), OuterKind.Udp);
        using var poller = new Poller(b.Fd);
        Assert.Equal((OuterKind.Backplane, OuterOffloads.None), (a.Kind, a.Offloads));
        for (byte i = 0; i < 3; i++)
        {
            a.Reserve()[0] = i;
            a.Queue(1, b.Local, default, trafficClass: 0xB8, dontFragment: i == 1);
        }

        a.Flush();
        poller.Wait(MonotonicClock.Now + TimeSpan.FromSeconds(5));
        Assert.Equal(3, b.Receive());
        for (byte i = 0; i < 3; i++)
        {
            Assert.Equal([i], b.Packet(i).ToArray());
            Assert.Equal(UdpEndpoint.From(At("a")), b.From(i));
            b.Envelope(i, out UdpEndpoint to, out _);
            Assert.Equal(UdpEndpoint.From(At("b")), to);
        }
    }

    [Fact]
    public void A_sender_without_a_name_is_told_from_the_one_before()
    {
        using var named = new UdpBatch(At("named"));
        using var unnamed = new UdpBatch(BackplaneEndPoint.Unnamed);
        using var b = new UdpBatch(At("b"), count: 1);
        named.Send([1], b.Local);
        named.Flush();
        unnamed.Send([2], b.Local);
        unnamed.Flush();
        Assert.Equal(1, b.Receive());
        Assert.Equal(UdpEndpoint.From(At("named")), b.From(0));
        Assert.Equal(1, b.Receive());
        Assert.Equal(UdpEndpoint.From(BackplaneEndPoint.Unnamed), b.From(0));

        using var outer = new OuterSocket(At("o"), OuterKind.Udp, count: 1);
        named.Send([1], outer.Local);
        named.Flush();
        unnamed.Send([2], outer.Local);
        unnamed.Flush();
        Assert.Equal(1, outer.Receive());
        Assert.Equal(UdpEndpoint.From(At("named")), outer.From(0));
        Assert.Equal(1, outer.Receive());
        Assert.Equal(UdpEndpoint.From(BackplaneEndPoint.Unnamed), outer.From(0));
    }

    [Fact]
    public void Its_file_is_ours_alone_and_gone_at_the_end()
    {
        BackplaneEndPoint place = BackplaneEndPoint.Of(Path.Combine(_folder, "made", "a"));
        using (var a = new UdpBatch(place))
        {
            Assert.Equal(OnlyUs, File.GetUnixFileMode(place.Path));
            Assert.Equal(OnlyUs | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(place.Path)!));
        }

        Assert.False(File.Exists(place.Path));
        using (Socket server = ListenSockets.BindUnix(place.Path))
            Assert.Equal(OnlyUs, File.GetUnixFileMode(place.Path));
        Assert.False(File.Exists(place.Path));
    }

    [Theory]
    [InlineData(SocketType.Dgram)]
    [InlineData(SocketType.Stream)]
    public void What_a_killed_process_left_is_taken_away(SocketType type)
    {
        // A socket that is closed by the kernel alone leaves its file.
        BackplaneEndPoint place = At("left");
        var dead = new Socket(AddressFamily.Unix, type, ProtocolType.Unspecified);
        dead.Bind(new UnixDomainSocketEndPoint(place.Path));
        Assert.Equal(0, Libc.Close((int)dead.SafeHandle.DangerousGetHandle()));
        dead.SafeHandle.SetHandleAsInvalid();
        Assert.True(File.Exists(place.Path));
        if (type == SocketType.Dgram)
            new UdpBatch(place).Dispose();
        else
            ListenSockets.BindUnix(place.Path).Dispose();
    }

    [Fact]
    public void A_place_that_somebody_has_is_not_taken_from_it()
    {
        using var first = new UdpBatch(At("a"));
        IOException refused = Assert.Throws<IOException>(() => new UdpBatch(At("a")));
        Assert.Contains("the address is in use", refused.Message, StringComparison.Ordinal);
        using var b = new UdpBatch(At("b"));
        b.Send([1], first.Local);
        b.Flush();
        Assert.Equal(1, first.Receive());
    }

    [Fact]
    public void A_file_that_is_no_socket_stays()
    {
        BackplaneEndPoint place = At("text");
        File.WriteAllText(place.Path, "important");
        Assert.Throws<IOException>(() => new UdpBatch(place));
        Assert.Equal("important", File.ReadAllText(place.Path));
    }

    private BackplaneEndPoint At(string name) => BackplaneEndPoint.Of(Path.Combine(_folder, name));
}
