using Baton.Lab.Ends;
using Baton.Lab.Scenarios;

namespace Baton.Lab.Steps;

/// <summary>What either end does by itself; each sentence waits until both ends see the same.</summary>
public sealed class EndSteps(Story story)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    [Step("{who} initiates")]
    public void Initiate(string who)
    {
        story.End(who).Initiate();
        WaitForOne();
        IkeView tunnel = One("peer");
        story.Negotiated = $"{tunnel.Suite}; {tunnel.Children[0].Suite}";
    }

    [Step("{who} rekeys the child")]
    public void RekeyChild(string who)
    {
        WaitForOne();
        ChildView before = OneChild(who);
        story.End(who).RekeyChild();
        WaitFor("both ends have a new child SA and no longer the old one", (peer, cluster) => IsOneTunnel(peer, cluster) && !Children(peer).Concat(Children(cluster)).Contains(before));
    }

    [Step("{who} rekeys the ike sa")]
    public void RekeyIke(string who)
    {
        WaitForOne();
        IkeView before = One(who);
        story.End(who).RekeyIke();
        WaitFor("both ends have a new IKE SA with the same child", (peer, cluster) =>
            IsOneTunnel(peer, cluster) && peer[0].Spis != before.Spis && (who == "peer" ? peer : cluster)[0].Children.SequenceEqual(before.Children));
    }

    [Step("{who} asks for a sign of life")]
    public void Probe(string who) => story.End(who).Probe();

    [Step("{who} deletes the child")]
    public void DeleteChild(string who)
    {
        story.End(who).DeleteChild();
        WaitFor("both ends have an IKE SA without a child", (peer, cluster) => peer is [{ Children: [] }] && cluster is [{ Children: [] }]);
    }

    [Step("{who} deletes the ike sa")]
    public void DeleteIke(string who)
    {
        story.End(who).DeleteIke();
        WaitFor("neither end has an IKE SA", (peer, cluster) => peer is [] && cluster is []);
    }

    [Step("expect the peer to have negotiated ike {suite}")]
    public void Negotiated(string suite)
    {
        string seen = One("peer").Suite;
        if (!seen.Equals(suite, StringComparison.OrdinalIgnoreCase)) throw new LabException($"it negotiated {seen}");
    }

    /// <summary>As the peer reports it: strongSwan names the group of a key exchange of the child's own.</summary>
    [Step("expect the child to have negotiated {suite}")]
    public void ChildNegotiated(string suite)
    {
        string seen = OneChild("peer").Suite;
        if (seen != suite) throw new LabException($"it negotiated {seen}");
        story.Negotiated = $"{One("peer").Suite}; {seen}";
    }

    /// <summary>Whichever end gave it, and whichever has it.</summary>
    [Step("expect an address of {prefix} to have been given")]
    public void HasAddress(string prefix)
    {
        IReadOnlyList<string> addresses = story.Given;
        if (!addresses.Any(address => address.StartsWith(prefix, StringComparison.Ordinal))) throw new LabException($"the addresses are \"{string.Join(' ', addresses)}\"");
    }

    /// <summary>What a rekey left behind goes by itself, after a moment; a request that met a takeover comes again after the peer's back-off.</summary>
    [Step("both ends have the same tunnel")]
    public void WaitForOne() => WaitFor("both ends have one IKE SA with one child", IsOneTunnel);

    private IkeView One(string who) => story.End(who).Look() is [{ } only] ? only : throw new LabException($"{who} has {story.End(who).Look().Count} IKE SAs");

    private ChildView OneChild(string who) => One(who).Children is [{ } only] ? only : throw new LabException($"{who} has {One(who).Children.Count} child SAs");

    private static IEnumerable<ChildView> Children(IReadOnlyList<IkeView> sas) => sas.SelectMany(sa => sa.Children);

    /// <summary>One IKE SA with one child at both ends, and the same: one end's inbound SPI is the other's outbound one.</summary>
    private static bool IsOneTunnel(IReadOnlyList<IkeView> peer, IReadOnlyList<IkeView> cluster) =>
        peer is [{ Children: [{ } near] } left] && cluster is [{ Children: [{ } far] } right]
        && left.Spis == right.Spis && near.SpiIn == far.SpiOut && near.SpiOut == far.SpiIn;

    private void WaitFor(string what, Func<IReadOnlyList<IkeView>, IReadOnlyList<IkeView>, bool> isSo) => story.Room.Wait.Until(
        what, Patience, () => isSo(story.Peer.Look(), story.Cluster.Look()),
        () => $"""
            the peer sees {string.Join("; ", story.Peer.Look())}
            the cluster sees {string.Join("; ", story.Cluster.Look())}
            -- the peer's log
            {story.Peer.LastWords()}
            -- the cluster's log
            {story.Cluster.LastWords()}
            """);
}
