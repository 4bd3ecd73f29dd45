using System.Net;
using Baton.Gateway.Sentinel;
using Baton.Linux;
using Baton.Linux.Netlink;
using Baton.Linux.Tests.Namespaces;

namespace Baton.Gateway.Tests.Sentinel;

/// <summary>The kernel of a dead gateway's machine must not go on answering for its addresses.</summary>
public sealed class SentinelAddressesTests
{
    [Fact]
    public void OfAGatewayThatDiedTheAddressesAreTaken()
    {
        using TestNetwork network = Raise();
        using SharedBlock block = SharedBlock.Create();
        var gateway = new Thread(() => block.LockOwnerDied());
        gateway.Start();
        gateway.Join();  // dead, as the kernel sees it
        network.In("a", () => SentinelOf(block).Run());
        Assert.Equal(["192.0.2.1"], Held(network));
    }

    [Fact]
    public void OfAGatewayThatHangsForLongTheyAreTakenTooAndItIsTold()
    {
        using TestNetwork network = Raise();
        using SharedBlock block = SharedBlock.Create();
        using var release = new ManualResetEventSlim();
        using var held = new ManualResetEventSlim();
        var gateway = new Thread(() =>
        {
            block.LockOwnerDied();
            held.Set();
            release.Wait();
            block[SentinelWord.Stopped] = 1;
            block.Unlock();
        });
        gateway.Start();
        held.Wait();
        var sentinel = new Thread(() => network.In("a", () => SentinelOf(block).Run()));
        sentinel.Start();
        try
        {
            block[SentinelWord.Progress]++;
            TestNetwork.Until("it moves: nothing is taken", () => block[SentinelWord.Sent] > 3);
            Assert.Contains("192.0.2.100", Held(network));
            TestNetwork.Until("it hangs", () => block[SentinelWord.TookAddresses] == 1);
            Assert.Equal(["192.0.2.1"], Held(network));
        }
        finally
        {
            release.Set();
            gateway.Join();
            sentinel.Join();
        }
    }

    private static TestNetwork Raise()
    {
        var network = new TestNetwork("a", "b");
        network.Wire("a", "eth0", "b", "eth0", "192.0.2.1/24");
        network.Ip("a", "addr add 192.0.2.100/24 dev eth0");
        network.Ip("a", "addr add 2001:db8::100/64 dev eth0 nodad");
        return network;
    }

    private static SentinelProcess SentinelOf(SharedBlock block) => new(new SentinelOptions
    {
        Block = block.PathForOthers,
        Member = "a",
        Nonce = 1,
        ClusterKey = new byte[32],
        KeyId = 1,
        Targets = ["192.0.2.1:7200"],
        From = "192.0.2.1:0",
        IntervalMicroseconds = 10_000,
        HangAfterMicroseconds = 25_000,
        GatewayStartedUnixMs = 1,
        GatewayStartedMonotonicNs = 0,
        Addresses = ["192.0.2.100/24@eth0", "2001:db8::100/64@eth0"],
    });

    private static string[] Held(TestNetwork network) => network.In("a", () =>
    {
        using var netlink = new RouteNetlink();
        return netlink.Addresses().Select(a => a.Address).Where(a => !IPAddress.IsLoopback(a) && !a.IsIPv6LinkLocal).Select(a => a.ToString()).ToArray();
    });
}
