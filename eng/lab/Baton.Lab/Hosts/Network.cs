using System.Text;
using Baton.Lab.Processes;

namespace Baton.Lab.Hosts;

/// <summary>The hosts and the cables between them.</summary>
/// <remarks>
/// <code>
///    peerhost ── peer ── router ──[ outer ]── a, b, c ──[ inner ]── host
///    10.1.0.10   .2  NAT    .1       |          |
///                                 capture    [ control ]── handler
///
///    outer    192.0.2.0/24     2001:db8:2::/64     cluster 10, a 11, b 12, c 13, router 1
///    uplink   198.51.100.0/24  2001:db8:51::/64    router 1, peer 2
///    control  172.20.0.0/24                        handler 1, a 11, b 12, c 13
///    inner    10.2.0.0/16      fd02::/64           cluster 1, host 10, members 10.2.255.11 ...
///    behind   10.1.0.0/16      fd01::/64           peer 1, peerhost 10
/// </code>
/// The three switches are bridges on a host of their own, so a cable can be pulled at the switch's end and the member sees its carrier go. A switch has no packet filter:
/// where the kernel would show a bridge's frames to one (br_netfilter, loaded for whatever else runs on the machine), it does not here.
///
/// What a host sends as one run (UDP_SEGMENT) its outer device cuts, as a card does: one datagram a frame, so a capture counts them. A veth left alone hands the run on
/// as one frame, and a receiver takes it whole (UDP_GRO): that is <see cref="CarriesRuns"/>.
/// </remarks>
public sealed class Network
{
    public const string ClusterAddress = "192.0.2.10";
    public const string ClusterAddress6 = "2001:db8:2::10";
    public const string PeerAddress = "198.51.100.2";
    public const string PeerAddress6 = "2001:db8:51::2";
    public const string RouterAddress = "192.0.2.1";
    public const string HandlerAddress = "172.20.0.1";
    public const string ClusterNet = "10.2.0.0/16";
    public const string ClusterNet6 = "fd02::/64";
    public const string PeerNet = "10.1.0.0/16";
    public const string PeerNet6 = "fd01::/64";
    public const string PoolNet = "10.3.0.0/24";
    public const string PoolNet6 = "fd03::/64";
    public const string ClusterInner = "10.2.0.1";
    public const string ClusterInner6 = "fd02::1";
    public const string HostInner = "10.2.0.10";
    public const string HostInner6 = "fd02::10";
    public const string PeerHostInner = "10.1.0.10";
    public const string PeerHostInner6 = "fd01::10";

    public const int Mtu = 1500;

    private readonly LabRoom _room;
    private string _peerAddress = PeerAddress;

    /// <param name="runs">Outer frames may hold several datagrams.</param>
    public Network(LabRoom room, IReadOnlyList<string> members, bool nat, bool runs = false)
    {
        _room = room;
        CarriesRuns = runs;
        Switch = room.AddHost("switch");
        Router = room.AddHost("router");
        Peer = room.AddHost("peer");
        PeerHost = room.AddHost("peerhost");
        Handler = room.AddHost("handler");
        Inner = room.AddHost("host");
        Members = [.. members.Select(room.AddHost)];

        Enter(Switch,
            ["link add outer type bridge stp_state 0 forward_delay 0", "link add inner type bridge stp_state 0 forward_delay 0",
             "link add control type bridge stp_state 0 forward_delay 0", "link set outer up", "link set inner up", "link set control up"]);
        PassUnseen(Switch);
        Plug(Router, "wan", "outer", $"{RouterAddress}/24", "2001:db8:2::1/64");
        Cable(Router, "lan", ["198.51.100.1/24", "2001:db8:51::1/64"], Peer, "wan", [$"{PeerAddress}/24", $"{PeerAddress6}/64"]);
        Cable(Peer, "lan", ["10.1.0.1/16", "fd01::1/64"], PeerHost, "lan", [$"{PeerHostInner}/16", $"{PeerHostInner6}/64"]);
        Plug(Handler, "control", "control", $"{HandlerAddress}/24");
        Plug(Inner, "lan", "inner", $"{HostInner}/16", $"{HostInner6}/64");
        for (int i = 0; i < Members.Count; i++)
        {
            Plug(Members[i], "outer", "outer", $"{OuterOf(i)}/24", $"2001:db8:2::{11 + i}/64");
            Plug(Members[i], "control", "control", $"{ControlOf(i)}/24");
            Plug(Members[i], "inner", "inner", $"10.2.255.{11 + i}/16", $"fd02::ff{11 + i}/64");
            Enter(Members[i], [$"route add default via {RouterAddress}", "route add default via 2001:db8:2::1"]);
            Forward(Members[i]);
        }

        Enter(Peer, ["route add default via 198.51.100.1", "route add default via 2001:db8:51::1"]);
        Enter(PeerHost, ["route add default via 10.1.0.1", "route add default via fd01::1"]);
        Enter(Inner, [$"route add default via {ClusterInner}", $"route add default via {ClusterInner6}"]);
        Forward(Router);
        Forward(Peer);
        HasNat = nat;
        if (nat) Translate();
        if (runs) return;
        foreach (Host member in Members) CutRuns(member, "outer");
        CutRuns(Router, "wan", "lan");
        CutRuns(Peer, "wan");
    }

