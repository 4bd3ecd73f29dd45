using System.Globalization;
using System.Net;
using Baton.Lab.Captures;
using Baton.Lab.Hosts;
using Baton.Lab.Scenarios;

namespace Baton.Lab.Steps;

/// <summary>What a capture of the outer switch shows.</summary>
public sealed class WireSteps(Story story, TrafficSteps traffic)
{
    private int _captures;
    private List<CapturedPacket>? _captured;
    private List<CapturedPacket>? _counted;
    private readonly HashSet<(uint Spi, uint Number)> _numbers = [];

    [Step("capture starts")]
    public void CaptureStarts()
    {
        _captures++;
        story.Capture = story.Room.Keep(new Capture(story.Network.Switch, "outer", string.Create(CultureInfo.InvariantCulture, $"capture-{_captures}"), story.Network.CarriesRuns, story.Room.Wait));
    }

    /// <summary>
    /// Between the blow and the moment when ESP flowed both ways again nobody spoke IKE. A synchronization (RFC 6311 section 5.1: INFORMATIONAL with message ID 0), which
    /// nothing waits for, is counted apart.
    /// </summary>
    [Step("expect no ike on the wire during the takeover")]
    public void NoIke()
    {
        CapturedPacket[] after = [.. Captured.Where(packet => packet.At > story.StruckAt)];
        int esp = after.Count(packet => packet.Kind == WireKind.Esp);
        ILookup<bool, CapturedPacket> ike = after.Where(packet => packet.Kind == WireKind.Ike).ToLookup(packet => packet.IsSynchronization);
        story.Say($"after the blow: {esp} ESP packets, {ike[false].Count()} of IKE, {ike[true].Count()} of RFC 6311");
        if (esp == 0) throw new LabException("the capture has no ESP after the blow");
        foreach (CapturedPacket first in ike[false])
            throw new LabException($"{ike[false].Count()} IKE messages; the first is exchange {first.ExchangeType} {(first.At - story.StruckAt).TotalMilliseconds:0.0} ms after the blow");
    }

    /// <summary>
    /// Of the capture that runs or was just read, what the cluster sent: no two packets of an SA with the same number, nor one with a number of a capture before. The peer's
    /// packets do come twice: a host whose gateway has died forwards what still reached it to the new one.
    /// </summary>
    [Step("expect no number of the cluster twice")]
    public void NoNumberTwice()
    {
        CapturedPacket[] sent = [.. CapturedEsp.Where(IsOfCluster)];
        if (sent.Length == 0) throw new LabException("the capture has no ESP of the cluster");
        if (ReferenceEquals(_counted, _captured)) return;
        _counted = _captured;
        foreach (CapturedPacket packet in sent)
        {
            if (!_numbers.Add((packet.Spi, packet.Sequence))) throw new LabException($"number {packet.Sequence} of SPI {packet.Spi:x8} left twice");
        }
    }

    /// <summary>What it sends as one run crosses the wire as one frame, and is taken so; here the capture is cut.</summary>
    [Step("expect runs of the cluster on the wire")]
    public void Runs()
    {
        CapturedPacket[] sent = [.. CapturedEsp.Where(IsOfCluster)];
        int inRuns = sent.Count(packet => packet.OfRun > 1);
        story.Say($"{inRuns} of {sent.Length} ESP packets of the cluster were in runs");
        if (inRuns == 0) throw new LabException("the capture has none");
    }

    [Step("expect esp by itself on the wire")]
    public void RawEsp()
    {
        if (CapturedEsp.Count(packet => packet.Protocol != CapturedPacket.EspProtocol) is var inUdp and > 0) throw new LabException($"{inUdp} packets were in UDP");
    }

