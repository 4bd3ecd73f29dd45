using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Baton.Esp;
using Baton.Linux.Tests.Namespaces;

namespace Baton.Gateway.Tests.DataPath;

/// <summary>Much through a tunnel, with segmentation offload on both sides, on one, on none: the same bytes arrive.</summary>
public sealed class BulkTransferTests
{
    [Theory]
    [InlineData("10.2.0.1", true, true, 200)]
    [InlineData("fd02::1", true, true, 50)]
    [InlineData("10.2.0.1", true, false, 20)]
    [InlineData("fd02::1", false, true, 20)]
    [InlineData("10.2.0.1", false, false, 20)]
    public void ATransferArrivesAsItWasSent(string to, bool outerOffload, bool innerOffload, int megabytes)
    {
        using var tunnel = new RealTunnel(outerOffload: outerOffload, innerOffload: innerOffload);
        (byte[] sent, byte[] received) = Transfer(tunnel.Network, to, megabytes);
        Assert.Equal(sent, received);
        foreach ((string name, bool isOn, long count) in new[]
        {
            ("runs sent", outerOffload, tunnel.Gateway.Outer.Merged), ("messages joined", outerOffload, tunnel.Peer.Outer.Joined),
            ("super-packets cut", innerOffload, tunnel.Gateway.Inner.Joined), ("super-packets made", innerOffload, tunnel.Peer.Inner.Merged),
        })
        {
            // On the outer side packets come in runs only where the inner one hands over many at once.
            if (isOn && (innerOffload || name.StartsWith("super", StringComparison.Ordinal)))
                Assert.True(count > megabytes, $"{count} {name}");
            else if (!isOn)
                Assert.True(count == 0, $"{count} {name}");
        }

        Assert.Equal((0, 0, 0), (tunnel.Gateway.Outer.RunsRefused, tunnel.Gateway.Outer.SendDrops, tunnel.Peer.Inner.Drops));
        foreach (EspVerdict verdict in (ReadOnlySpan<EspVerdict>)[EspVerdict.BadIcv, EspVerdict.BadInner, EspVerdict.BadPadding, EspVerdict.Replayed, EspVerdict.Runt])
            Assert.True(tunnel.Peer.Counters[verdict] == 0, verdict.ToString());
    }

    [Fact]
    public void SeveralFlowsAtOnceOfBothVersionsArriveAsTheyWereSent()
    {
        using var tunnel = new RealTunnel();
        (byte[] Sent, byte[] Received)[] all = new (byte[], byte[])[6];
        Thread[] threads = [.. Enumerable.Range(0, all.Length).Select(i => new Thread(() => all[i] = Transfer(tunnel.Network, i % 2 == 0 ? "10.2.0.1" : "fd02::1", 10, 5_000 + i)))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.All(all, pair => Assert.Equal(pair.Sent, pair.Received));
    }

    /// <summary>Hashes of what left and of what came.</summary>
    private static (byte[] Sent, byte[] Received) Transfer(TestNetwork network, string to, int megabytes, int port = 5_000)
    {
        var address = IPAddress.Parse(to);
        using TcpListener listener = network.In("peer", () =>
        {
            var made = new TcpListener(address, port);
            made.Start();
            return made;
        });
        using TcpClient client = network.In("gw", () =>
        {
            var made = new TcpClient(address.AddressFamily);
            made.Connect(address, port);
            return made;
        });
        using TcpClient server = listener.AcceptTcpClient();
        byte[] sent = [];
        var writer = new Thread(() =>
        {
            byte[] block = new byte[1 << 20];
            var random = new Random(port);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (int i = 0; i < megabytes; i++)
            {
                random.NextBytes(block);
                hash.AppendData(block);
                client.GetStream().Write(block);
            }

            client.Client.Shutdown(SocketShutdown.Send);
            sent = hash.GetHashAndReset();
        });
        writer.Start();
        byte[] received = SHA256.HashData(server.GetStream());
        writer.Join();
        return (sent, received);
    }
}
