using System.Net;
using Baton.Linux.Neighbours;
using Baton.Linux.Netlink;
using Baton.Linux.Tests.Namespaces;
using Baton.Wire;

namespace Baton.Linux.Tests.Neighbours;

public sealed class NeighbourProbeTests
{
    [Theory]
    [InlineData("192.0.2.254", "192.0.2.254/24")]
    [InlineData("2001:db8::fe", "2001:db8::fe/64")]
    public void ANeighbourThatLivesAnswersAndADeadOneDoesNot(string address, string atNeighbour)
    {
        using var network = new TestNetwork("a", "n");
        network.Wire("a", "eth0", "n", "eth0", null, atNeighbour);  // the asker has no address of its own
        using NeighbourProbe probe = network.In("a", () => new NeighbourProbe("eth0", IPAddress.Parse(address)));
        using NeighbourProbe nobody = network.In("a", () => new NeighbourProbe("eth0", IPAddress.Parse(address.Contains(':') ? "2001:db8::99" : "192.0.2.99")));
        TestNetwork.Until("an answer", () => Ask(probe));  // the device's link-local address may take its time
        TestNetwork.Until("the kernel knows it too", () => network.In("a", () =>
        {
            using var netlink = new RouteNetlink();
            return netlink.Neighbours().Any(n => n.Address.ToString() == address && n.Hardware.Length == 6);
        }));
        Assert.False(Ask(nobody));
        network.Ip("n", $"addr del {atNeighbour} dev eth0");
        Assert.False(Ask(probe));
        network.Ip("n", "link set eth0 down");
        Assert.False(Ask(probe));

        bool Ask(NeighbourProbe of) => network.In("a", () =>
        {
            of.TakeAnswer();
            of.Send();
            using var poller = new Poller(of.Fd);
            poller.Wait(MonotonicClock.Now + TimeSpan.FromMilliseconds(200));
            return of.TakeAnswer();
        });
    }

    [Fact]
    public void ADeviceThatIsNotThereIsSaid() =>
        Assert.Contains("no network device nope", Assert.Throws<IOException>(() => new NeighbourProbe("nope", IPAddress.Loopback)).Message, StringComparison.Ordinal);
}
