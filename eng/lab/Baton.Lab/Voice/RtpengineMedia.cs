using System.Globalization;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Linux;

namespace Baton.Lab.Voice;

/// <summary>Two <c>rtpengine</c> daemons as Debian has them, that share their calls by Redis, and an address that moves.</summary>
/// <remarks>
/// Each writes its own keyspace and has subscribed to the other's: the standby holds every call, with its ports open on the address that it does not have yet. There
/// is no kernel module here: it forwards in user space (<c>table = -1</c>).
///
/// What it is given for free: the story itself is the keepalived, and knows of the death when it strikes. Media and control address move at once, with three gratuitous
/// ARPs, without an interval of VRRP or of a check script before it.
/// </remarks>
public sealed class RtpengineMedia(VoiceNetwork network, Wait wait) : IMediaSystem
{
    /// <summary>The control address moves with the media.</summary>
    private const string Control = "172.20.0.10";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Dictionary<Host, LabProcess> _daemons = [];
    private LabProcess? _redis;
    private Host? _active;
    private Host? _killed;

    public string Name => "rtpengine";

    public string Ng => $"{Control}:2223";

    public string OfferFlags => "SDES-only-AES_CM_128_HMAC_SHA1_80";

    public Host? Active => _active;

    public void Start()
    {
        _redis = network.Controller.Start("redis", [VoicePackages.Redis, "--bind", VoiceNetwork.ControllerAddress, "--port", "6379", "--protected-mode", "no", "--save", "", "--dir", network.Controller.Folder]);
        wait.Until("Redis answers", Patience, () => Redis("ping").Contains("PONG", StringComparison.Ordinal), LastWords);
        foreach (Host member in network.Members)
        {
            member.Run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_nonlocal_bind");
            StartDaemon(member);
        }

        TakeAddress(network.Members[0]);
    }

    /// <summary>Its ports are open: two pairs a call. So it knows of the call, or of more of them than were asked for.</summary>
    public void WaitReady(int calls) => wait.Until($"the standby has {calls} calls", Patience, () => PortsOf(Standby) >= 4 * calls && PortsOf(_active!) >= 4 * calls, () => $"{PortsOf(Standby)} ports\n{LastWords()}");

    public void KillActive()
    {
        _killed = _active!;
        Host next = Standby;
        _daemons[_killed].Signal(ProcessSignal.Kill);
        TakeAddress(next);
        foreach (string address in Addresses) Command.Try("ip", ["-n", _killed.Space, "address", "del", address, "dev", DeviceOf(address)]);
    }

    public void Restore()
    {
        _daemons[_killed!].WaitForExit(Patience);
        StartDaemon(_killed!);
        _killed = null;
    }

    public string LastWords() => string.Join('\n', _daemons.Values.Append(_redis!).Select(process => $"-- {process.Name}\n{process.LastWords(12)}"));

    public void Dispose()
    {
        foreach (LabProcess daemon in _daemons.Values) daemon.Dispose();
        _redis?.Dispose();
    }

    private static string[] Addresses => [$"{VoiceNetwork.Media}/24", $"{Control}/24"];

    private Host Standby => network.Members.First(member => member != _active);

    private static string DeviceOf(string address) => address.StartsWith("172.", StringComparison.Ordinal) ? "control" : "voice";

    private string Redis(params string[] words) =>
        Command.Try("ip", network.Controller.Inside(["redis-cli", "-h", VoiceNetwork.ControllerAddress, .. words]).Skip(1)).Output;

    private static int PortsOf(Host member) => member.Run("ss", "-Hlun", "src", VoiceNetwork.Media).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    private void StartDaemon(Host member)
    {
        int own = network.Members.ToList().IndexOf(member) + 1, other = 3 - own;
        _daemons[member] = member.Start("rtpengine",
        [
            VoicePackages.Rtpengine, "--foreground", "--log-stderr", "--log-level=6", "--table=-1", $"--interface=voice/{VoiceNetwork.Media}", $"--listen-ng={Control}:2223",
            "--port-min=20000", "--port-max=39999", $"--redis={Database(own)}", $"--subscribe-keyspace={other}", "--delete-delay=0", "--timeout=60",
            $"--pidfile={Path.Combine(member.Folder, "rtpengine.pid")}",
        ]);
        wait.Until($"rtpengine on {member.Name} listens", Patience, () => member.Run("ss", "-Hlun").Contains($"{Control}:2223", StringComparison.Ordinal), LastWords);

        static string Database(int number) => string.Create(CultureInfo.InvariantCulture, $"{VoiceNetwork.ControllerAddress}:6379/{number}");
    }

    private void TakeAddress(Host host)
    {
        foreach (string address in Addresses) host.Run("ip", "address", "replace", address, "dev", DeviceOf(address));
        foreach (string address in Addresses) host.Start($"arp-{DeviceOf(address)}", ["arping", "-c", "3", "-A", "-I", DeviceOf(address), address.Split('/')[0]]);
        _active = host;
    }
}
