using System.Text.Json.Nodes;
using Baton.Lab.Hosts;
using Baton.Lab.Terms;

namespace Baton.Lab.StrongSwan;

/// <summary>The terms of a tunnel in charon's words (swanctl.conf(5)), seen from either end.</summary>
public static class CharonConnection
{
    public const string Name = "lab";

    private static readonly string[] Dynamic = ["dynamic"];
    private static readonly string[] PoolNames = ["lab4", "lab6"];

    /// <summary>The peer's side: towards the cluster's address.</summary>
    public static JsonObject OfPeer(TunnelTerms terms, string name = Name) => Of(
        terms, name, terms.Ipv6 ? Network.PeerAddress6 : Network.PeerAddress, terms.Ipv6 ? Network.ClusterAddress6 : Network.ClusterAddress,
        terms.PeerIdentity, LabCertificates.ClusterName,
        terms.Pool ? Dynamic : terms.Nets(Network.PeerNet, Network.PeerNet6), terms.Asks ? Dynamic : terms.Nets(Network.ClusterNet, Network.ClusterNet6));

    /// <summary>One of many: an identity and an inner address of its own.</summary>
    public static JsonObject OfFurther(int index, string address, TunnelTerms? terms = null) => Of(
        terms ?? new TunnelTerms(), FurtherName(index), Network.PeerAddress, Network.ClusterAddress, $"{FurtherName(index)}.many.{LabCertificates.PeerName}", LabCertificates.ClusterName,
        [$"{address}/32"], [Network.ClusterNet]);

    public static string FurtherName(int index) => $"t{index}";

    /// <summary>A strongSwan in the cluster's place: for the baseline, and as another's gateway to a baton peer.</summary>
    public static JsonObject OfCluster(TunnelTerms terms, string local) => Of(
        terms, Name, local, "%any", LabCertificates.ClusterName, terms.IsMany ? $"*.{terms.PeerIdentity}" : terms.PeerIdentity,
        terms.Nets(Network.ClusterNet, Network.ClusterNet6), terms.Pool ? Dynamic : terms.Nets(Network.PeerNet, Network.PeerNet6));

    private static JsonObject Of(TunnelTerms terms, string name, string local, string remote, string localId, string remoteId, string[] localTs, string[] remoteTs)
    {
        string auth = terms.IsCertificate ? "pubkey" : "psk";
        var connection = new JsonObject
        {
            ["version"] = "2",
            ["local_addrs"] = new JsonArray(local),
            ["remote_addrs"] = new JsonArray(remote),
            ["proposals"] = new JsonArray(terms.Ike),
            ["encap"] = "yes",
            ["mobike"] = "yes",
            ["fragmentation"] = "yes",
            ["rekey_time"] = "0",
            ["dpd_delay"] = $"{terms.Liveness}s",
            ["local"] = new JsonObject { ["auth"] = auth, ["id"] = localId },
            ["remote"] = new JsonObject { ["auth"] = auth, ["id"] = remoteId },
            ["children"] = new JsonObject
            {
                [name] = new JsonObject
                {
                    ["local_ts"] = List(localTs),
                    ["remote_ts"] = List(remoteTs),
                    ["esp_proposals"] = new JsonArray($"{terms.Esp}-noesn"),
                    ["rekey_time"] = "0",
                    ["mode"] = "tunnel",
                },
            },
        };
        if (localTs == Dynamic) connection["vips"] = new JsonArray("0.0.0.0", "::");
        if (remoteTs == Dynamic) connection["pools"] = List(PoolNames);
        return new JsonObject { [name] = connection };
    }

    /// <summary>The pools from which strongSwan gives addresses, when the other end asks for them.</summary>
    public static JsonObject Pools() => new()
    {
        [PoolNames[0]] = new JsonObject { ["addrs"] = "10.4.0.0/24" },
        [PoolNames[1]] = new JsonObject { ["addrs"] = "fd04::/120" },
    };

    private static JsonArray List(string[] texts) => new([.. texts.Select(text => JsonValue.Create(text))]);
}
