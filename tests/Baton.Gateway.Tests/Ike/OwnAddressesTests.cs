using System.Net;
using System.Net.Sockets;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;
using Baton.Linux.Tests.Namespaces;
using Microsoft.Extensions.Logging.Abstractions;

namespace Baton.Gateway.Tests.Ike;

/// <summary>A peer on a host of its own that gets another address tells the other end (RFC 4555), and packets go on.</summary>
public sealed class OwnAddressesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("baton-moves-").FullName;
    private readonly TestNetwork _network = new("roamer", "office");

    public void Dispose()
    {
        Directory.Delete(_directory, recursive: true);
        _network.Dispose();
    }

    [Theory] // IPv6: the new address is usable only after a second (RFC 4862 5.4); until then the kernel names the link-local one for what goes out
    [InlineData("0.0.0.0:4500", "198.51.100.2", "198.51.100.77", "198.51.100.1", 24)]
    [InlineData("[::]:4500", "2001:db8::2", "2001:db8::77", "2001:db8::1", 64)]
    public async Task TheIkeSaMovesWithTheAddressAndTheNextOneBeginsThere(string any, string before, string after, string there, int bits)
    {
        _network.Wire("roamer", "eth0", "office", "eth0", $"{before}/{bits}", $"{there}/{bits}");
        TestNetwork.Until("eth0 is ready", () => _network.Ip("roamer", "addr show dev eth0 tentative").Length == 0);
        (string atBefore, string atAfter, string atOffice) = (At(before), At(after), At(there));
        using Socket hostR = Host("roamer"), hostO = Host("office");
        using PeerProcess roamer = Peer("roamer", hostR, (any, atOffice), $"start = \"initiate\"\nlocal = \"{any}\"\nremote = \"{atOffice}\"", ("10.1.0.1", "10.2.0.1"));
        using PeerProcess office = Peer("office", hostO, (any, atBefore), "", ("10.2.0.1", "10.1.0.1"));
        using var stop = new CancellationTokenSource();
        Task<int> runO = _network.In("office", () => office.RunAsync(stop.Token)), runR = _network.In("roamer", () => roamer.RunAsync(stop.Token));
        try
        {
            byte[] toO = TwoPeersTests.Packet("10.1.0.1", "10.2.0.1"), toR = TwoPeersTests.Packet("10.2.0.1", "10.1.0.1");
            Assert.Equal(toO, TwoPeersTests.PassUntil(hostR, 7_000, toO, hostO, runR, runO));
            ulong first = (await UntilRemoteAsync(office, atBefore)).LocalSpi;

            _network.Ip("roamer", $"addr del {before}/{bits} dev eth0");
            _network.Ip("roamer", $"addr add {after}/{bits} dev eth0");
            Assert.Equal(first, (await UntilRemoteAsync(office, atAfter)).LocalSpi);
            Assert.Equal(toO, TwoPeersTests.PassUntil(hostR, 7_000, toO, hostO, runR, runO));
            Assert.Equal(toR, TwoPeersTests.PassUntil(hostO, 7_000, toR, hostR, runR, runO));

            await office.IkeCommandAsync(new IkeCommand { Verb = "delete", Connection = "between" });
            Assert.NotEqual(first, (await UntilRemoteAsync(office, atAfter, not: first)).LocalSpi);
        }
        finally
        {
            await stop.CancelAsync();
            Assert.Equal(0, await runR);
            Assert.Equal(0, await runO);
        }
    }

    private static async Task<IkeSaStatus> UntilRemoteAsync(PeerProcess peer, string remote, ulong not = 0)
    {
        NodeStatus status = new();
        for (int i = 0; i < 400; i++)
        {
            status = await peer.StatusAsync(new StatusRequest { WithIke = true });
            if (status.IkeSas.FirstOrDefault(sa => sa.Remote == remote && sa.LocalSpi != not) is { } found)
                return found;
            await Task.Delay(25);
        }

        Assert.Fail($"no IKE SA with {remote} within 10 s: {string.Join(", ", status.IkeSas.Select(sa => $"{sa.LocalSpi:x16} {sa.Remote}"))}");
        throw new InvalidOperationException();
    }

    private Socket Host(string name) => _network.In(name, () =>
    {
        var host = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 200 };
        host.Bind(new IPEndPoint(IPAddress.Loopback, 5_000));
        return host;
    });

    private static string At(string address) => new IPEndPoint(IPAddress.Parse(address), 4_500).ToString();

    private PeerProcess Peer(string name, Socket host, (string Listen, string Remote) outer, string connection, (string Own, string Other) addresses)
    {
        NodeOptions options = LonePeers.Options(_directory, name, outer, "127.0.0.1:7000", host, addresses, connection);
        return _network.In(name, () => new PeerProcess(options, null, NullLoggerFactory.Instance));
    }
}
