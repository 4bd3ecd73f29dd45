using System.Net;

namespace Baton.Cluster.Configuration;

public enum NodeRole
{
    Handler,
    Gateway,
    Peer,
    Router,

    /// <summary>A handler that also knows the calls of media gateways.</summary>
    Controller,

    /// <summary>A member that relays calls in place of tunnels.</summary>
    Media,
}

/// <summary>The configuration of one node, checked: what a file must say is here, and every path is absolute.</summary>
public sealed record NodeOptions
{
    public required string File { get; init; }

    public required string Name { get; init; }

    public required NodeRole Role { get; init; }

    public required ClusterOptions Cluster { get; init; }

    /// <summary>Null only at a peer without a status address.</summary>
    public TlsOptions? Tls { get; init; }

    public StatusOptions Status { get; init; } = new();

    public LogOptions Log { get; init; } = new();

    /// <summary>Gateway, peer, router: where ESP in UDP arrives.</summary>
    public OuterOptions? Outer { get; init; }

    /// <summary>Gateway, peer, router: where inner packets arrive and go.</summary>
    public InnerOptions? Inner { get; init; }

    /// <summary>Gateway: addresses that move with the role.</summary>
    public VirtualOptions Virtual { get; init; } = new();

    /// <summary>Gateway: programs run when the role changes.</summary>
    public HookOptions Hooks { get; init; } = new();

    /// <summary>Gateway: the paths whose death hands the role over.</summary>
    public TrackOptions Track { get; init; } = new();

    public HeartbeatOptions Heartbeat { get; init; } = new();

    public RedundancyOptions Redundancy { get; init; } = new();

    /// <summary>Handler; and a router that keeps the records and the term itself.</summary>
    public HandlerOptions? Handler { get; init; }

    public ControllerOptions? Controller { get; init; }

    public RouterOptions? Router { get; init; }

    public MediaOptions? Media { get; init; }

    /// <summary>Only with <c>[insecure] static-keying = true</c> (RFC 8221 3).</summary>
    public IReadOnlyList<StaticSa> StaticSas
    {
        get => _staticSas;
        init => _staticSas = value;
    }

    private IReadOnlyList<StaticSa> _staticSas = [];

    /// <summary>Whoever has taken them over says so: keys are kept in one place, and where there are many SAs their text is a good part of what a standby weighs.</summary>
    public void ForgetStaticSas() => _staticSas = [];

    /// <summary>Gateway, peer: what is negotiated with whom.</summary>
    public IkeOptions Ike { get; init; } = IkeOptions.None;

    /// <summary>A member of the cluster: terms, records, leases and ceilings are its business.</summary>
    public bool IsMember => IsMemberRole(Role);

    public static bool IsMemberRole(NodeRole role) => role is NodeRole.Gateway or NodeRole.Media;

    /// <summary>The role in its certificate: to the cluster a controller is a handler, and a media gateway a gateway.</summary>
    public string CertificateRole => Role switch
    {
        NodeRole.Controller => "handler",
        NodeRole.Media => "gateway",
        _ => Enum.GetName(Role)!.ToLowerInvariant(),
    };

    /// <summary>This node's own entry of <c>[[cluster.member]]</c>; null for others than members.</summary>
    public MemberAddress? Self => Cluster.Members.FirstOrDefault(m => IsMember && m.Name == Name);
}

/// <param name="Id">The cluster's name, as in its certificates.</param>
/// <param name="KeyFile">Null at a peer: it is no part of the cluster.</param>
/// <param name="Members">The gateways. One block of text serves the files of all nodes.</param>
public sealed record ClusterOptions(
    string Id,
    string? KeyFile,
    IReadOnlyList<MemberAddress> Members,
    IReadOnlyList<HandlerAddress> Handlers,
    IReadOnlyList<RouterAddress> Routers);

/// <param name="Sync">Ceilings, confirms and handovers, between members.</param>
/// <param name="Heartbeat">Where this member's watcher hears the sentinels of others.</param>
/// <param name="Outer">Where it takes ESP in UDP in a router's shim; null where there is no router.</param>
/// <param name="Inner">Where it takes inner packets from a router; null where there is none.</param>
public sealed record MemberAddress(string Name, IPEndPoint Sync, IPEndPoint Heartbeat, IPEndPoint? Outer, IPEndPoint? Inner);

