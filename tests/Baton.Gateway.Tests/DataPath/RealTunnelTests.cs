using System.Net.Sockets;
using Baton.Cluster.Configuration;
using Baton.Esp;
using Baton.Linux.Tests.Namespaces;
using Baton.Redundancy.Records;

namespace Baton.Gateway.Tests.DataPath;

/// <summary>What a real sender sees of a tunnel over a path that takes less than its device.</summary>
public sealed class RealTunnelTests
{
    // 1300 - 20 - 8 - 8 - 8 - 16 = 1240, a multiple of 4, less 2
    private const int FitsNarrowV4 = 1_238;

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void PacketsPassBothWaysBothVersions(bool outerIsV4, bool raw)
    {
        using var tunnel = new RealTunnel(outerIsV4, raw);
        foreach (string to in (ReadOnlySpan<string>)["10.2.0.1", "fd02::1"])
        {
            (int code, string text) = tunnel.Ping("-c", "3", "-s", "1000", to);
            Assert.True(code == 0, text);
            Assert.Contains("ttl=64", text, StringComparison.Ordinal);  // both ends of the tunnel are hosts here; nobody took one off
        }

        Assert.Equal(tunnel.Gateway.SealedPackets, tunnel.Peer.Counters[EspVerdict.Delivered] - tunnel.Peer.SealedPackets);
    }

    [Theory] // with many SAs a batch is looked at before its first packet is sealed, and a super-packet can be asked for its segments only once
    [InlineData(false)]
    [InlineData(true)]
    public void WhereThereAreManySasEachPacketOfABatchGoesOutOnceOnItsOwn(bool withSuperPackets)
    {
        const int pairs = 40;
        using var tunnel = new RealTunnel(runs: false);
        for (uint i = 0; !tunnel.Gateway.Ahead.Pays; i++)
            tunnel.AddIdle(i);
        tunnel.Network.In("gw", () =>
        {
            using var v4 = new UdpClient(AddressFamily.InterNetwork);
            using var v6 = new UdpClient(AddressFamily.InterNetworkV6);
            if (withSuperPackets)
                v4.Client.SetRawSocketOption(17, 103, BitConverter.GetBytes(100));  // UDP_SEGMENT
            for (int i = 0; i < pairs; i++)
            {
                v4.Send(new byte[withSuperPackets ? 300 : 100], "10.2.0.9", 9);
                v6.Send(new byte[100], "fd02::9", 9);
            }

            return 0;
        });
        while (tunnel.Gateway.TakeInner())
            tunnel.Gateway.Flush();
        (long first, long second) = (tunnel.Gateway.OutboundSas[new SaId(1)].Packets, tunnel.Gateway.OutboundSas[new SaId(2)].Packets);
        Assert.Equal((withSuperPackets ? 3 * pairs : pairs), first);
        Assert.InRange(second, pairs, pairs + 8);  // the kernel's own words on a new device come too
    }

    [Fact] // RFC 4301 8.2, RFC 1191
    public void ThePingOfASenderThatForbidsFragmentsLearnsWhatFits()
    {
        using var tunnel = new RealTunnel(narrow: 1_300);

        // The first is lost on the way and teaches us the path; then the sender is told.
        string text = "";
        TestNetwork.Until("the sender is told", () =>
        {
            text = tunnel.Ping("-c", "2", "-M", "do", "-s", "1372", "10.2.0.1").Text;
            return text.Contains($"mtu = {FitsNarrowV4}", StringComparison.Ordinal) || text.Contains($"mtu={FitsNarrowV4}", StringComparison.Ordinal);
        });
        (int code, text) = tunnel.Ping("-c", "2", "-M", "do", "-s", $"{FitsNarrowV4 - 28}", "10.2.0.1");
        Assert.True(code == 0, text);
        Assert.Equal(1, tunnel.Gateway.PathNews);
        Assert.True(tunnel.Gateway.TooBigAnswers > 0);
    }

    [Fact] // RFC 4301 8.1, 8.2: with DF on the outside the gateway learns the path, and cuts what may be cut before it encrypts
    public void WithoutDfThePacketIsCutBeforeItIsSealed()
    {
        using var tunnel = new RealTunnel(narrow: 1_300, policy: FragmentPolicy.Set);
        TestNetwork.Until("an answer", () => tunnel.Ping("-c", "2", "-M", "dont", "-s", "3000", "10.2.0.1").Code == 0);
        Assert.True(tunnel.Gateway.FragmentedPackets > 0);
        Assert.Equal(0, tunnel.Gateway.TooBigAnswers);
    }

    [Fact] // RFC 8201, RFC 2473 7.1: what IPv6 must carry whole passes, the outer packet in pieces
    public void AnIPv6SenderIsToldAndItsLeastPacketPasses()
    {
        using var tunnel = new RealTunnel(narrow: 1_300);
        TestNetwork.Until("the sender is told", () => tunnel.Ping("-c", "2", "-M", "do", "-s", "1340", "fd02::1").Text.Contains("1280", StringComparison.Ordinal));
        (int code, string text) = tunnel.Ping("-c", "2", "-M", "do", "-s", $"{1_280 - 48}", "fd02::1");
        Assert.True(code == 0, text);
    }

    [Fact] // RFC 4301 8.1
    public void WithTheDfBitClearTheOuterPacketIsFragmentedOnTheWay()
    {
        using var tunnel = new RealTunnel(narrow: 1_300, policy: FragmentPolicy.Clear);
        (int code, string text) = tunnel.Ping("-c", "2", "-M", "do", "-s", "1372", "10.2.0.1");
        Assert.True(code == 0, text);
        Assert.Equal((0, 0L), (tunnel.Gateway.PathNews, tunnel.Gateway.TooBigAnswers));
    }
}
