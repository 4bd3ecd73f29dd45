using System.Net;
using System.Net.Sockets;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;
using Baton.Gateway;
using Microsoft.Extensions.Logging.Abstractions;

namespace Baton.Gateway.Tests.Ike;

/// <summary>Two lone peers on loopback: one begins, one answers; the packets of their hosts pass through what they negotiated.</summary>
public sealed class TwoPeersTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("baton-two-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("aes256gcm16-prfsha384-x25519", "aes128gcm16-esn")]
    [InlineData("aes128-sha256-ecp256", "aes256-sha256-noesn")]
    public async Task What_two_peers_negotiate_carries_packets_both_ways(string ike, string esp)
    {
        (int a, int b, int innerA, int innerB) = (FreePort(), FreePort(), FreePort(), FreePort());
        using var hostA = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 200 };
        using var hostB = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 200 };
        hostA.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        hostB.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        using var stop = new CancellationTokenSource();
        using var first = new PeerProcess(Options("a", a, b, innerA, hostA, ("10.1.0.1", "10.2.0.1"), initiates: true, ike, esp), null, NullLoggerFactory.Instance);
        using var second = new PeerProcess(Options("b", b, a, innerB, hostB, ("10.2.0.1", "10.1.0.1"), initiates: false, ike, esp), null, NullLoggerFactory.Instance);
        Task<int> runB = second.RunAsync(stop.Token), runA = first.RunAsync(stop.Token);
        try
        {
            byte[] toB = Packet("10.1.0.1", "10.2.0.1"), toA = Packet("10.2.0.1", "10.1.0.1");
            Assert.Equal(toB, PassUntil(hostA, innerA, toB, hostB, runA, runB));
            Assert.Equal(toA, PassUntil(hostB, innerB, toA, hostA, runA, runB));
            await TheyTellWhatIsLeft(first);
        }
        finally
        {
            await stop.CancelAsync();
            Assert.Equal(0, await runA);
            Assert.Equal(0, await runB);
        }
    }

    /// <summary>Of the lives of the IKE SA and of both halves of the pair: until the rekey by each of its limits, and until the end.</summary>
    private static async Task TheyTellWhatIsLeft(PeerProcess peer)
    {
        NodeStatus status = await peer.StatusAsync(new StatusRequest { WithSas = true, WithIke = true, Connection = "between" });
        LifeLeft ofIke = Assert.Single(status.IkeSas).LifeLeft;
        Assert.InRange(ofIke.RekeyMs, 3_000_000UL, 4 * 3_600_000UL);
        Assert.InRange(ofIke.EndMs, ofIke.RekeyMs, (4 * 3_600_000UL) + 1_800_000);
        Assert.False(ofIke.HasRekeyBytes);

        Assert.Equal(2, status.Sas.Count);
        ulong packets = status.Sas.Aggregate(0UL, (sum, sa) => sum + sa.Packets), bytes = status.Sas.Aggregate(0UL, (sum, sa) => sum + sa.Bytes);
        Assert.InRange(packets, 2UL, 200UL);
        foreach (SaStatus half in status.Sas)
        {
            Assert.InRange(half.LifeLeft.RekeyMs, 1_000_000UL, 3_600_000UL);
            Assert.InRange(half.LifeLeft.EndMs, half.LifeLeft.RekeyMs, 4_500_000UL);
            Assert.InRange(half.LifeLeft.RekeyPackets, (1_000_000UL * 9 / 10) - packets, 1_000_000UL - packets);
            Assert.InRange(half.LifeLeft.RekeyBytes, (50_000_000UL * 9 / 10) - bytes, 50_000_000UL - bytes);
            Assert.InRange(half.LifeLeft.EndNumbers - half.LifeLeft.RekeyNumbers, 1UL << 28, (1UL << 28) * 11 / 10);
        }

        Assert.Empty((await peer.StatusAsync(new StatusRequest { WithSas = true, WithIke = true, Connection = "another" })).IkeSas);
    }

    /// <summary>Sends until it arrives: the first ones find no SA yet.</summary>
    internal static byte[] PassUntil(Socket from, int inner, byte[] packet, Socket to, params Task<int>[] runs)
    {
        var buffer = new byte[2_000];
        for (int i = 0; i < 100; i++)
        {
            Assert.All(runs, run => Assert.False(run.IsCompleted));
            from.SendTo(packet, new IPEndPoint(IPAddress.Loopback, inner));
            try
            {
                return buffer[..to.Receive(buffer)];
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
            }
        }

        Assert.Fail("no packet came through within 20 s");
        return [];
    }

    private NodeOptions Options(string name, int own, int other, int inner, Socket host, (string Own, string Other) addresses, bool initiates, string ike, string esp) => LonePeers.Options(
        _directory, name, ($"127.0.0.1:{own}", $"127.0.0.1:{other}"), $"127.0.0.1:{inner}", host, addresses,
        $"""
        start = "{(initiates ? "initiate" : "respond")}"
        local = "127.0.0.1:{own}"
        remote = "127.0.0.1:{other}"
        ike = ["{ike}"]
        """,
        $"""
        esp = ["{esp}"]
        rekey-packets = 1000000
        rekey-bytes = 50000000
        """);

    internal static byte[] Packet(string from, string to)
    {
        var packet = new byte[64];
        (packet[0], packet[3], packet[9]) = (0x45, 64, 17);
        IPAddress.Parse(from).TryWriteBytes(packet.AsSpan(12), out _);
        IPAddress.Parse(to).TryWriteBytes(packet.AsSpan(16), out _);
        packet[63] = 0x5A;
        return packet;
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