/// <param name="Session">host:port of its gRPC service.</param>
/// <param name="Heartbeat">Where its own witness hears the sentinels.</param>
public sealed record HandlerAddress(string Session, IPEndPoint Heartbeat);

/// <param name="Control">Where it takes steering frames.</param>
/// <param name="Outer">Where members send what goes to peers, and hear their packets from; null: only [outer] remote of the members says it.</param>
public sealed record RouterAddress(string Name, IPEndPoint Control, IPEndPoint? Outer = null);

public sealed record TlsOptions(string AuthorityFile, string CertificateFile, string KeyFile);

/// <param name="Listen">gRPC NodeService; null: none.</param>
/// <param name="Metrics">Plain HTTP <c>/metrics</c> on a loopback address; null: none.</param>
public sealed record StatusOptions(IPEndPoint? Listen = null, IPEndPoint? Metrics = null);

/// <param name="Level">trace, debug, info, warning or error.</param>
public sealed record LogOptions(string Level = "info");

/// <param name="Remote">Peer: the outer address of the cluster. Gateway via a router: the router's outer address.</param>
/// <param name="ViaRouter">Gateway: datagrams carry the router's shim in front.</param>
public sealed record OuterOptions(IPEndPoint Listen, bool ViaRouter, IPEndPoint? Remote)
{
    /// <summary>Further addresses and ports: 500 for IKE, IPv6, a virtual address.</summary>
    public IReadOnlyList<IPEndPoint> Also { get; init; } = [];

    /// <summary>ESP as protocol 50 too, at the same addresses.</summary>
    public bool RawEsp { get; init; }

    /// <summary>What the path takes at most, in bytes of an IP packet; null: the MTU of the device towards the peer, and what routers say.</summary>
    public int? Mtu { get; init; }

    public FragmentPolicy Fragment { get; init; } = FragmentPolicy.Copy;

    /// <summary>A UDP peer hears from us at least so often (RFC 3948 4) where a NAT is in front of us; null: never without need.</summary>
    public TimeSpan? NatKeepalive { get; init; }

    /// <summary>With static keys nobody looks for a NAT: as if there were one.</summary>
    public bool StaticBehindNat { get; init; }

    /// <summary>Use UDP_SEGMENT and UDP_GRO where the kernel has them.</summary>
    public bool Offload { get; init; } = true;

    public IEnumerable<IPEndPoint> AllListens => [Listen, .. Also];
}

/// <summary>The DF bit of outer IPv4 headers (RFC 4301 8.1).</summary>
public enum FragmentPolicy
{
    /// <summary>As the inner packet has it.</summary>
    Copy,
    Set,
    Clear,
}

/// <param name="Listen">Inner packets as UDP datagrams arrive here; null with a TUN device.</param>
/// <param name="Routes">Where inner packets go as datagrams.</param>
public sealed record InnerOptions(IPEndPoint? Listen, IReadOnlyList<InnerRoute> Routes)
{
    /// <summary>The TUN device; null: UDP datagrams.</summary>
    public string? Tun { get; init; }

    /// <summary>The device stays when the process ends.</summary>
    public bool Persistent { get; init; }

    /// <summary>Let the TUN device hand over and take super-packets, where the kernel can.</summary>
    public bool Offload { get; init; } = true;

    /// <summary>Devices behind which inner hosts are, at which the kernel shall join their datagrams before they come to the TUN device.</summary>
    public IReadOnlyList<string> JoinAt { get; init; } = [];

    /// <summary>Of the TUN device; null: from the path's MTU and the suites' overhead.</summary>
    public int? Mtu { get; init; }

    public IReadOnlyList<HostAddress> Addresses { get; init; } = [];

    /// <summary>Prefixes that the kernel shall route into the TUN device.</summary>
    public IReadOnlyList<IPNetwork> TunRoutes { get; init; } = [];
}

/// <summary>An address of a device with the length of its prefix.</summary>
public readonly record struct HostAddress(IPAddress Address, int PrefixLength)
{
    public override string ToString() => $"{Address}/{PrefixLength}";
}

/// <summary>An address that only the active has.</summary>
public readonly record struct VirtualAddress(HostAddress Address, string Device);

/// <param name="AnnounceAt">When, after it moved, the neighbours are told: more than once, for a frame may be lost.</param>
public sealed record VirtualOptions(IReadOnlyList<VirtualAddress> Addresses, IReadOnlyList<TimeSpan> AnnounceAt)
{
    public VirtualOptions()
        : this([], [TimeSpan.Zero, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(1_000)])
    {
    }
}

