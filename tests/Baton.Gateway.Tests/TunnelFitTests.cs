using System.Net;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Crypto;
using Baton.Esp;
using Baton.Esp.Mtu;
using Baton.Ike;
using Baton.Ike.Authentication;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;

namespace Baton.Gateway.Tests;

public sealed class TunnelFitTests
{
    private static readonly IPAddress Own = IPAddress.Parse("192.0.2.1"), Far = IPAddress.Parse("198.51.100.7");

    [Theory] // the boundary is that of TunnelSize, whatever outer headers there are
    [InlineData("198.51.100.7", false)]
    [InlineData("2001:db8::7", false)]
    [InlineData("198.51.100.7", true)]
    public void A_tunnel_fits_up_to_what_the_worst_suite_leaves(string peer, bool byRouter)
    {
        var address = IPAddress.Parse(peer);
        int fits = TunnelSize.LargestPayloadOfAnySuite(1_500 - (byRouter ? 20 : 0), outerIsV4: address.GetAddressBytes().Length == 4, inUdp: true);
        NodeOptions options = With(Options(mtu: fits), To("branch", address));
        if (byRouter)
            options = options with { Outer = options.Outer! with { ViaRouter = true, Remote = new IPEndPoint(IPAddress.Parse("192.0.2.9"), 4500) } };
        TunnelFit.Finding good = Assert.Single(Judge(options, 1_500));
        Assert.True(good.Good, good.Text);
        TunnelFit.Finding bad = Assert.Single(Judge(options with { Inner = options.Inner! with { Mtu = fits + 1 } }, 1_500));
        Assert.False(bad.Good);
        Assert.StartsWith("branch: ", bad.Text, StringComparison.Ordinal);
        Assert.Contains($"[inner] mtu = {fits}", bad.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_the_suites_those_that_may_be_negotiated_count()
    {
        int gcm = EspSuite.AesGcm128.LargestPayload(1_500, true, true);
        Connection only = To("branch", Far, new ChildProposalPolicy([Cipher.AesGcm128], [], [], [true]));
        Assert.True(Assert.Single(Judge(With(Options(mtu: gcm), only), 1_500)).Good);
        Assert.False(Assert.Single(Judge(With(Options(mtu: gcm), To("branch", Far)), 1_500)).Good);
    }

    [Fact]
    public void Without_a_number_of_ones_own_the_node_s_rule_is_judged_and_the_narrowest_way_counts()
    {
        NodeOptions options = With(Options(mtu: null), To("near", IPAddress.Parse("192.0.2.50")), To("far", Far));
        Assert.All(Judge(options, 1_500), each => Assert.True(each.Good, each.Text));

        // The default is from the outer device; behind another route there is less.
        IReadOnlyList<TunnelFit.Finding> found = TunnelFit.Judge(options, 1_500, peer => peer.Equals(Far) ? new("tun9", 1_400) : new("eth0", 1_500), _ => null);
        Assert.Equal([("near", true), ("far", false)], found.Select(each => (each.Text.Split(':')[0], each.Good)));
        Assert.Contains($"[inner] mtu = {TunnelSize.LargestPayloadOfAnySuite(1_400, true, true)}", found[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Protocol_50_has_eight_bytes_more_while_no_nat_is_between()
    {
        int raw = TunnelSize.LargestPayloadOfAnySuite(1_500, true, inUdp: false);
        NodeOptions options = With(Options(mtu: raw), To("branch", Far));
        Assert.False(Assert.Single(Judge(options, 1_500)).Good);
        options = options with { Outer = options.Outer! with { RawEsp = true } };
        TunnelFit.Finding found = Assert.Single(Judge(options, 1_500));
        Assert.True(found.Good);
        Assert.Contains($"behind a NAT only {TunnelSize.LargestPayloadOfAnySuite(1_500, true, inUdp: true)} would", found.Text, StringComparison.Ordinal);
        Assert.False(Assert.Single(Judge(With(options, To("branch", Far) with { ForceUdpEncapsulation = true }), 1_500)).Good);
    }

    [Theory] // RFC 8200 5: below 1280 the kernel takes IPv6 off the device, so no number mends it
    [InlineData("10.2.0.0", 1_300, false, false)]
    [InlineData("fd00:2::", 1_300, true, false)]
    [InlineData("10.2.0.0", 600, false, true)]
    public void A_way_too_narrow_for_1280_must_become_wider(string inside, int mtu, bool tellsOfV6, bool tellsOf576)
    {
        TunnelFit.Finding found = Assert.Single(Judge(With(Options(mtu: 1_280), To("branch", Far, inside: inside)), mtu));
        Assert.False(found.Good);
        int need = Enum.GetValues<EspSuite>().Max(suite => suite.LeastPath(1_280, true, true));
        Assert.Contains($"the way must take {need}", found.Text, StringComparison.Ordinal);
        Assert.Equal(tellsOfV6, found.Text.Contains("RFC 8200", StringComparison.Ordinal));
        Assert.Equal(tellsOf576, found.Text.Contains("RFC 791", StringComparison.Ordinal));
        Assert.True(Assert.Single(Judge(With(Options(mtu: 1_280), To("branch", Far, inside: inside)), need)).Good);
    }

    [Fact]
    public void Anybody_comes_by_the_device_of_our_address_and_equal_findings_are_one_line()
    {
        NodeOptions options = With(Options(mtu: 1_480), [.. Enumerable.Range(0, 1_000).Select(i => To($"c{i}", null))]);
        TunnelFit.Finding found = Assert.Single(TunnelFit.Judge(options, 1_500, _ => null, local => local.Equals(Own) ? new("eth0", 1_500) : null));
        Assert.False(found.Good);
        Assert.StartsWith("c0, c1 and 998 more: eth0 takes 1500 bytes", found.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void No_route_and_a_way_into_the_tunnel_itself_are_told()
    {
        NodeOptions options = With(Options(mtu: 1_400), To("branch", Far));
        Assert.Contains("no route leads to 198.51.100.7", Assert.Single(TunnelFit.Judge(options, 1_500, _ => null, _ => null)).Text, StringComparison.Ordinal);
        TunnelFit.Finding loop = Assert.Single(TunnelFit.Judge(options, 1_500, _ => new("baton0", 1_400), _ => null));
        Assert.False(loop.Good);
        Assert.Contains("leads into baton0 itself", loop.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Static_keys_and_what_the_file_says_of_the_path_count_too()
    {
        var sa = new StaticSa("lan", SaSuite.AesGcm128, SaMode.Tunnel, 1, 2, [], [], IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("10.2.0.0/16"), new IPEndPoint(Far, 4500), true, 64);
        int fits = EspSuite.AesGcm128.LargestPayload(1_400, true, true);
        NodeOptions options = Options(mtu: fits + 1) with { StaticSas = [sa] };
        Assert.True(Assert.Single(Judge(options, 1_500)).Good);
        Assert.False(Assert.Single(Judge(options with { Outer = options.Outer! with { Mtu = 1_400 } }, 1_500)).Good);
        Assert.Empty(Judge(options with { Inner = new InnerOptions(IPEndPoint.Parse("127.0.0.1:4000"), []) }, 1_500));
    }

    private static IReadOnlyList<TunnelFit.Finding> Judge(NodeOptions options, int mtu) => TunnelFit.Judge(options, mtu, _ => new("eth0", mtu), _ => new("eth0", mtu));

    private static Connection To(string name, IPAddress? peer, ChildProposalPolicy? proposal = null, string inside = "10.2.0.0")
    {
        var key = new PresharedKey(new SecretBytes("secret"u8));
        var there = IPAddress.Parse(inside);
        return new Connection(name, new ConnectionCredentials(Identity.Fqdn("us"), key, Identity.Fqdn(name), key))
        {
            Remote = peer is null ? null : new IPEndPoint(peer, 500),
            Children = [new ChildPolicy("net") { Remote = [new TrafficSelector(0, 0, 65_535, there, there)], Proposals = proposal is null ? ChildProposalPolicy.Defaults : [proposal] }],
        };
    }

    private static NodeOptions With(NodeOptions options, params Connection[] connections) => options with { Ike = IkeOptions.None with { Connections = connections } };

    private static NodeOptions Options(int? mtu) => new()
    {
        File = "test",
        Name = "a",
        Role = NodeRole.Gateway,
        Cluster = new ClusterOptions("test", null, [], [], []),
        Outer = new OuterOptions(new IPEndPoint(Own, 4500), false, null),
        Inner = new InnerOptions(null, []) { Tun = "baton0", Mtu = mtu },
    };
}
