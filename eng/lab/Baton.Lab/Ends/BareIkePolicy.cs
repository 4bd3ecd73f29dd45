using System.Net;
using System.Text;
using Baton.Crypto;
using Baton.Ike;
using Baton.Ike.Authentication;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Lab.Hosts;
using Baton.Lab.Terms;

namespace Baton.Lab.Ends;

/// <summary>The cluster's side of a tunnel in the words of Baton's IKE core. It offers all it has: the other end chooses.</summary>
internal static class BareIkePolicy
{
    /// <param name="behindNat">The peer is behind a NAT: we cannot begin, and do not know where it comes from.</param>
    public static IkeEndpointPolicy OfCluster(TunnelTerms terms, string secret, bool behindNat) => new()
    {
        Replicated = false,
        Pools = new Dictionary<string, AddressPool> { ["lab"] = new(IPAddress.Parse("10.3.0.10"), IPAddress.Parse("10.3.0.250")) },
        Connections =
        [
            new Connection(BareIkeEnd.Connection, Credentials(terms, secret))
            {
                Local = new IPEndPoint(IPAddress.Parse(terms.Ipv6 ? Network.ClusterAddress6 : Network.ClusterAddress), 500),
                Remote = behindNat ? null : new IPEndPoint(IPAddress.Parse(terms.Ipv6 ? Network.PeerAddress6 : Network.PeerAddress), 500),
                Liveness = TimeSpan.Zero,
                GivesAddressesFrom = terms.Pool ? ["lab"] : [],
                Children =
                [
                    new ChildPolicy("lab")
                    {
                        Local = [Selector(Network.ClusterNet)],
                        Remote = terms.Pool ? [] : [Selector(Network.PeerNet)],
                    },
                ],
            },
        ],
    };

    private static ConnectionCredentials Credentials(TunnelTerms terms, string secret)
    {
        var key = new PresharedKey(new SecretBytes(Encoding.UTF8.GetBytes(secret)));
        return new ConnectionCredentials(Identity.Fqdn(LabCertificates.ClusterName), key, Identity.Fqdn(terms.PeerIdentity), key);
    }

    private static TrafficSelector Selector(string net)
    {
        IPNetwork network = IPNetwork.Parse(net);
        byte[] last = network.BaseAddress.GetAddressBytes();
        for (int bit = network.PrefixLength; bit < 8 * last.Length; bit++) last[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return new TrafficSelector(0, 0, ushort.MaxValue, network.BaseAddress, new IPAddress(last));
    }
}
