using Baton.Lab.Hosts;
using Baton.Lab.Scenarios;
using Baton.Lab.Traffic;

namespace Baton.Lab.Steps;

/// <summary>What goes through the tunnel.</summary>
public sealed class TrafficSteps(Story story)
{
    private const double MegaByte = 1e6;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Step("ping passes")]
    public void Ping() => story.Room.Wait.Until("a ping from behind the peer is answered", Patience, () =>
        Processes.Command.Try("ip", story.Network.PeerHost.Inside("ping", "-c", "1", "-W", "1", ClusterHost).Skip(1)).Status == 0);

    [Step("ping passes no more")]
    public void NoPing() => story.Room.Wait.Until("pings from behind the peer are answered no more", Patience, () =>
        Processes.Command.Try("ip", story.Network.PeerHost.Inside("ping", "-c", "1", "-W", "1", ClusterHost).Skip(1)).Status != 0);

    [Step("call starts")]
    public void CallStarts()
    {
        Call call = story.Room.Keep(new Call(story.Network.PeerHost, PeerHost, story.Network.Inner, ClusterHost));
        story.Room.Wait.Until("both phones hear each other", Patience, () => call.Look() is { ReceivedAtPeer: > 0, ReceivedAtCluster: > 0 });
        call.Look();
        story.Begin(call);
    }

    [Step("probe starts at {rate} packets a second")]
    public void ProbeStarts(int rate)
    {
        Probe probe = story.Room.Keep(new Probe(story.Network.PeerHost, PeerHost, story.Network.Inner, ClusterHost, rate));
        story.Room.Wait.Until("the probe flows both ways", Patience, () => probe.Look().IsFlowing);
        story.Begin(probe);
    }

    [Step("probe flows both ways")]
    public void ProbeFlows() => story.Room.Wait.Until("the probe flows both ways", Patience, () => story.Probe.IsFlowing);

    [Step("probe has passed {count} further packets each way")]
    public void ProbeHasPassed(int count)
    {
        ProbeReading start = story.Probe;
        story.Room.Wait.Until($"{count} further packets of the probe have come each way", Patience, () =>
            story.Probe is var now && now.ToPeer.Received >= start.ToPeer.Received + count && now.FromPeer.Received >= start.FromPeer.Received + count);
    }

    [Step("transfer of {size} MB starts at {rate} MB a second")]
    public void TransferStarts(int size, double rate)
    {
        story.Transfer = story.Room.Keep(new Transfer(
            story.Network.Inner, ClusterHost, story.Network.PeerHost, PeerHost, (long)(size * MegaByte), rate * MegaByte));
        story.Room.Wait.Until("the transfer moves", Patience, () => story.Transfer.Received > 0);
    }

    [Step("transfer moves on")]
    public void TransferMoves()
    {
        long before = story.Transfer.Received;
        story.Room.Wait.Until("the transfer moves on", Patience, () => story.Transfer.Received > before || story.Transfer.IsOver);
    }

    [Step("transfer ends with the right hash")]
    public void TransferEnds()
    {
        story.Room.Wait.Until("the transfer is over", TimeSpan.FromMinutes(2), () => story.Transfer.IsOver);
        story.Transfer.Verify();
    }

    private string PeerHost => story.Terms.Ipv6 ? Network.PeerHostInner6 : Network.PeerHostInner;

    private string ClusterHost => story.Terms.Ipv6 ? Network.HostInner6 : Network.HostInner;
}
