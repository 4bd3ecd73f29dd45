using System.Globalization;
using System.Text.Json;
using Baton.Lab.Batons;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Lab.Traffic;
using Baton.Linux;

namespace Baton.Lab.Voice;

/// <summary><c>baton controller</c> and two <c>baton media</c>, as an operator runs them: the address of the media moves between them.</summary>
public sealed class BatonMedia : IMediaSystem
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly VoiceNetwork _network;
    private readonly Wait _wait;
    private readonly string _folder;
    private readonly Dictionary<Host, LabProcess> _members = [];
    private LabProcess? _controller;
    private Operator? _operator;
    private Host? _killed;

    public BatonMedia(LabRoom room, VoiceNetwork network)
    {
        (_network, _wait, _folder) = (network, room.Wait, Path.Combine(room.Folder, "files"));
        Directory.CreateDirectory(_folder);
        Pki("init", "lab");
        Pki("issue", "handler", "h", "--address", VoiceNetwork.ControllerAddress);
        Pki("issue", "operator", "o");
        foreach (string member in VoiceNetwork.MemberNames) Pki("issue", "gateway", member);
        Write("h", "controller", "control.key", Controller());
        for (int i = 0; i < network.Members.Count; i++) Write(VoiceNetwork.MemberNames[i], "media", "cluster.key", Member(i));
    }

    public string Name => "baton";

    public string Ng => $"{VoiceNetwork.ControllerAddress}:2223";

    public string OfferFlags => "SDES-only-AES_CM_128_HMAC_SHA1_80";

    public Host? Active => _network.Members.FirstOrDefault(member => member != _killed && VoiceNetwork.HasMedia(member));

    public void Start()
    {
        _controller = _network.Controller.Start("controller", [BatonTool.Path, "controller", Of("h.toml")]);
        _operator = new Operator(_network.Controller, _folder);
        foreach (Host member in _network.Members) StartMember(member);
        _wait.Until("a media gateway is active", Patience, () => Active is not null, LastWords);
        _wait.Until("the other one stands by", Patience, () => Look(Standby) is { } seen && seen.GetProperty("state").GetString() == "standby", LastWords);
        _wait.Until("the controller has both", Patience, () => VoiceNetwork.MemberNames.All(name => Log(_controller).Contains($"media gateway {name} of group g is there", StringComparison.Ordinal)), LastWords);
    }

    public void WaitReady(int calls) => _wait.Until($"the standby has {calls} calls and all of their SAs", Patience, () =>
        Look(Standby) is { } standby && Active is { } host && Look(host) is { } active
        && standby.GetProperty("state").GetString() == "standby" && standby.GetProperty("notReadyWhy").GetString() == ""
        && Counter(standby, "media.calls") == calls && Counter(active, "media.calls") == calls
        && standby.GetProperty("saCount").GetInt32() == active.GetProperty("saCount").GetInt32() && standby.GetProperty("saReady").GetInt32() == active.GetProperty("saCount").GetInt32(),
        LastWords);

    public void KillActive()
    {
        _killed = Active ?? throw new LabException("nobody is active");
        _members[_killed].Signal(ProcessSignal.Kill);
        _wait.Until("the other one has the address", Patience, () => Active is not null, LastWords);
    }

    public void Restore()
    {
        Host host = _killed ?? throw new LabException("nobody was killed");
        _members[host].WaitForExit(Patience);
        _killed = null;
        StartMember(host);
    }

    public string LastWords() => string.Join('\n', new[] { _controller }.Concat(_members.Values).OfType<LabProcess>().Select(process => $"-- {process.Name}\n{process.LastWords(20)}"))
        + string.Concat(_network.Members.Select(member => $"\n-- {member.Name}: {Summary(Look(member))}"));

    public void Dispose()
    {
        _operator?.Dispose();
        foreach (LabProcess member in _members.Values) member.Dispose();
        _controller?.Dispose();
    }

    private static string Summary(JsonElement? seen) => seen is not { } node ? "does not answer"
        : $"{node.GetProperty("state").GetString()}, {node.GetProperty("saReady")} of {node.GetProperty("saCount")} SAs, {Counter(node, "media.calls")} calls, {node.GetProperty("notReadyWhy").GetString()}";

    private static long Counter(JsonElement node, string name) =>
        node.GetProperty("counters").TryGetProperty(name, out JsonElement value) ? long.Parse(value.ToString(), CultureInfo.InvariantCulture) : 0;

    private static string Log(LabProcess process) => File.ReadAllText(process.Log);

    private Host Standby => _network.Members.First(member => member != Active);

    private JsonElement? Look(Host member) => _operator!.Node(member.Name, $"{VoiceNetwork.ControlOf(IndexOf(member))}:7400").Count();

    private int IndexOf(Host member) => _network.Members.ToList().IndexOf(member);

    private void StartMember(Host member) => _members[member] = member.Start($"media-{member.Name}", [BatonTool.Path, "media", Of($"{member.Name}.toml")]);

    private string Of(string file) => Path.Combine(_folder, file);

    private static string Controller() => $"""
        [handler]
        listen = "{VoiceNetwork.ControllerAddress}:7443"
        ledger = "ledger.db"
        heartbeat = "{VoiceNetwork.ControllerAddress}:7200"
        [controller]
        listen = ["{VoiceNetwork.ControllerAddress}:2223"]
        clients = ["{VoiceNetwork.ProxyControl}/32"]
        [[controller.group]]
        name = "g"
        {string.Concat(VoiceNetwork.MemberNames.Select((name, i) => $"""
            [[controller.group.member]]
            name = "{name}"
            media = "{VoiceNetwork.ControlOf(i)}:7400"

            """))}
        [[controller.group.network]]
        name = "voice"
        address = "{VoiceNetwork.Media}"
        """;

    private static string Member(int member) => $"""
        [media]
        addresses = ["{VoiceNetwork.Media}"]
        [[virtual.address]]
        address = "{VoiceNetwork.Media}/24"
        device = "voice"
        [status]
        listen = "{VoiceNetwork.ControlOf(member)}:7400"
        """;

    private void Write(string name, string role, string key, string own) => File.WriteAllText(Of($"{name}.toml"), $"""
        [node]
        name = "{name}"
        role = "{role}"
        [cluster]
        id = "lab"
        key-file = "{key}"
        {string.Concat(VoiceNetwork.MemberNames.Select((member, i) => $"""
            [[cluster.member]]
            name = "{member}"
            sync = "{VoiceNetwork.ControlOf(i)}:7100"
            heartbeat = "{VoiceNetwork.ControlOf(i)}:7200"

            """))}
        [[cluster.handler]]
        session = "{VoiceNetwork.ControllerAddress}:7443"
        heartbeat = "{VoiceNetwork.ControllerAddress}:7200"
        [tls]
        ca = "ca.crt"
        certificate = "{name}.crt"
        key = "{name}.key"
        {own}
        """);

    private void Pki(params string[] arguments) => Command.Run(BatonTool.Path, ["pki", .. arguments, "-d", _folder]);
}
