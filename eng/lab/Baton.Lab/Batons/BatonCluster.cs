using System.Text.Json;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Lab.Traffic;
using Baton.Linux;

namespace Baton.Lab.Batons;

/// <summary>A handler and its members, each a process on its host, seen as an operator sees them.</summary>
public sealed class BatonCluster(Network network, ClusterFiles files, Wait wait) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly Dictionary<string, LabProcess> _members = [];
    private readonly HashSet<string> _struck = [];
    private readonly HashSet<string> _ends = [];
    private LabProcess? _handler;

    /// <summary>The member that has the cluster's address now; null while none has it.</summary>
    public Host? Active => network.Members.FirstOrDefault(Holds);

    public bool Holds(Host host) => IsRunning(host) && HasAddress(host);

    public void Start(IReadOnlyList<string> memberFiles)
    {
        _handler = network.Handler.Start("handler", [BatonTool.Path, "handler", files.WriteHandler()]);
        for (int i = 0; i < network.Members.Count; i++) StartMember(network.Members[i], memberFiles[i]);
        wait.Until("a member is active", Patience, () => Active is not null, LastWords);
    }

    private void StartMember(Host host) => StartMember(host, files.Of($"{host.Name}.toml"));

    public bool IsRunning(Host host) => _members.TryGetValue(host.Name, out LabProcess? process) && !process.HasExited && !_struck.Contains(host.Name);

    /// <summary>kill -9 of the gateway's process; its sentinel lives and tells.</summary>
    public void Kill(Host host) => Strike(host, () => _members[host.Name].Signal(ProcessSignal.Kill));

    /// <summary>An orderly stop.</summary>
    public void Terminate(Host host) => Strike(host, () => _members[host.Name].Signal(ProcessSignal.Terminate));

    /// <summary>Everything that runs on the host stops: gateway and sentinel.</summary>
    public void Freeze(Host host) => Strike(host, () => host.SignalAll(ProcessSignal.Stop), ends: false);

    /// <summary>The member after a blow: thawed, or started anew when its process has ended or is about to.</summary>
    public void Restore(Host host)
    {
        if (!_struck.Remove(host.Name)) return;
        host.SignalAll(ProcessSignal.Continue);
        if (!_ends.Remove(host.Name)) return;
        _members[host.Name].WaitForExit(Patience);
        StartMember(host);
    }

    /// <summary>Somebody is active, and some other member would carry every SA on if it died now.</summary>
    public void WaitReady() => wait.Until("the standby is ready", Patience, () =>
    {
        if (Active is null || Status() is not { } status) return false;
        int standbys = 0;
        foreach (JsonElement node in status.GetProperty("nodes").EnumerateArray())
        {
            if (node.GetProperty("state").GetString() == "standby" && node.GetProperty("saReady").GetInt32() == node.GetProperty("saCount").GetInt32()
                && node.GetProperty("notReadyWhy").GetString() is "")
                standbys++;
        }

        return standbys > 0 && status.GetProperty("ready").GetBoolean();
    }, LastWords);

    /// <summary>What <c>baton status --json</c> says; null: nothing that could be read.</summary>
    public JsonElement? Status()
    {
        (_, string output) = Command.Try("ip", network.Handler.Inside([BatonTool.Path, "status", "--json", .. Credentials, .. Nodes]).Skip(1));
        string? line = output.Split('\n').FirstOrDefault(text => text.StartsWith('{'));
        try
        {
            return line is null ? null : JsonElement.Parse(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>An operator's command to a member, such as <c>ike rekey lab</c>.</summary>
    public string Tell(Host member, params IEnumerable<string> command) => network.Handler.Run(
        [BatonTool.Path, .. command, "--node", $"{Network.ControlOf(IndexOf(member))}:7400", .. Credentials]);

    public string LastWords() => string.Join('\n', new[] { _handler }.Concat(_members.Values).OfType<LabProcess>().Select(process => $"-- {process.Name}\n{process.LastWords()}"));

    public void Dispose()
    {
        foreach (Host member in network.Members) member.SignalAll(ProcessSignal.Continue);
        foreach (LabProcess member in _members.Values) member.Kill();
        _handler?.Kill();
    }

    private IEnumerable<string> Credentials => ["--handler", $"{Network.HandlerAddress}:7443", "--ca", files.Of("ca.crt"), "--cert", files.Of("o.crt"), "--key", files.Of("o.key")];

    private IEnumerable<string> Nodes => network.Members.Where(IsRunning).SelectMany(member => new[] { "--node", $"{Network.ControlOf(IndexOf(member))}:7400" });

    private int IndexOf(Host member) => network.Members.ToList().IndexOf(member);

    private void StartMember(Host host, string file) => _members[host.Name] = host.Start($"gateway-{host.Name}", [BatonTool.Path, "gateway", file]);

    private void Strike(Host host, Action blow, bool ends = true)
    {
        _struck.Add(host.Name);
        if (ends) _ends.Add(host.Name);
        blow();
    }

    private static bool HasAddress(Host host) =>
        Command.Try("ip", ["-n", host.Space, "-4", "-o", "address", "show", "dev", "outer"]).Output.Contains($"{Network.ClusterAddress}/", StringComparison.Ordinal);
}
