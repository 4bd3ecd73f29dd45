using System.Globalization;
using System.Text.Json;
using Baton.Lab.Batons;
using Baton.Lab.Hosts;
using Baton.Lab.Scenarios;

namespace Baton.Lab.Steps;

/// <summary>A NAT that forgets, or shuts one way; and what the members know of the port behind which the peer is.</summary>
public sealed class NatSteps(Story story)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The next packet from behind it gets another port: so the peer must send.</summary>
    [Step("the nat chooses another port")]
    public void AnotherPort()
    {
        string before = OfPeer(Active) ?? throw new LabException("the active knows no peer");
        story.Network.ForgetTranslations();
        story.Room.Wait.Until("the active knows another port of the peer", Patience, () => OfPeer(Active) is { } now && now != before, story.BatonCluster.LastWords);
        story.PeerEndpoint = OfPeer(Active);
        story.Say($"the peer was at {before}, and is at {story.PeerEndpoint}");
    }

    [Step("every member knows the peer's port")]
    public void AllKnow() => story.Room.Wait.Until("every member knows the peer's port", Patience,
        () => story.Network.Members.All(member => OfPeer(story.BatonCluster.Node(member)) == story.PeerEndpoint), story.BatonCluster.LastWords);

    [Step("nothing of the peer passes the nat")]
    public void Shut() => story.Network.SetWayOut(open: false);

    [Step("the peer passes the nat again")]
    public void Open() => story.Network.SetWayOut(open: true);

    [Step("probe flows to the peer")]
    public void FlowsToPeer() => story.Room.Wait.Until("the probe flows to the peer", Patience, () => story.Probe.ToPeer.OpenGapMs < 10);

    [Step("measure how long the peer heard nothing")]
    public void Measure()
    {
        double silence = story.Probe.ToPeer.OutageMs;
        story.Measure("silence ms", silence);
        story.Say(string.Create(CultureInfo.InvariantCulture, $"the peer heard nothing for {silence:0.0} ms"));
    }

    private OperatedNode Active => story.BatonCluster.ActiveNode ?? throw new LabException("nobody is active");

    /// <summary>Where a member would send the one outbound SA's packets; null: it has none, or does not answer.</summary>
    private static string? OfPeer(OperatedNode member) => member.Look() is { } seen
        && seen.GetProperty("sas").EnumerateArray().FirstOrDefault(sa => sa.GetProperty("direction").GetString() == "OUTBOUND") is { ValueKind: JsonValueKind.Object } sa
            ? sa.GetProperty("peer").GetString()
            : null;
}
