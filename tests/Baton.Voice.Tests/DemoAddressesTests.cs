namespace Baton.Voice.Tests;

public class DemoAddressesTests
{
    [Fact]
    public void Every_flow_has_addresses_of_its_own_within_the_prefixes()
    {
        var all = new HashSet<uint> { DemoAddresses.PhonePeer, DemoAddresses.PhoneCluster, DemoAddresses.ProbePeer, DemoAddresses.ProbeCluster };
        for (int flow = 0; flow < DemoAddresses.MaxFlows; flow++)
        {
            Assert.True(all.Add(DemoAddresses.FlowPeer(flow)));
            Assert.True(all.Add(DemoAddresses.FlowCluster(flow)));
            Assert.Equal(DemoAddresses.PeerPrefix >> 16, DemoAddresses.FlowPeer(flow) >> 16);
            Assert.Equal(DemoAddresses.ClusterPrefix >> 16, DemoAddresses.FlowCluster(flow) >> 16);
            Assert.InRange(DemoAddresses.FlowPeer(flow) & 0xff, 1u, 250u); // neither network nor broadcast
        }
    }

    [Fact]
    public void Formula_is_the_documented_one()
    {
        Assert.Equal("10.1.16.1", DemoAddresses.Format(DemoAddresses.FlowPeer(0)));
        Assert.Equal("10.2.16.250", DemoAddresses.Format(DemoAddresses.FlowCluster(249)));
        Assert.Equal("10.1.56.1", DemoAddresses.Format(DemoAddresses.FlowPeer(10_000)));
        Assert.True(DemoAddresses.TryParse("10.2.0.20", out uint address));
        Assert.Equal(DemoAddresses.ProbeCluster, address);
        Assert.False(DemoAddresses.TryParse("::1", out _));
    }
}
