using System.Globalization;
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
    public void Ping() => story.Room.Wait.Until("a ping from behind the peer is answered", Patience, IsPingAnswered);

    /// <summary>Whatever comes of it.</summary>
    public void PingOnce() => IsPingAnswered();

    private bool IsPingAnswered() => Processes.Command.Try("ip", story.Network.PeerHost.Inside("ping", "-c", "1", "-W", "1", ClusterHost).Skip(1)).Status == 0;

    /// <summary>From the peer itself: from each inner address that it was given, when it was given some.</summary>
    [Step("ping from the peer passes")]
    public void PingFromPeer()
    {
        foreach (string address in story.Terms.Pool ? Given : ["10.1.0.1"])
            PingFrom(story.Network.Peer, address, IsIpv6(address) ? Network.HostInner6 : Network.HostInner);
    }

    /// <summary>From the member that works: from each inner address that the peer gave.</summary>
    [Step("ping from the cluster passes")]
    public void PingFromCluster()
    {
        foreach (string address in Given)
            PingFrom(story.BatonCluster.Active ?? throw new LabException("nobody is active"), address, IsIpv6(address) ? Network.PeerHostInner6 : Network.PeerHostInner);
    }

    private IReadOnlyList<string> Given => story.Given is { Count: > 0 } given ? given : throw new LabException("no address was given");

    private static bool IsIpv6(string address) => address.Contains(':', StringComparison.Ordinal);

    private void PingFrom(Host host, string address, string far) => story.Room.Wait.Until($"a ping from {address} is answered", Patience, () =>
        Processes.Command.Try("ip", host.Inside("ping", "-c", "1", "-W", "1", "-I", address, far).Skip(1)).Status == 0);

    /// <summary>All at once, each from the address that only its tunnel carries.</summary>
    [Step("pings pass through the further tunnels")]
    public void PingsPass() => story.Room.Wait.Until("a ping through each further tunnel is answered", Patience, () =>
    {
        string pings = string.Join(' ', FurtherTunnels.Addresses(story.FurtherTunnels).Select(address => $"(ping -c 1 -W 2 -I {address} {ClusterHost} >/dev/null || echo lost) &"));
        return Processes.Command.Try("ip", story.Network.Peer.Inside("sh", "-c", $"{pings} wait").Skip(1)) is (0, "");
    });

    [Step("peer moves from {before} to {after}")]
    public void PeerMoves(string before, string after) => story.Network.MovePeer(before, after);

    [Step("ping passes no more")]
    public void NoPing() => story.Room.Wait.Until("pings from behind the peer are answered no more", Patience, () => !IsPingAnswered());

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

    [Step("call ends")]
    public void CallEnds() => story.EndCall();

    [Step("probe ends")]
    public void ProbeEnds() => story.EndProbe();

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
    public void TransferStarts(int size, double rate) => Begin((long)(size * MegaByte), rate);

    /// <summary>Until it is said to end; no blow is struck when it is over before.</summary>
    [Step("transfer starts at {rate} MB a second")]
    public void TransferStarts(double rate) => Begin(null, rate);

    private void Begin(long? bytes, double rate)
    {
        Transfer transfer = story.Room.Keep(new Transfer(story.Network.Inner, ClusterHost, story.Network.PeerHost, PeerHost, bytes, rate * MegaByte));
        story.Begin(transfer);
        story.Room.Wait.Until("the transfer moves", Patience, () => transfer.Received > 0);
    }

    [Step("transfer moves on")]
    public void TransferMoves()
    {
        long before = story.Transfer.Received;
        story.Room.Wait.Until("the transfer moves on", Patience, () =>
        {
            story.ExpectTransferRuns();
            return story.Transfer.Received > before;
        });
    }

    [Step("transfer ends with the right hash")]
    public void TransferEnds()
    {
        Transfer transfer = story.Transfer;
        transfer.End();
        story.Room.Wait.Until("the transfer is over", TimeSpan.FromMinutes(2), () => transfer.IsOver);
        transfer.Verify();
        story.Say(string.Create(CultureInfo.InvariantCulture, $"{transfer.Received / MegaByte:0.0} MB came"));
        story.EndTransfer();
    }

    private string PeerHost => story.Terms.Ipv6 ? Network.PeerHostInner6 : Network.PeerHostInner;

    private string ClusterHost => story.Terms.Ipv6 ? Network.HostInner6 : Network.HostInner;
}
