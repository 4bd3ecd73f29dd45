using Baton.Lab.Hosts;
using Baton.Lab.Processes;

namespace Baton.Lab.Voice;

/// <summary>The hosts of a voice story and the cables between them.</summary>
/// <remarks>
/// <code>
///    callers   callees   phone   proxy            a, b (media gateways)
///      .21       .22      .23     .20             .11, .12; whoever carries the media has .10 too
///       |         |        |       |               |
///     [ voice 192.0.2.0/24 ..................................... ]
///                                  |               |
///     [ control 172.20.0.0/24 ................................... ]
///                                 .20             .11, .12         controller .1
/// </code>
/// A kernel tells nobody that a port of a phone is closed: sipp binds only the first of its media ports.
/// </remarks>
public sealed class VoiceNetwork
{
    public const string Media = "192.0.2.10";
    public const string ProxyAddress = "192.0.2.20";
    public const string CallersAddress = "192.0.2.21";
    public const string CalleesAddress = "192.0.2.22";
    public const string PhoneAddress = "192.0.2.23";
    public const string ControllerAddress = "172.20.0.1";
    public const string ProxyControl = "172.20.0.20";

    public static readonly string[] MemberNames = ["a", "b"];

    public VoiceNetwork(LabRoom room)
    {
        Switch = room.AddHost("switch");
        Switch.Run("sh", "-c", "for f in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $f ] || echo 0 >$f; done");
        Enter(Switch, "link add voice type bridge stp_state 0 forward_delay 0", "link add control type bridge stp_state 0 forward_delay 0", "link set voice up", "link set control up");
        Callers = room.AddHost("callers");
        Callees = room.AddHost("callees");
        Phone = room.AddHost("phone");
        Proxy = room.AddHost("proxy");
        Controller = room.AddHost("mgc");
        Members = [.. MemberNames.Select(room.AddHost)];
        foreach ((Host host, string address) in new[] { (Callers, CallersAddress), (Callees, CalleesAddress), (Phone, PhoneAddress), (Proxy, ProxyAddress) })
            Plug(host, "voice", address);
        Plug(Proxy, "control", ProxyControl);
        Plug(Controller, "control", ControllerAddress);
        for (int i = 0; i < Members.Count; i++)
        {
            Plug(Members[i], "voice", VoiceOf(i));
            Plug(Members[i], "control", ControlOf(i));
        }

        foreach (Host phones in new[] { Callers, Callees })
            Command.Run("ip", phones.Inside("nft", "-f", "-").Skip(1), "table ip lab { chain out { type filter hook output priority 0; icmp type destination-unreachable drop; }; }");
    }

    public Host Switch { get; }

    public Host Callers { get; }

    public Host Callees { get; }

    public Host Phone { get; }

    public Host Proxy { get; }

    public Host Controller { get; }

    public IReadOnlyList<Host> Members { get; }

    public static string VoiceOf(int member) => $"192.0.2.{11 + member}";

    public static string ControlOf(int member) => $"172.20.0.{11 + member}";

    public static bool HasMedia(Host host) =>
        Command.Try("ip", ["-n", host.Space, "-4", "-o", "address", "show", "dev", "voice"]).Output.Contains($"{Media}/", StringComparison.Ordinal);

    private void Plug(Host host, string network, string address)
    {
        string port = $"{host.Name}-{network}";
        Command.Run("ip", "link", "add", port, "netns", Switch.Space, "type", "veth", "peer", "name", network, "netns", host.Space);
        Enter(Switch, $"link set {port} master {network} up");
        Enter(host, "link set lo up", $"link set {network} up", $"address add {address}/24 dev {network}");
        Enter(host, $"link set {network} gso_max_segs 1");
    }

    private static void Enter(Host host, params string[] commands) => Command.Run("ip", ["-n", host.Space, "-batch", "-"], string.Join('\n', commands) + "\n");
}
