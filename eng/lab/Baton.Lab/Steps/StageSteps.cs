using Baton.Lab.Ends;
using Baton.Lab.Hosts;
using Baton.Lab.Scenarios;
using Baton.Lab.StrongSwan;
using Baton.Lab.Terms;

namespace Baton.Lab.Steps;

/// <summary>Who is on the stage.</summary>
public sealed class StageSteps(Story story)
{
    public const string Secret = "a long secret of this lab run only";

    private Host? _bareHost;
    private BareIkeEnd? _bare;

    [Step("hosts with members {members} and a nat between")]
    public void HostsWithNat(string members) => story.Network = new Network(story.Room, Names(members), nat: true);

    /// <summary>A host takes what comes in as one run, and the wire's frames are no datagrams: where offloads are tried, or measured.</summary>
    [Step("hosts with members {members} and runs on the wire")]
    public void HostsWithRuns(string members) => story.Network = new Network(story.Room, Names(members), nat: false, runs: true);

    [Step("hosts with members {members}")]
    public void Hosts(string members) => story.Network = new Network(story.Room, Names(members), nat: false);

    [Step("a strongswan peer")]
    public void StrongSwanPeer()
    {
        story.StrongSwan = story.Room.Keep(new Charon(story.Network.Peer, story.Room.Wait));
        story.Peer = new CharonEnd(story.StrongSwan, story.Room.Wait);
    }

    [Step("a strongswan on {member} stands in for the cluster")]
    public void StandIn(string member)
    {
        story.StandIn?.Dispose();                               // the one of the row before
        Host host = story.Network.Member(member);
        host.Run("ip", "address", "replace", $"{Network.ClusterAddress}/24", "dev", "outer");
        host.Run("ip", "address", "replace", $"{Network.ClusterInner}/16", "dev", "inner");
        host.Run("ip", "address", "replace", $"{Network.ClusterInner6}/64", "dev", "inner", "nodad");
        story.StandIn = story.Room.Keep(new Charon(host, story.Room.Wait));
        story.Cluster = new CharonEnd(story.StandIn, story.Room.Wait);
    }

    [Step("baton's ike alone on {member} stands in for the cluster")]
    public void BareIke(string member)
    {
        _bareHost = story.Network.Member(member);
        _bareHost.Run("ip", "address", "add", $"{Network.ClusterAddress}/24", "dev", "outer");
        _bareHost.Run("ip", "address", "add", $"{Network.ClusterAddress6}/64", "dev", "outer", "nodad");
    }

    /// <summary>Whatever the tunnel before left behind goes first: a row that failed spoils no other.</summary>
    [Step("both ends agree on {terms}")]
    public void Agree(string terms)
    {
        story.Clear();
        story.Terms = TunnelTerms.Parse(terms);
        Introduce(story.StrongSwan, story.Terms.PeerIdentity);
        if (story.Terms.Asks) story.StrongSwan.LoadPools(CharonConnection.Pools());
        story.StrongSwan.Load(CharonConnection.OfPeer(story.Terms));
        if (_bareHost is not null)
        {
            _bare?.Dispose();
            var address = System.Net.IPAddress.Parse(story.Terms.Ipv6 ? Network.ClusterAddress6 : Network.ClusterAddress);
            story.Cluster = _bare = story.Room.Keep(new BareIkeEnd(_bareHost, address, BareIkePolicy.OfCluster(story.Terms, Secret, story.Network.HasNat), story.Room.Wait));
        }

        if (story.StandIn is not null) PeersWith();
    }

    [Step("the stand-in knows the peer")]
    public void PeersWith()
    {
        Charon other = story.StandIn ?? throw new LabException("nobody stands in for the cluster");
        Introduce(other, LabCertificates.ClusterName);
        if (story.Terms.Pool) other.LoadPools(CharonConnection.Pools());
        other.Load(CharonConnection.OfCluster(story.Terms, Network.ClusterAddress));
    }

    private void Introduce(Charon charon, string name)
    {
        if (story.Terms.IsCertificate) charon.LoadCertificates(story.Certificates, name, story.Terms);
        else charon.LoadSecret(Secret, story.Terms.PeerIdentity, LabCertificates.ClusterName);
    }

    private static string[] Names(string members) => members.Replace(" and ", " ", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
