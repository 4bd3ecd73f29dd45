using System.Globalization;
using System.Text.Json;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Lab.Traffic;
using Baton.Linux;

namespace Baton.Lab.Batons;

/// <summary>A handler and its members, each a process on its host, seen as an operator sees them.</summary>
/// <param name="withoutRoot">The members run as <see cref="MemberUser"/>.</param>
/// <param name="program">What the members run in place of <c>baton</c>.</param>
public sealed class BatonCluster(Network network, ClusterFiles files, Wait wait, bool withoutRoot = false, string? program = null) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly Dictionary<string, LabProcess> _members = [];
    private readonly HashSet<string> _struck = [];
    private readonly HashSet<string> _ends = [];
    private LabProcess? _handler;
    private Operator? _operator;

    /// <summary>The member that has the cluster's address now; null while none has it.</summary>
    public Host? Active => network.Members.FirstOrDefault(Holds);

    /// <summary>The same, as an operator has it.</summary>
    public OperatedNode? ActiveNode => Active is { } active ? Node(active) : null;

    public bool Holds(Host host) => IsRunning(host) && HasAddress(host);

    /// <param name="handler">What runs the handler's file in place of <c>baton handler</c>.</param>
    public void Start(IReadOnlyList<string> memberFiles, IReadOnlyList<string>? handler = null)
    {
        _handler = network.Handler.Start("handler", [.. handler ?? [BatonTool.Path, "handler"], files.WriteHandler()]);
        _operator = new Operator(network.Handler, files.Folder);
        if (withoutRoot) MemberUser.Owns(files.Folder);
        for (int i = 0; i < network.Members.Count; i++) StartMember(network.Members[i], memberFiles[i]);
        wait.Until("a member is active", Patience, () => Active is not null || _members.Values.Any(member => member.HasExited), LastWords);
        if (_members.Values.FirstOrDefault(member => member.HasExited) is { } ended) throw new LabException($"{ended.Name} has ended: {ended.LastWords()}");
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

    /// <summary>Somebody is active, and the designated successor would carry every SA on if it died now.</summary>
    public void WaitReady() => wait.Until("the standby is ready", Patience, () =>
    {
        if (Active is not { } active || Operator.Ask($$"""{"cmd":"cluster","at":"{{Network.HandlerAddress}}:7443"}""") is not { } cluster) return false;
        return Find(cluster, "record", "designee", "member") is { } designee && Node(active).Look() is { } first && Node(network.Member(designee.GetString()!)).Look() is { } second
            && IsState(first, "active") && IsState(second, "standby")
            && Count(second, "saCount") == Count(first, "saCount") && Count(second, "saReady") == Count(second, "saCount");
    }, LastWords);

    /// <summary>What <c>baton check --system</c> says of a member's file on its host, to the user of the members less one right.</summary>
    public string CheckWithout(Host host, string right) =>
        Command.Try("ip", host.Inside(MemberUser.Command([BatonTool.Path, "check", "--system", files.Of($"{host.Name}.toml")], without: right)).Skip(1)).Output;

    /// <summary>Resident memory of a member's gateway.</summary>
    public long ResidentBytes(Host member)
    {
        using System.Diagnostics.Process process = System.Diagnostics.Process.GetProcessById(_members[member.Name].Id);
        return process.WorkingSet64;
    }

    public string LastWords() => string.Join('\n', new[] { _handler }.Concat(_members.Values).OfType<LabProcess>().Select(process => $"-- {process.Name}\n{process.LastWords()}"));

    public void Dispose()
    {
        foreach (Host member in network.Members) member.SignalAll(ProcessSignal.Continue);
        _operator?.Dispose();
        foreach (LabProcess member in _members.Values) member.Dispose();
        _handler?.Dispose();
    }

    /// <summary>A field that is not set is not written: null.</summary>
    private static JsonElement? Find(JsonElement from, params string[] path)
    {
        foreach (string name in path)
        {
            if (from.ValueKind != JsonValueKind.Object || !from.TryGetProperty(name, out from)) return null;
        }

        return from;
    }

    private static bool IsState(JsonElement node, string state) => Find(node, "state")?.GetString() == state;

    private static int Count(JsonElement node, string name) => Find(node, name)?.GetInt32() ?? 0;

    private Operator Operator => _operator ?? throw new LabException("the cluster was not started");

    public OperatedNode Node(Host member) => Operator.Node(member.Name, $"{Network.ControlOf(IndexOf(member))}:7400");

    private int IndexOf(Host member) => network.Members.ToList().IndexOf(member);

    private void StartMember(Host host, string file)
    {
        string[] command = [program ?? BatonTool.Path, "gateway", file];
        _members[host.Name] = host.Start($"gateway-{host.Name}", withoutRoot ? MemberUser.Command(command) : command);
    }

    private void Strike(Host host, Action blow, bool ends = true)
    {
        _struck.Add(host.Name);
        if (ends) _ends.Add(host.Name);
        blow();
    }

    private static bool HasAddress(Host host) =>
        Command.Try("ip", ["-n", host.Space, "-4", "-o", "address", "show", "dev", "outer"]).Output.Contains($"{Network.ClusterAddress}/", StringComparison.Ordinal);
}