/// <param name="Name">outer or inner.</param>
public readonly record struct TrackedLink(string Name, string Device);

/// <summary>A neighbour that must answer.</summary>
public readonly record struct NextHop(IPAddress Address, string Device);

/// <param name="Interval">Between two probes of a next hop.</param>
/// <param name="Misses">So many without an answer, and it is dead.</param>
/// <param name="Settle">A path that came back counts after so long; longer if it flaps.</param>
public sealed record TrackOptions(IReadOnlyList<TrackedLink> Links, IReadOnlyList<NextHop> NextHops, TimeSpan Interval, int Misses, TimeSpan Settle)
{
    public TrackOptions()
        : this([], [], TimeSpan.FromMilliseconds(50), 3, TimeSpan.FromSeconds(2))
    {
    }

    public bool IsUsed => Links.Count + NextHops.Count > 0;
}

/// <summary>Programs run when the role changes: program and arguments, no shell.</summary>
public sealed record HookOptions(IReadOnlyList<string> OnActive, IReadOnlyList<string> OnStandby, TimeSpan Timeout)
{
    public HookOptions()
        : this([], [], TimeSpan.FromSeconds(5))
    {
    }
}

/// <summary>Inner packets to these addresses go as datagrams to this endpoint; the longest prefix wins.</summary>
public sealed record InnerRoute(IPNetwork Prefix, IPEndPoint To);

/// <param name="Multiplier">So many intervals of silence are a suspicion (RFC 5880 6.8.4).</param>
/// <param name="HangAfter">Packets wait and the data path makes no progress for so long: it hangs.</param>
/// <param name="Sentinel">False: no sentinel process; for tests.</param>
public sealed record HeartbeatOptions(TimeSpan Interval, int Multiplier, TimeSpan HangAfter, bool Sentinel = true)
{
    public HeartbeatOptions()
        : this(TimeSpan.FromMilliseconds(10), 3, TimeSpan.FromMilliseconds(25))
    {
    }

    public TimeSpan DetectionTime => Interval * Multiplier;
}

/// <summary>Sizes and timers of leases and ceilings; null leaves the product's default of Baton.Redundancy.</summary>
public sealed record RedundancyOptions
{
    public TimeSpan? LeaseTime { get; init; }

    public ulong? LeaseMinimum { get; init; }

    public TimeSpan? CeilingTick { get; init; }

    public TimeSpan? HandlerPatience { get; init; }

    public TimeSpan? RequestTimeout { get; init; }

    public TimeSpan? DesigneePatience { get; init; }

    /// <summary>Numbers of one term, for SAs with extended sequence numbers.</summary>
    public ulong SliceExtended { get; init; } = 1 << 24;

    /// <summary>Numbers of one term, for SAs with 32-bit sequence numbers.</summary>
    public ulong Slice32 { get; init; } = 1 << 20;
}

/// <param name="Ledger">The SQLite file.</param>
public sealed record HandlerOptions(IPEndPoint Listen, string Ledger, IPEndPoint Heartbeat)
{
    public TimeSpan? WitnessPatience { get; init; }

    /// <summary>Bytes that the file may grow to; 0: as large as the disk.</summary>
    public long LedgerLimit { get; init; }

    /// <summary>Of a handler inside a router: its own certificate, of role handler. A router's would not be believed by the members. Null: that of the node.</summary>
    public TlsOptions? Tls { get; init; }
}

/// <param name="Control">Where steering frames arrive.</param>
/// <param name="Groups">Clusters behind the router beside its own.</param>
public sealed record RouterOptions(IPEndPoint Control, IReadOnlyList<RouterGroupOptions> Groups);

/// <summary>One cluster behind a router.</summary>
/// <param name="KeyFile">That cluster's control key: only its members can seal its steering frames.</param>
/// <param name="Outer">What its peers see of it, and no other cluster's.</param>
public sealed record RouterGroupOptions(
    string Name, string KeyFile, IReadOnlyList<GroupGateway> Members, IPEndPoint Outer, IPEndPoint Inner, IPEndPoint Control, IReadOnlyList<InnerRoute> Routes);

/// <summary>A member of a cluster as a router knows it.</summary>
public sealed record GroupGateway(string Name, IPEndPoint Outer, IPEndPoint Inner);
