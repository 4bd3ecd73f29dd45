using System.Globalization;
using Baton.Lab.Scenarios;
using Baton.Lab.StrongSwan;

namespace Baton.Lab.Steps;

/// <summary>What the peer does by itself, and what it must see.</summary>
public sealed class PeerSteps(Story story)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Step("peer initiates")]
    public void Initiate()
    {
        story.Peer.Initiate(CharonConnection.Name);
        story.Peer.WaitEstablished(Patience);
    }

    [Step("peer rekeys the child")]
    public void RekeyChild()
    {
        string before = Child().SpiIn;
        story.Peer.RekeyChild(CharonConnection.Name);
        // charon keeps what it has deleted for some seconds, for packets that are late: DELETED, as good as gone.
        story.Room.Wait.Until("the child SA is a new one and the old one is gone", Patience,
            () => story.Peer.Established()?.Children.Where(child => child.State != "DELETED").ToArray() is [{ State: "INSTALLED" } child] && child.SpiIn != before,
            () => story.Peer.LastLog());
    }

    [Step("peer rekeys the ike sa")]
    public void RekeyIke()
    {
        string before = story.Peer.WaitEstablished(Patience).InitiatorSpi;
        story.Peer.RekeyIke(CharonConnection.Name);
        story.Room.Wait.Until("the IKE SA is a new one and the old one is gone", Patience,
            () => story.Peer.ListSas() is [{ State: "ESTABLISHED", Children: [{ State: "INSTALLED" }] } sa] && sa.InitiatorSpi != before, () => story.Peer.LastLog());
    }

    [Step("peer deletes the child")]
    public void DeleteChild()
    {
        story.Peer.TerminateChild(CharonConnection.Name);
        story.Room.Wait.Until("the child SA is gone", Patience, () => story.Peer.Established() is { Children: [] }, () => story.Peer.LastLog());
    }

    [Step("peer deletes the ike sa")]
    public void DeleteIke()
    {
        story.Peer.TerminateIke(CharonConnection.Name);
        story.Room.Wait.Until("the peer has no IKE SA", Patience, () => story.Peer.ListSas().Count == 0, () => story.Peer.LastLog());
    }

    [Step("expect the peer to have an address of {prefix}")]
    public void HasAddress(string prefix)
    {
        string addresses = story.Peer.WaitEstablished(Patience).VirtualAddresses;
        if (!addresses.StartsWith(prefix, StringComparison.Ordinal)) throw new LabException($"its address is \"{addresses}\"");
    }

    [Step("expect the peer to have negotiated ike {suite}")]
    public void Negotiated(string suite)
    {
        string seen = story.Peer.WaitEstablished(Patience).Suite;
        if (!seen.Equals(suite, StringComparison.OrdinalIgnoreCase)) throw new LabException($"it negotiated {seen}");
    }

    [Step("expect the peer to have {count} ike sas with {children} child sas")]
    public void Count(int count, int children) => story.Room.Wait.Until(
        string.Create(CultureInfo.InvariantCulture, $"the peer has {count} IKE SAs with {children} child SAs"), Patience,
        () => story.Peer.ListSas() is var sas && sas.Count == count && sas.Sum(sa => sa.Children.Count) == children, () => story.Peer.LastLog());

    private ChildSaState Child() => story.Peer.WaitEstablished(Patience).Children[0];
}
