using Baton.Lab.Captures;
using Baton.Lab.Ends;
using Baton.Lab.Hosts;
using Baton.Lab.StrongSwan;
using Baton.Lab.Terms;
using Baton.Lab.Traffic;

namespace Baton.Lab.Steps;

/// <summary>What the steps of one scenario share: who is on the stage, and what was measured.</summary>
public sealed class Story(LabRoom room, TextWriter output) : IDisposable
{
    private Network? _network;
    private Charon? _strongSwan;
    private IEnd? _peer;
    private IEnd? _cluster;
    private Call? _call;
    private Probe? _probe;
    private Transfer? _transfer;

    public LabRoom Room => room;

    public LabCertificates Certificates { get; } = new();

    public Dictionary<string, List<double>> Measured { get; } = [];

    public Network Network
    {
        get => _network ?? throw new LabException("there are no hosts yet: the story begins with them");
        set => _network = value;
    }

    /// <summary>The strongSwan at the peer's place.</summary>
    public Charon StrongSwan
    {
        get => _strongSwan ?? throw new LabException("there is no strongswan peer yet");
        set => _strongSwan = value;
    }

    /// <summary>The strongSwan in the cluster's place, in the baseline.</summary>
    public Charon? StandIn { get; set; }

    public IEnd Peer
    {
        get => _peer ?? throw new LabException("there is no peer yet");
        set => _peer = value;
    }

    public IEnd Cluster
    {
        get => _cluster ?? throw new LabException("there is no cluster yet");
        set => _cluster = value;
    }

    public IEnd End(string who) => who switch
    {
        "peer" => Peer,
        "cluster" => Cluster,
        _ => throw new LabException($"\"{who}\" is neither the peer nor the cluster"),
    };

    public IEnd Other(string who) => ReferenceEquals(End(who), Peer) ? Cluster : Peer;

    public TunnelTerms Terms { get; set; } = new();

    public Call Call
    {
        get => _call ?? throw new LabException("there is no call yet");
        set => _call = value;
    }

    public Probe Probe
    {
        get => _probe ?? throw new LabException("there is no probe yet");
        set => _probe = value;
    }

    public Transfer Transfer
    {
        get => _transfer ?? throw new LabException("there is no transfer yet");
        set => _transfer = value;
    }

    public Capture? Capture { get; set; }

    /// <summary>Adds up what the probe lost, whoever looked.</summary>
    public void Lost(ProbeReading reading) => ProbeLost += reading.ToPeer.Lost + reading.FromPeer.Lost;

    public long ProbeLost { get; set; }

    public void Say(string text) => output.WriteLine($"      {text}");

    public void Measure(string what, double value)
    {
        if (!Measured.TryGetValue(what, out List<double>? series)) Measured[what] = series = [];
        series.Add(value);
    }

    public void Dispose() => Certificates.Dispose();
}