    public bool HasNat { get; }

    /// <summary>An outer frame may hold several datagrams.</summary>
    public bool CarriesRuns { get; }

    public Host Switch { get; }

    public Host Router { get; }

    public Host Peer { get; }

    public Host PeerHost { get; }

    public Host Handler { get; }

    public Host Inner { get; }

    public IReadOnlyList<Host> Members { get; }

    public static string OuterOf(int member) => $"192.0.2.{11 + member}";

    public static string ControlOf(int member) => $"172.20.0.{11 + member}";

    public Host Member(string name) => Members.FirstOrDefault(member => member.Name == name) ?? throw new LabException($"there is no member {name}");

    /// <summary>Pulls or puts back a cable at the switch's end; the host's own interface loses its carrier.</summary>
    public void SetCable(Host host, string network, bool plugged) =>
        Command.Run("ip", "-n", Switch.Space, "link", "set", $"{host.Name}-{network}", plugged ? "up" : "down");

    /// <summary>Takes a port out of its switch, or puts it back: the cable keeps its carrier, and nobody at the other end answers.</summary>
    public void SetPort(Host host, string network, bool forwards)
    {
        string port = $"{host.Name}-{network}";
        Command.Run("ip", ["-n", Switch.Space, "link", "set", port, .. forwards ? ["master", network] : (string[])["nomaster"]]);
    }

    /// <summary>Gives a host further addresses: those of the hosts behind many tunnels.</summary>
    public static void AddAddresses(Host host, string device, IEnumerable<string> addresses) => Enter(host, addresses.Select(address => $"address add {address} dev {device}"));

    /// <summary>The peer moves: its old address is gone, the new one is there (RFC 4555).</summary>
    public void MovePeer(string from, string to)
    {
        Enter(Peer, [$"address del {from}/24 dev wan", $"address add {to}/24 dev wan", "route replace default via 198.51.100.1"]);
        _peerAddress = to;
    }

    public void MovePeerBack()
    {
        if (_peerAddress != PeerAddress) MovePeer(_peerAddress, PeerAddress);
    }

    /// <summary>Source translation at the router: the peers' addresses are its own outside, ports chosen anew.</summary>
    private void Translate() => Command.Run("ip", ["netns", "exec", Router.Space, "nft", "-f", "-"], """
        table ip lab {
            chain after { type nat hook postrouting priority srcnat; oifname "wan" masquerade random; }
        }
        """);

    /// <summary>The NAT's ports are chosen anew: who loses the address that it masquerades as forgets what it had chosen.</summary>
    public void ForgetTranslations() => Enter(Router, [$"address del {RouterAddress}/24 dev wan", $"address add {RouterAddress}/24 dev wan"]);

    /// <summary>Whether what comes from behind the router passes it. The other way is open, and the NAT goes on knowing its ports.</summary>
    public void SetWayOut(bool open) => Command.Run("ip", ["netns", "exec", Router.Space, "nft", "-f", "-"],
        open ? "delete table ip wall" : """table ip wall { chain pass { type filter hook forward priority 0; iifname "lan" drop; }; }""");

    private void Plug(Host host, string device, string network, params IEnumerable<string> addresses)
    {
        string port = $"{host.Name}-{network}";
        Command.Run("ip", "link", "add", port, "netns", Switch.Space, "type", "veth", "peer", "name", device, "netns", host.Space);
        Enter(Switch, [$"link set {port} master {network} up mtu {Mtu}"]);
        Up(host, device, addresses);
    }

    private static void Cable(Host left, string leftDevice, IEnumerable<string> leftAddresses, Host right, string rightDevice, IEnumerable<string> rightAddresses)
    {
        Command.Run("ip", "link", "add", leftDevice, "netns", left.Space, "type", "veth", "peer", "name", rightDevice, "netns", right.Space);
        Up(left, leftDevice, leftAddresses);
        Up(right, rightDevice, rightAddresses);
    }

    private static void Up(Host host, string device, IEnumerable<string> addresses) =>
        Enter(host, ["link set lo up", $"link set {device} up mtu {Mtu}", .. addresses.Select(address => $"address add {address} dev {device}{(address.Contains(':', StringComparison.Ordinal) ? " nodad" : "")}")]);

    private static void CutRuns(Host host, params IEnumerable<string> devices) => Enter(host, devices.Select(device => $"link set {device} gso_max_segs 1"));

    private static void Forward(Host host) =>
        host.Run("sh", "-c", "for f in /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding; do echo 1 >$f; done; for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done");

    /// <summary>The files are there only where the module is loaded.</summary>
    private static void PassUnseen(Host host) => host.Run("sh", "-c", "for f in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $f ] || echo 0 >$f; done");

    private static void Enter(Host host, IEnumerable<string> commands)
    {
        var batch = new StringBuilder();
        foreach (string command in commands) batch.AppendLine(command);
        Command.Run("ip", ["-n", host.Space, "-batch", "-"], batch.ToString());
    }
}
