using System.Text.Json.Nodes;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Lab.Terms;

namespace Baton.Lab.StrongSwan;

/// <summary>strongSwan on one host, without systemd: ESP in userspace over a TUN, told by its control socket.</summary>
/// <remarks>
/// kernel-libipsec is loaded before kernel-netlink, since the kernel may have no ESP; it always encapsulates in UDP and refuses ESN.
/// Each daemon has a /run of its own, so that several run beside each other.
/// </remarks>
public sealed class Charon : IDisposable
{
    private const string Daemon = "/usr/lib/ipsec/charon";

    private const string Plugins =
        "random nonce openssl pem pkcs1 pkcs8 pubkey x509 revocation constraints aes sha2 hmac gcm chapoly curve25519 gmp kdf "
        + "kernel-libipsec kernel-netlink socket-default vici counters";

    private readonly LabProcess _process;
    private readonly string _socket;
    private readonly Wait _wait;

    public Charon(Host host, Wait wait, string options = "")
    {
        Host = host;
        _wait = wait;
        _socket = Path.Combine(host.Folder, "charon.vici");
        LogPath = Path.Combine(host.Folder, "charon.log");
        string configuration = Path.Combine(host.Folder, "strongswan.conf");
        File.WriteAllText(configuration, $$"""
            charon {
                load = {{Plugins}}
                filelog {
                    all {
                        path = {{LogPath}}
                        time_format = %H:%M:%S
                        time_add_ms = yes
                        default = 1
                        ike = 2
                        cfg = 2
                        flush_line = yes
                    }
                }
                plugins {
                    vici { socket = unix://{{_socket}} }
                    kernel-libipsec { allow_peer_ts = yes }
                }
                {{options}}
            }
            """);
        _process = host.Start("charon", ["unshare", "-m", "sh", "-c", $"mount -t tmpfs tmpfs /run && exec {Daemon}"],
            new Dictionary<string, string> { ["STRONGSWAN_CONF"] = configuration });
        wait.Until("charon listens", TimeSpan.FromSeconds(10), () => Answers(), () => _process.LastWords());
    }

    public Host Host { get; }

    public string LogPath { get; }

    public static bool IsInstalled => File.Exists(Daemon) && File.Exists("/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so");

    /// <summary>Such as "strongSwan 5.9.8".</summary>
    public static string Version() =>
        $"strongSwan {Command.Try(Daemon, ["--version"]).Output.Split(' ').LastOrDefault()?.Trim().TrimEnd(',')}";

    public JsonObject Ask(string command, JsonObject? message = null)
    {
        using var vici = new Vici(_socket);
        return vici.Ask(command, message);
    }

    public void Load(JsonObject connection) => Ask("load-conn", connection);

    public void LoadPools(JsonObject pools)
    {
        foreach ((string name, JsonNode? pool) in pools) Ask("load-pool", new JsonObject { [name] = pool!.DeepClone() });
    }

    public void Unload(string connection) => Ask("unload-conn", new JsonObject { ["name"] = connection });

    public void LoadSecret(string secret, params string[] owners) =>
        Ask("load-shared", new JsonObject { ["type"] = "IKE", ["data"] = secret, ["owners"] = new JsonArray([.. owners.Select(owner => JsonValue.Create(owner))]) });

    public void LoadCertificates(LabCertificates certificates, string name, TunnelTerms terms)
    {
        (string certificate, string key) = certificates.Issue(name, terms.Auth, terms.LongCertificates);
        Ask("load-cert", new JsonObject { ["type"] = "X509", ["flag"] = "CA", ["data"] = certificates.AuthorityPem });
        Ask("load-cert", new JsonObject { ["type"] = "X509", ["flag"] = "NONE", ["data"] = certificate });
        Ask("load-key", new JsonObject { ["type"] = "any", ["data"] = key });
    }

    /// <summary>Returns when the child SA is there; throws with charon's reason when it does not come.</summary>
    public void Initiate(string child) => Ask("initiate", new JsonObject { ["child"] = child, ["timeout"] = "15000", ["loglevel"] = "0" });

    public void RekeyChild(string child) => Ask("rekey", new JsonObject { ["child"] = child });

    public void RekeyIke(string ike) => Ask("rekey", new JsonObject { ["ike"] = ike });

    public void TerminateChild(string child) => Ask("terminate", new JsonObject { ["child"] = child, ["timeout"] = "10000" });

    /// <summary>Without waiting for the other end's answer; what is not there is no error.</summary>
    public void Forget(string ike)
    {
        foreach (IkeSaState sa in ListSas().Where(sa => sa.Name == ike))
            Ask("terminate", new JsonObject { ["ike-id"] = $"{sa.Id}", ["force"] = "yes", ["timeout"] = "-1" });
    }

    public void TerminateIke(string ike) => Ask("terminate", new JsonObject { ["ike"] = ike, ["timeout"] = "10000" });

    /// <summary>Its IKE SAs with their child SAs, as <c>swanctl --list-sas</c> shows them.</summary>
    public IReadOnlyList<IkeSaState> ListSas()
    {
        using var vici = new Vici(_socket);
        return [.. vici.Stream("list-sas", "list-sa").SelectMany(sa => sa).Select(sa => IkeSaState.Read(sa.Key, sa.Value!.AsObject()))];
    }

    /// <summary>One of its counters of messages, such as <c>info-in-resp</c> (counters plugin).</summary>
    public long Counter(string name) =>
        long.TryParse(Ask("get-counters")["counters"]?[""]?[name]?.ToString(), System.Globalization.CultureInfo.InvariantCulture, out long value) ? value : 0;

    public IkeSaState? Established() => ListSas().LastOrDefault(sa => sa.State == "ESTABLISHED");

    public IkeSaState WaitEstablished(TimeSpan patience)
    {
        IkeSaState? found = null;
        _wait.Until($"charon on {Host.Name} has an IKE SA with a child", patience,
            () => (found = Established()) is { } sa && sa.Children.Any(child => child.State == "INSTALLED"),
            () => LastLog());
        return found!;
    }

    public string LastLog(int lines = 12) => File.Exists(LogPath) ? string.Join('\n', File.ReadLines(LogPath).TakeLast(lines)) : "";

    public void Dispose() => _process.Stop(TimeSpan.FromSeconds(5));

    private bool Answers()
    {
        if (_process.HasExited) throw new LabException($"charon ended: {_process.LastWords()}");
        if (!File.Exists(_socket)) return false;
        try
        {
            Ask("version");
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
