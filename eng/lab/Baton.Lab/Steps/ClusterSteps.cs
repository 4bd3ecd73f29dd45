using Baton.Lab.Batons;
using Baton.Lab.Ends;
using Baton.Lab.Hosts;
using Baton.Lab.Scenarios;
using Baton.Lab.Terms;
using Baton.Linux;

namespace Baton.Lab.Steps;

/// <summary>A Baton cluster, and what befalls it.</summary>
public sealed class ClusterSteps(Story story)
{
    private Host? _struck;
    private bool _withoutRoot;

    /// <summary>Said before the cluster is there.</summary>
    [Step("the members run without root")]
    public void WithoutRoot() => _withoutRoot = true;

    [Step("no process of a member is root's")]
    public void NobodyIsRoot()
    {
        foreach (Host member in story.Network.Members)
        {
            int[] processes = [.. member.ProcessIds()];
            if (processes.Length < 2) throw new LabException($"{member.Name} has {processes.Length} processes where a gateway and its sentinel should be");
            if (processes.FirstOrDefault(process => !MemberUser.Runs(process)) is > 0 and int other) throw new LabException($"process {other} of {member.Name} runs as somebody else");
        }
    }

    [Step("without {right} the check of {member} says {words}")]
    public void Lacks(string right, string member, string words)
    {
        string said = story.BatonCluster.CheckWithout(story.Network.Member(member), right);
        if (!said.Contains(words, StringComparison.Ordinal)) throw new LabException($"it says: {said}");
    }

    [Step("a baton cluster and a baton peer with static keys")]
    public void StaticCluster() => RaiseStatic($"{Network.PeerAddress}:4500", Network.ClusterNet, Network.PeerNet);

    [Step("a baton cluster and a baton peer with static keys over raw esp")]
    public void StaticRaw() => RaiseStatic($"{Network.PeerAddress}:0", Network.ClusterNet, Network.PeerNet);

    [Step("a baton cluster and a baton peer with static keys over ipv6")]
    public void StaticIpv6()
    {
        story.Terms = story.Terms with { Ipv6 = true };
        RaiseStatic($"[{Network.PeerAddress6}]:4500", Network.ClusterNet6, Network.PeerNet6);
    }

    /// <summary>It knows every kind of peer of the lab; which one comes, the terms say.</summary>
    [Step("a baton cluster")]
    public void Cluster()
    {
        var files = new ClusterFiles(Path.Combine(story.Room.Folder, "files"), story.Network);
        string connections = new Connections(files, story.Certificates, StageSteps.Secret).Write(TunnelTerms.Kinds, isCluster: true, story.Network.HasNat);
        Raise(files, connections);
    }

    /// <summary>Both ends Baton. Neither begins by itself, nor comes back by itself when the tunnel was deleted.</summary>
    [Step("a baton cluster and a baton peer with {terms}")]
    public void ClusterAndPeer(string terms)
    {
        story.Terms = TunnelTerms.Parse(terms);
        var files = new ClusterFiles(Path.Combine(story.Room.Folder, "files"), story.Network);
        var connections = new Connections(files, story.Certificates, StageSteps.Secret);
        Raise(files, connections.Write([story.Terms], isCluster: true, story.Network.HasNat));
        RaisePeer(files, connections);
    }

    /// <summary>A baton peer whose gateway is not ours. It does not begin by itself.</summary>
    [Step("a baton peer with {terms}")]
    public void PeerAlone(string terms) => RaisePeerAlone(terms, roams: false);

    [Step("a baton peer that roams, with {terms}")]
    public void PeerThatRoams(string terms) => RaisePeerAlone(terms, roams: true);

    private void RaisePeerAlone(string terms, bool roams)
    {
        story.Terms = TunnelTerms.Parse(terms);
        var files = new ClusterFiles(Path.Combine(story.Room.Folder, "files"), story.Network);
        RaisePeer(files, new Connections(files, story.Certificates, StageSteps.Secret), roams);
    }

    private void RaisePeer(ClusterFiles files, Connections connections, bool roams = false)
    {
        string tunnels = connections.Write([story.Terms], isCluster: false, story.Network.HasNat);
        story.EndPeer();
        story.BatonPeer = story.Room.Keep(new BatonPeer(story.Network, files, tunnels, story.Room.Wait, roams: roams));
        story.Peer = End(() => story.BatonPeer.Node, story.BatonPeer.LastWords);
    }

