using System.Net;
using System.Net.Sockets;
using Baton.Linux.Sockets;

namespace Baton.Linux.Tests.Sockets;

/// <summary>Sockets of one process that take a port from each other, as those of two members do.</summary>
public sealed class DatagramSetTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    [Fact]
    public void APreparedSocketHasNoPortUntilItIsBoundAndThenTakesWhatComesFromWhoHadItBefore()
    {
        using var before = new DatagramSet();
        using var after = new DatagramSet();
        using var phone = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        IPEndPoint port = Free();
        Assert.True(before.Open(port, 7, out string error) >= 0, error);
        int prepared = after.Prepare(port.AddressFamily, 9, out error);
        Assert.True(prepared >= 0, error);
        Assert.Equal((1, 0), (before.Count, after.Count));
        phone.Send("one"u8, port);
        Assert.Equal((7, "one"), Take(before));

        Assert.True(after.TryBind(prepared, port, out error), error);
        Assert.Equal(1, after.Count);
        phone.Send("two"u8, port);
        Assert.Equal((9, "two"), Take(after));
        Assert.Equal(0, before.Wait());

        // Who had it before has it again when the other is gone.
        after.Close(prepared);
        Assert.Equal(0, after.Count);
        phone.Send("three"u8, port);
        Assert.Equal((7, "three"), Take(before));
    }

    [Fact]
    public void AnAddressThatIsNotHereYetCanBeBoundAndAnAddressInUseByAnotherCannot()
    {
        using var set = new DatagramSet();
        Assert.True(set.Open(new IPEndPoint(IPAddress.Parse("192.0.2.77"), 20_000), 1, out string error) >= 0, error);
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ExclusiveAddressUse = true };
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int prepared = set.Prepare(AddressFamily.InterNetwork, 2, out _);
        Assert.False(set.TryBind(prepared, (IPEndPoint)other.LocalEndPoint!, out error));
        Assert.Contains("Cannot bind UDP", error, StringComparison.Ordinal);
        Assert.Equal(1, set.Count);
    }

    private static (int Token, string Text) Take(DatagramSet set)
    {
        using var poller = new Poller(set.Fd);
        poller.Wait(MonotonicClock.Now + Patience);
        Assert.Equal(1, set.Wait());
        (int socket, int token) = set.Ready(0);
        Assert.Equal(1, set.Receive(socket));
        return (token, System.Text.Encoding.ASCII.GetString(set.Packet(0, out int length)[..length]));
    }

    private static IPEndPoint Free()
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.Client.LocalEndPoint!;
    }
}
