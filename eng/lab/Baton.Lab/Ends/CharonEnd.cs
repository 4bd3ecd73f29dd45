using Baton.Lab.Processes;
using Baton.Lab.StrongSwan;

namespace Baton.Lab.Ends;

/// <summary>strongSwan as an end.</summary>
internal sealed class CharonEnd(Charon charon, Wait wait) : IEnd
{
    public void Initiate() => charon.Initiate(CharonConnection.Name);

    public void RekeyChild() => charon.RekeyChild(CharonConnection.Name);

    public void RekeyIke() => charon.RekeyIke(CharonConnection.Name);

    /// <summary>charon has no command for it: with <c>liveness</c> among the terms it asks by itself when nothing comes.</summary>
    public void Probe()
    {
        long before = charon.Counter("info-in-resp");
        wait.Until("charon has asked for a sign of life and got it", TimeSpan.FromSeconds(20), () => charon.Counter("info-in-resp") > before, LastWords);
    }

    public void DeleteChild() => charon.TerminateChild(CharonConnection.Name);

    public void DeleteIke() => charon.TerminateIke(CharonConnection.Name);

    public void Forget() => charon.Forget(CharonConnection.Name);

    public IReadOnlyList<IkeView> Look() =>
        [.. charon.ListSas().Where(sa => sa is { State: "ESTABLISHED", Name: CharonConnection.Name }).Select(sa => new IkeView(IkeView.Pair(sa.InitiatorSpi, sa.ResponderSpi), sa.Suite,
            // charon keeps what it has deleted for some seconds, for packets that are late.
            [.. sa.Children.Where(child => child.State is "INSTALLED" or "REKEYED").Select(child => new ChildView(child.SpiIn, child.SpiOut, child.Suite))]))];

    public string LastWords() => charon.LastLog();
}
