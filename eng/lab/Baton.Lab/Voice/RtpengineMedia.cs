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
/// What it is given for free: the story itself is the keepalived, and knows of the death when it strikes. Both addresses leave the one and are the other's at once, with
/// gratuitous ARP; there is no interval of VRRP or of a check script before it.
/// </remarks>
public sealed class RtpengineMedia(VoiceNetwork network, Wait wait) : IMediaSystem
{
    /// <summary>The control address moves with the media.</summary>
    private const string Control = "172.20.0.10";

    private static readonly string[] Preferred =
        ["AEAD_AES_256_GCM", "AEAD_AES_128_GCM", "AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32", "AES_192_CM_HMAC_SHA1_80", "AES_192_CM_HMAC_SHA1_32"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Dictionary<Host, LabProcess> _daemons = [];
    private readonly Dictionary<Host, MovingAddress[]> _addresses = [];
    private LabProcess? _redis;
    private Host? _active;
    private Host? _killed;

    public string Name => "rtpengine";

    public string Ng => $"{Control}:2223";

    /// <summary>This version knows no "only": without all that it would prefer, so that sipp's answer takes the first line.</summary>
    public string OfferFlags => string.Join(' ', Preferred.Select(suite => $"SDES-no-{suite}"));

    public Host? Active => _active;

    public void Start()
    {
        _redis = network.Controller.Start("redis", [VoicePackages.Redis, "--bind", VoiceNetwork.ControllerAddress, "--port", "6379", "--protected-mode", "no", "--save", "", "--notify-keyspace-events", "KEA", "--dir", network.Controller.Folder]);
        wait.Until("Redis answers", Patience, () => Redis("ping").Contains("PONG", StringComparison.Ordinal), LastWords);
        foreach (Host member in network.Members)
        {
            member.Run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_nonlocal_bind");
            StartDaemon(member);
            _addresses[member] = [new MovingAddress(member, "voice", VoiceNetwork.Media), new MovingAddress(member, "control", Control)];
        }

        Take(network.Members[0]);
    }

    /// <summary>Its ports are open: two pairs a call. So it knows of the call, or of more of them than were asked for.</summary>
    public void WaitReady(int calls) => wait.Until($"the standby has {calls} calls", Patience, () => PortsOf(Standby) >= 4 * calls && PortsOf(_active!) >= 4 * calls, () => $"{PortsOf(Standby)} ports\n{LastWords()}");

    public void KillActive()
    {
        Host dead = _killed = _active!, next = Standby;
        _daemons[dead].Signal(ProcessSignal.Kill);
        foreach (MovingAddress address in _addresses[dead]) address.Drop();
        Take(next);
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
        foreach (MovingAddress address in _addresses.Values.SelectMany(both => both)) address.Dispose();
    }

    private Host Standby => network.Members.First(member => member != _active);

    private string Redis(params string[] words) =>
        Command.Try("ip", network.Controller.Inside(["redis-cli", "-h", VoiceNetwork.ControllerAddress, .. words]).Skip(1)).Output;

    private static int PortsOf(Host member) => member.Run("ss", "-Hlun", "src", VoiceNetwork.Media).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    private void StartDaemon(Host member)
    {
        int own = network.Members.ToList().IndexOf(member) + 1, other = 3 - own;
        _daemons[member] = member.Start($"rtpengine-{member.Name}",
        [
            VoicePackages.Rtpengine, "--foreground", "--log-stderr", "--log-level=6", "--table=-1", $"--interface=voice/{VoiceNetwork.Media}", $"--listen-ng={Control}:2223",
            "--port-min=20000", "--port-max=39999", $"--redis={Database(own)}", $"--subscribe-keyspace={other}", "--delete-delay=0", "--timeout=60",
            $"--pidfile={Path.Combine(member.Folder, "rtpengine.pid")}",
        ]);
        wait.Until($"rtpengine on {member.Name} listens", Patience, () => member.Run("ss", "-Hlun").Contains($"{Control}:2223", StringComparison.Ordinal), LastWords);

        static string Database(int number) => string.Create(CultureInfo.InvariantCulture, $"{VoiceNetwork.ControllerAddress}:6379/{number}");
    }

    private void Take(Host host)
    {
        foreach (MovingAddress address in _addresses[host]) address.Take();
        _active = host;
    }
}