    [Step("the standby is ready")]
    public void Ready() => story.BatonCluster.WaitReady();

    /// <summary>All of a kind that are not zero, such as <c>esp</c>.</summary>
    [Step("tell the active's counters of {kind}")]
    public void TellCounters(string kind) => story.Say(string.Join(", ",
        from counter in story.BatonCluster.Node(Active).Counters()
        where counter.Value != 0 && counter.Name.StartsWith($"{kind}.", StringComparison.Ordinal)
        select $"{counter.Name} {counter.Value}"));

    [Step("kill -9 the active")]
    public void Kill() => Strike(story.BatonCluster.Kill);

    /// <summary>In the middle of the rekey, or right before or behind it: the instants differ from row to row.</summary>
    [Step("kill -9 the active {delay} ms after {who} begins to rekey the {what}")]
    public void KillAmid(int delay, string who, string what) => Strike(host =>
    {
        IEnd end = story.End(who);
        Action rekey = what switch
        {
            "child" => end.RekeyChild,
            "ike sa" => end.RekeyIke,
            _ => throw new LabException($"nobody rekeys a \"{what}\""),
        };
        rekey();
        MonotonicClock.SleepUntil(MonotonicClock.Now + TimeSpan.FromMilliseconds(delay));
        story.BatonCluster.Kill(host);
    });

    [Step("the active is stopped")]
    public void Stop() => Strike(story.BatonCluster.Terminate);

    [Step("the active's host freezes")]
    public void Freeze() => Strike(story.BatonCluster.Freeze);

    [Step("the active's outer link goes down")]
    public void OuterDown() => Strike(host => story.Network.SetCable(host, "outer", plugged: false));

    [Step("the active's inner link goes down")]
    public void InnerDown() => Strike(host => story.Network.SetCable(host, "inner", plugged: false));

    /// <summary>The link stays up; whoever is behind it answers no more.</summary>
    [Step("the active's next hop falls silent")]
    public void NextHopSilent() => Strike(host => story.Network.SetPort(host, "outer", forwards: false));

    [Step("another member is active")]
    public void Another() => story.Room.Wait.Until("another member has the address", TimeSpan.FromSeconds(20),
        () => story.Network.Members.Any(member => member != _struck && story.BatonCluster.Holds(member)), story.BatonCluster.LastWords);

    [Step("the struck member comes back")]
    public void ComesBack()
    {
        Host host = _struck ?? throw new LabException("nobody was struck");
        story.Network.SetCable(host, "outer", plugged: true);
        story.Network.SetCable(host, "inner", plugged: true);
        story.Network.SetPort(host, "outer", forwards: true);
        story.BatonCluster.Restore(host);
    }

    private Host Active => story.BatonCluster.Active ?? throw new LabException("nobody is active");

    private void Strike(Action<Host> blow)
    {
        _struck = Active;
        story.Strike();
        blow(_struck);
    }

    /// <summary>A cluster and a peer keyed by hand, with one pair of SAs between two networks.</summary>
    private void RaiseStatic(string peer, string local, string remote) => RaiseStatic(peer, [local], remote);

    /// <summary>A cluster and a peer keyed by hand, with a pair of SAs for each of the cluster's networks.</summary>
    /// <param name="program">What gateways and peer run in place of <c>baton</c>.</param>
    public void RaiseStatic(string peer, IReadOnlyList<string> locals, string remote, string suite = "aes-gcm-128", string? program = null)
    {
        var files = new ClusterFiles(Path.Combine(story.Room.Folder, "files"), story.Network);
        string tunnel = files.StaticTunnel(peer, locals, remote, suite);
        Raise(files, tunnel, program);
        story.BatonPeer = story.Room.Keep(new BatonPeer(story.Network, files, tunnel, story.Room.Wait, program));
    }

    private void Raise(ClusterFiles files, string tunnels, string? program = null)
    {
        story.BatonCluster = story.Room.Keep(new BatonCluster(story.Network, files, story.Room.Wait, _withoutRoot, program));
        story.BatonCluster.Start([.. story.Network.Members.Select((_, index) => files.WriteMember(index, tunnels))]);
        story.Cluster = End(() => story.BatonCluster.ActiveNode, story.BatonCluster.LastWords);
    }

    private BatonEnd End(Func<OperatedNode?> node, Func<string> lastWords) => new(node, () => story.Terms.Kind, story.Room.Wait, lastWords);
}