    /// <summary>Whole, or what is too long for one datagram in parts that IKE itself cut (RFC 7383 section 2.5); nothing was left to IP to be cut.</summary>
    [Step("expect ike on the wire {how}")]
    public void IkeFragments(string how)
    {
        CapturedPacket[] ike = [.. CapturedIke];
        if (ike.Count(packet => packet.IsIpFragment) is var cut and > 0) throw new LabException($"{cut} IKE messages were left to IP to be cut");
        ILookup<bool, CapturedPacket> fragments = ike.Where(packet => packet.IsIkeFragment).ToLookup(IsOfCluster);
        (int cluster, int peer) = (fragments[true].Count(), fragments[false].Count());
        story.Say($"{ike.Length} IKE datagrams, {cluster} of them fragments of the cluster, {peer} of the peer");
        bool isSo = how switch
        {
            "whole" => (cluster, peer) is (0, 0),
            "in fragments from either side" => (cluster, peer) is (> 0, > 0),
            "without ip fragments" => true,
            _ => throw new LabException($"IKE is \"whole\", \"in fragments from either side\" or \"without ip fragments\", not \"{how}\""),
        };
        if (!isSo) throw new LabException($"{cluster} fragments were the cluster's, {peer} the peer's");
    }

    /// <summary>As <see cref="Story.PeerEndpoint"/> has it. Nobody learned that port from the peer after the blow: it said nothing.</summary>
    [Step("expect the cluster's esp after the blow at the peer's port, and none of the peer")]
    public void AtPeersPort()
    {
        ILookup<bool, CapturedPacket> esp = CapturedEsp.Where(packet => packet.At > story.StruckAt).ToLookup(IsOfCluster);
        if (esp[false].Count() is var heard and > 0) throw new LabException($"{heard} packets of the peer came through");
        string[] ports = [.. esp[true].Select(packet => new IPEndPoint(packet.Destination, packet.DestinationPort).ToString()).Distinct()];
        story.Say($"{esp[true].Count()} ESP packets after the blow, to {string.Join(", ", ports)}");
        if (ports is not [{ } only] || only != story.PeerEndpoint) throw new LabException($"the peer is at {story.PeerEndpoint}");
    }

    /// <summary>The peer begins at the port of IKE, finds the NAT, and goes on at the port that ESP in UDP shares (RFC 7296 section 2.23).</summary>
    [Step("expect ike to have moved from port 500 to 4500, and esp in udp there")]
    public void Floated()
    {
        CapturedPacket[] fromPeer = [.. Captured.Where(packet => !IsOfCluster(packet))];
        if (fromPeer.FirstOrDefault(packet => packet.Source.ToString() != Network.RouterAddress) is { Source: not null } other) throw new LabException($"{other.Source} is not the NAT");
        CapturedPacket[] ike = [.. fromPeer.Where(packet => packet.Kind == WireKind.Ike)];
        string ports = string.Join(", ", ike.Select(packet => $"exchange {packet.ExchangeType} to {packet.DestinationPort}").Distinct());
        story.Say($"from the peer: {ports}");
        if (ike is not [{ ExchangeType: CapturedPacket.IkeSaInit, DestinationPort: 500 }, ..] || ike.Any(packet => packet.ExchangeType != CapturedPacket.IkeSaInit && packet.DestinationPort != 4500))
            throw new LabException($"it did not: {ports}");
        if (!CapturedEsp.Any()) throw new LabException("the capture has no ESP");
        if (CapturedEsp.FirstOrDefault(packet => packet.SourcePort != 4500 && packet.DestinationPort != 4500) is { Source: not null } esp)
            throw new LabException($"ESP of {esp.Source} went by protocol {esp.Protocol} to port {esp.DestinationPort}");
    }

    /// <summary>The capture that runs ends with this; without one, what was read last.</summary>
    private List<CapturedPacket> Captured
    {
        get
        {
            if (story.Capture is { } running) _captured = running.Finish(story.HasProbe ? null : traffic.PingOnce);
            story.Capture = null;
            return _captured ?? throw new LabException("there is no capture");
        }
    }

    private IEnumerable<CapturedPacket> CapturedEsp => Captured.Where(packet => packet.Kind == WireKind.Esp);

    private IEnumerable<CapturedPacket> CapturedIke => Captured.Where(packet => packet.Kind == WireKind.Ike);

    private bool IsOfCluster(CapturedPacket packet) => packet.Source.Equals(IPAddress.Parse(story.Terms.Ipv6 ? Network.ClusterAddress6 : Network.ClusterAddress));
}
