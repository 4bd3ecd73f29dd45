using Baton.Lab.Batons;
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
    private BatonCluster? _batonCluster;
    private BatonPeer? _batonPeer;
    private Call? _call;
    private Probe? _probe;
    private Transfer? _transfer;
    private ProbeReading? _probeSince;
    private CallReading? _callSince;
    private Losses? _losses;

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

    /// <summary>The strongSwan in the cluster's place: in the baseline, or where the peer is ours alone.</summary>
    public Charon? StandIn { get; set; }

    /// <summary>Where the peer is beyond the NAT, as the active learned it last.</summary>
    public string? PeerEndpoint { get; set; }

    /// <summary>The inner addresses that strongSwan gave or was given.</summary>
    public IReadOnlyList<string> Given => (_strongSwan ?? StandIn)?.Established()?.VirtualAddresses ?? [];

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

    public BatonCluster BatonCluster
    {
        get => _batonCluster ?? throw new LabException("there is no baton cluster yet");
        set => _batonCluster = value;
    }

    public BatonPeer BatonPeer
    {
        get => _batonPeer ?? throw new LabException("there is no baton peer yet");
        set => _batonPeer = value;
    }

    /// <summary>The baton peer of the row before has the ports of the next one.</summary>
    public void EndPeer()
    {
        _batonPeer?.Dispose();
        _batonPeer = null;
    }

    /// <summary>How many tunnels there are beside the one that is looked at.</summary>
    public int FurtherTunnels { get; set; }

    /// <summary>The instant of the last blow, on the clock of captures.</summary>
    public TimeSpan StruckAt { get; private set; }

    /// <summary>Something happens now: what the call and the probe lose counts from here. A transfer that was begun must run.</summary>
    public void Strike()
    {
        ExpectTransferRuns();
        LookAtCall();
        LookAtProbe();
        (_callSince, _probeSince) = (null, null);
        StruckAt = DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch;
    }

    /// <summary>What happened to the probe since the last blow. The instrument itself forgets at each look; here it adds up.</summary>
    public ProbeReading? LookAtProbe() => _probe?.Look() is { } now ? _probeSince = _probeSince?.And(now) ?? now : null;

    public CallReading? LookAtCall() => _call?.Look() is { } now ? _callSince = _callSince?.And(now) ?? now : null;

    public IEnd End(string who) => who switch
    {
        "peer" => Peer,
        "cluster" => Cluster,
        _ => throw new LabException($"\"{who}\" is neither the peer nor the cluster"),
    };

    public IEnd Other(string who) => ReferenceEquals(End(who), Peer) ? Cluster : Peer;

    public TunnelTerms Terms { get; set; } = new();

    /// <summary>Starts to count; it must flow already.</summary>
    public void Begin(Call call) => (_call, _callSince) = (call, null);

    public void Begin(Probe probe)
    {
        (_probe, _probeSince) = (probe, null);
        _losses = new Losses(room.Hosts, [.. _batonCluster is null ? [] : _network!.Members.Select(_batonCluster.Node)]);
    }

    /// <summary>Where packets were lost since the probe began, as far as anybody counts.</summary>
    public string TellLosses() => _losses?.Tell() ?? throw new LabException("there is no probe yet");

    /// <summary>Something flows all the time.</summary>
    public bool HasProbe => _probe is not null;

    public void EndCall()
    {
        _call?.Dispose();
        _call = null;
    }

    public void EndProbe()
    {
        _probe?.Dispose();
        _probe = null;
    }

    /// <summary>No traffic, no tunnel, and the peer where it was at first.</summary>
    public void Clear()
    {
        EndProbe();
        Network.MovePeerBack();
        IEnd[] ends = [.. new[] { _peer, _cluster }.OfType<IEnd>()];
        foreach (IEnd end in ends) end.Forget();
        Room.Wait.Until("nothing is left of the tunnel before", TimeSpan.FromSeconds(30), () => ends.All(end => end.Look() is []),
            () => string.Join('\n', ends.Select(end => $"{end.GetType().Name} sees {string.Join("; ", end.Look())}")));
    }

    public CallReading Call => LookAtCall() ?? throw new LabException("there is no call yet");

    public ProbeReading Probe => LookAtProbe() ?? throw new LabException("there is no probe yet");

    public Transfer Transfer => _transfer ?? throw new LabException("there is no transfer yet");

    public void Begin(Transfer transfer) => _transfer = transfer;

    public void EndTransfer()
    {
        _transfer?.Dispose();
        _transfer = null;
    }

    /// <summary>Throws when there is a transfer and it is over, or broken.</summary>
    public void ExpectTransferRuns()
    {
        if (_transfer is { IsOver: true }) throw new LabException($"the transfer is over, after {_transfer.Received} bytes");
    }

    public Capture? Capture { get; set; }

    /// <summary>What the peer saw of the tunnel that is being tried; for the table.</summary>
    public string Negotiated { get; set; } = "";

    public void Say(string text) => output.WriteLine($"      {text}");

    public void Measure(string what, double value)
    {
        if (!Measured.TryGetValue(what, out List<double>? series)) Measured[what] = series = [];
        series.Add(value);
    }

    public void Dispose() => Certificates.Dispose();
}
